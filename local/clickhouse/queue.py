"""The requests of one user: some running, some waiting for a slot, and no more."""

from __future__ import annotations

import asyncio

from local.clickhouse.errors import refusal

QUEUE_SECONDS_MAX = 30  # that a request waits for a slot


class Queue:
    """A user's share of the engine: filling it keeps nobody else waiting."""

    def __init__(self, places: int, waiting_max: int) -> None:
        """Let `places` requests run at once, and `waiting_max` wait."""
        self.places = places
        self._waiting_max = waiting_max
        self._waiting = 0
        self._free = asyncio.Semaphore(places)

    async def __aenter__(self) -> None:
        """Take a slot, or wait for one.

        Raises:
            EngineError: 202 when too many wait, or it waited too long.
        """
        if self._free.locked() and self._waiting >= self._waiting_max:
            raise self._too_many()
        self._waiting += 1
        try:
            await asyncio.wait_for(self._free.acquire(), QUEUE_SECONDS_MAX)
        except TimeoutError as error:
            raise self._too_many() from error
        finally:
            self._waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        """Give the slot back."""
        self._free.release()

    def _too_many(self) -> Exception:
        sentence = f"Too many simultaneous queries of this user. Maximum: {self.places}"
        return refusal(202, sentence, "TOO_MANY_SIMULTANEOUS_QUERIES")
