"""What keeps a request from being answered as it was meant: a status, a name and a sentence."""

from __future__ import annotations

import math


class ProblemError(Exception):
    """A request that is refused as a whole.

    Args:
        status: of HTTP.
        name: by which a program knows the reason; docs/intake.md lists all.
        detail: what is wrong and what to do, in a sentence.
        retry_after_seconds: when to try again, for what may be well by then.
    """

    def __init__(
        self, status: int, name: str, detail: str, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.name = name
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return what the answer says beside its body."""
        if self.status == 401:  # noqa: PLR2004
            return [(b"www-authenticate", b"Bearer")]
        if self.status == 405:  # noqa: PLR2004
            return [(b"allow", b"POST")]
        if self.retry_after_seconds is None:
            return []
        return [(b"retry-after", b"%d" % max(1, math.ceil(self.retry_after_seconds)))]
