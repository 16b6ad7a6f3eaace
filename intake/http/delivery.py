"""Hands events to Kafka for many requests at once, and tells each when Kafka has its own.

A sender keeps the order of each partition (docs/publishing.md), and acknowledges a partition's
records in that order. So each partition has a queue of the parcels whose records it waits for, and
an acknowledgement counts for the first.

Kafka's client sends a request for each partition, and a sender has one on its way. A batch goes to
most partitions: with one sender it waits for all of those requests one after the other, with
several, each of which has its own partitions, half as long.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from typing import TYPE_CHECKING

import click

from intake.http.limits import ACKNOWLEDGE_SECONDS_MAX
from intake.http.metrics import SECONDS, WAITING
from intake.http.problems import ProblemError
from streams.kafka.publish import Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streams.kafka.publish import Record

POLL_SECONDS = 0.002
SENDERS = 4
BEHIND_SECONDS = 1.0  # after which one that came too soon may try again
NO_ROOM_SECONDS = 30.0
GO_ON = "whoever was not answered sends it again"


class Parcel:
    """The records of one request: how many Kafka lacks, and who waits for them."""

    __slots__ = ("left", "whole")

    def __init__(self, left: int, whole: asyncio.Future[None]) -> None:
        self.left = left
        self.whole = whole

    def arrived(self) -> None:
        """Count one that Kafka has."""
        self.left -= 1
        if not self.left and not self.whole.done():
            self.whole.set_result(None)


class Delivery:
    """Delivers parcels from the running event loop.

    Args:
        bootstrap: Kafka's address.
        linger_ms: how long events gather for one request to Kafka.
        on_end: called when nothing can be delivered any more, with the reason in words.
    """

    def __init__(self, bootstrap: str, linger_ms: float, on_end: Callable[[str], object]) -> None:
        self._senders = [
            Sender(bootstrap, on_ack=self._acknowledged, go_on=GO_ON, linger_ms=linger_ms)
            for _ in range(SENDERS)
        ]
        self._bootstrap = bootstrap
        self._on_end = on_end
        self._ended = ""
        self._parcels: defaultdict[tuple[str, int], deque[Parcel]] = defaultdict(deque)
        self._timer: asyncio.TimerHandle | None = None
        WAITING.set_function(self._kept)

    async def deliver(self, records: Sequence[Record]) -> None:
        """Return once Kafka has all of them.

        Raises:
            ProblemError: 429 or 503, when they can't be taken now and none is sent; 503, when
                Kafka is silent for too long: then they are sent still, and may be sent again.
        """
        if not records:
            return
        lots = self._lots(records)
        self._require_place(lots)
        loop = asyncio.get_running_loop()
        began = loop.time()
        parcel = Parcel(len(records), loop.create_future())
        for record in records:
            self._parcels[record[:2]].append(parcel)
        for sender, lot in lots:
            sender.offer(lot)
        if self._timer is None:
            self._timer = loop.call_later(0, self._poll)
        try:
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS_MAX):
                await parcel.whole
        except TimeoutError:
            raise self._silent("its part of this request may be written still") from None
        SECONDS.observe(loop.time() - began)

    def silence(self) -> str:
        """Return what keeps events waiting, in words; "" while all is well."""
        if self._ended or (words := self._senders[0].missing_room()):
            return self._ended or words
        seconds = self._silent_seconds()
        if seconds < ACKNOWLEDGE_SECONDS_MAX / 2:
            return ""
        return f"Kafka at {self._bootstrap} has acknowledged nothing for {seconds:.0f} s"

    async def close(self) -> None:
        """Wait for what is on its way, as long as a request would, then stop."""
        deadline = asyncio.get_running_loop().time() + ACKNOWLEDGE_SECONDS_MAX
        while self._kept() and not self._ended:
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(POLL_SECONDS)
        if self._timer is not None:
            self._timer.cancel()
        for sender in self._senders:
            sender.close()

    def _lots(self, records: Sequence[Record]) -> list[tuple[Sender, list[Record]]]:
        """Return records by their partitions' senders, in their order."""
        lots: list[list[Record]] = [[] for _ in self._senders]
        for record in records:
            lots[record[1] % SENDERS].append(record)
        return [(sender, lot) for sender, lot in zip(self._senders, lots, strict=True) if lot]

    def _kept(self) -> int:
        return sum(sender.kept_records for sender in self._senders)

    def _silent_seconds(self) -> float:
        return max(sender.silent_seconds() for sender in self._senders)

    def _require_place(self, lots: Sequence[tuple[Sender, list[Record]]]) -> None:
        if self._ended:
            raise ProblemError(503, "ended", self._ended, NO_ROOM_SECONDS)
        if words := self._senders[0].missing_room():
            raise ProblemError(503, "no_room", words, NO_ROOM_SECONDS)
        if self._silent_seconds() > ACKNOWLEDGE_SECONDS_MAX:
            raise self._silent("nothing of this request was taken")
        if not all(sender.has_place(len(lot)) for sender, lot in lots):
            raise ProblemError(
                429,
                "behind",
                f"{self._kept():,} events wait for Kafka; nothing of this request "
                "was taken: send it again",
                BEHIND_SECONDS,
            )

    def _silent(self, what: str) -> ProblemError:
        return ProblemError(
            503,
            "kafka_silent",
            f"Kafka has acknowledged nothing for {self._silent_seconds():.0f} s; {what}. "
            "Send it again with the same ids: what is there already changes nothing",
            ACKNOWLEDGE_SECONDS_MAX / 2,
        )

    def _poll(self) -> None:
        """Hear what Kafka has; go on while anything is on its way."""
        self._timer = None
        try:
            for sender in self._senders:
                if sender.kept_records:
                    sender.serve(0)
        except click.ClickException as error:
            self._end(error.message)
            return
        if self._kept():
            self._timer = asyncio.get_running_loop().call_later(POLL_SECONDS, self._poll)

    def _acknowledged(self, record: Record, _offset: int) -> None:
        self._parcels[record[:2]].popleft().arrived()

    def _end(self, words: str) -> None:
        self._ended = words
        for parcels in self._parcels.values():
            for parcel in parcels:
                if not parcel.whole.done():
                    parcel.whole.set_exception(
                        ProblemError(503, "ended", words, ACKNOWLEDGE_SECONDS_MAX)
                    )
        self._on_end(words)
