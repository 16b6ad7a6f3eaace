"""How much is taken at once, and how often: what a client can make us hold is bounded."""

from __future__ import annotations

BODY_BYTES_MAX = 1_048_576  # of a request, as it comes and unpacked
TAG_BYTES_MAX = 65_536  # of a page's beacon: browsers send no more
EVENTS_MAX = 1_000  # of a batch
HELD_BYTES_MAX = 64 * 1024 * 1024  # of all bodies of requests that are not answered
STRANGERS_BYTES_MAX = 16 * 1024 * 1024  # of those whose key is in the body, or signs it
ACKNOWLEDGE_SECONDS_MAX = 10.0  # that a request waits for Kafka


class Bucket:
    """Lets `per_second` events through, and what was saved up in one second.

    Whoever has anything left may take more than that, and waits the longer for it: so a batch is
    taken or not as a whole.
    """

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._left = per_second
        self._at = 0.0

    def wait_seconds(self, now: float) -> float:
        """Return how long to wait before anything may be taken; 0 if it may be now."""
        self._left = min(self._left + (now - self._at) * self._per_second, self._per_second)
        self._at = now
        return 0.0 if self._left > 0 else (1.0 - self._left) / self._per_second

    def take(self, events: int) -> None:
        """Count events as let through."""
        self._left -= events
