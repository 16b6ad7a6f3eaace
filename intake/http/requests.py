"""A request as the endpoints see it, and how its body is read: only so much, and unpacked."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

from intake.http.limits import (
    BODY_BYTES_MAX,
    HELD_BYTES_MAX,
    STRANGERS_BYTES_MAX,
)
from intake.http.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope

GZIP_MEMBERS_MAX = 16  # what is left behind one is copied for the next
GZIP_BITS = 31  # zlib's word for gzip and nothing else


class GoneError(Exception):
    """The client has hung up: nobody waits for an answer."""


class Held:
    """How many bytes of bodies are in memory, of requests that are not answered yet."""

    def __init__(self) -> None:
        self.bytes = 0
        self.strangers_bytes = 0

    def add(self, count: int, *, is_known: bool) -> None:
        """Count more bytes, or fewer, of a client who has shown a key or of one who has not."""
        if is_known:
            self.bytes += count
        else:
            self.strangers_bytes += count

    def is_full(self, *, is_known: bool) -> bool:
        """Return whether there are too many of that kind."""
        if is_known:
            return self.bytes > HELD_BYTES_MAX
        return self.strangers_bytes > STRANGERS_BYTES_MAX


class Request:
    """One request: `headers` by their names in small letters, `client` the address it came from.

    Args:
        scope: what is known of it before its body, as ASGI says it.
        receive: gives the next piece of the body.
        held: counts the bytes of all.
        body_seconds: how long the body may take.
    """

    def __init__(self, scope: Scope, receive: Receive, held: Held, body_seconds: float) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: Mapping[bytes, bytes] = dict(scope["headers"])
        self.client: str = (scope.get("client") or ("",))[0]
        self._receive = receive
        self._held = held
        self._body_seconds = body_seconds
        self._size = 0
        self._is_known = True

    def header(self, name: bytes) -> str:
        """Return the value of a header, "" for none."""
        return self.headers.get(name, b"").decode("latin-1")

    def media_type(self) -> str:
        """Return the content type without its parameters.

        Raises:
            ProblemError: 415, for text that is not UTF-8.
        """
        media, *parameters = self.header(b"content-type").lower().split(";")
        for parameter in parameters:
            name, _, value = parameter.strip().partition("=")
            if name == "charset" and value.strip(' "') not in {"utf-8", "utf8", "us-ascii"}:
                raise ProblemError(415, "not_utf8", f"charset = {value[:40]}; send UTF-8")
        return media.strip()

    async def body(self, bytes_max: int = BODY_BYTES_MAX, *, is_known: bool = True) -> bytes:
        """Return the body, unpacked.

        Args:
            bytes_max: how large it may be.
            is_known: whether whoever sends it has shown a key; others have less room among them.

        Raises:
            ProblemError: 413, 415 or 400, when it is too large, packed in another way or broken;
                429, when too many others are being read; 408, when it takes too long.
            GoneError: when the client hung up.
        """
        length = self.headers.get(b"content-length", b"0")
        if int(length) > bytes_max:  # the parser of HTTP lets no other text through
            raise _too_large(bytes_max)
        encoding = self.header(b"content-encoding").strip().lower()
        if encoding not in {"", "identity", "gzip"}:
            raise ProblemError(
                415,
                "unsupported_encoding",
                f"Content-Encoding = {encoding[:40]!r}; send gzip, or nothing",
            )
        try:
            async with asyncio.timeout(self._body_seconds):
                body = await self._whole(bytes_max, is_known=is_known)
        except TimeoutError:
            raise ProblemError(
                408, "slow", f"the body took more than {self._body_seconds:g} s; send less at once"
            ) from None
        return _unpacked(body, bytes_max) if encoding == "gzip" else body

    async def _whole(self, bytes_max: int, *, is_known: bool) -> bytes:
        self._is_known = is_known
        pieces: list[bytes] = []
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise GoneError
            piece: bytes = message.get("body", b"")
            pieces.append(piece)
            self._size += len(piece)
            self._held.add(len(piece), is_known=is_known)
            if self._size > bytes_max:
                raise _too_large(bytes_max)
            if self._held.is_full(is_known=is_known):
                raise ProblemError(
                    429, "behind", "too many bodies are in memory; send this one again", 1.0
                )
            if not message.get("more_body", False):
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def release(self) -> None:
        """Have its body count no longer."""
        self._held.add(-self._size, is_known=self._is_known)
        self._size = 0


def _unpacked(body: bytes, bytes_max: int) -> bytes:
    """Return what gzip has packed, however many members it has.

    Raises:
        ProblemError: 413 or 400; of what is too large no more than `bytes_max` is unpacked.
    """
    found = b""
    left = body
    members = 0
    try:
        while left:
            members += 1
            if members > GZIP_MEMBERS_MAX:
                raise ProblemError(
                    400, "bad_gzip", f"the body has more than {GZIP_MEMBERS_MAX} members of gzip"
                )
            packer = zlib.decompressobj(GZIP_BITS)
            found += packer.decompress(left, bytes_max + 1 - len(found))
            if len(found) > bytes_max:
                raise _too_large(bytes_max)
            if not packer.eof:
                raise ProblemError(400, "bad_gzip", "the body ends in the middle of its gzip")
            left = packer.unused_data
    except zlib.error as error:
        raise ProblemError(400, "bad_gzip", f"the body is no gzip: {error}") from error
    return found


def _too_large(bytes_max: int) -> ProblemError:
    return ProblemError(
        413,
        "too_large",
        f"the body has more than {bytes_max:,} bytes, packed or unpacked; send less at once",
    )
