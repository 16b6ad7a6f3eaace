"""Detects, from outside its event loop, a worker that has stopped making progress, and ends it.

A thread compares what is committed with where the source ends, on a connection of its own. What
counts is what can be read: the last stable offset, so that somebody else's open transaction is no
fault of ours. A check that gets no answer says nothing, so an unreachable broker restarts the
count, and so does a pause of the whole process, because checks are counted and not seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from streams.layer.faults import end_process
from streams.layer.metrics import LAG_RECORDS, OPEN_TRANSACTION_RECORDS, STALLED_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOOKS_A_LIMIT = 12
LOOK_SECONDS_MAX = 5.0
ANSWER_SECONDS_MAX = 5.0

_LATEST = OffsetSpec.latest()  # type: ignore[no-untyped-call]

log = logging.getLogger(__name__)


class LogPartition(NamedTuple):
    """A partition of a source."""

    topic: str
    partition: int


class Mark(NamedTuple):
    """Where a partition was seen, and for how many checks it has been there with work to do."""

    offset: int
    looks: int


class Watch(threading.Thread):
    """Checks every few seconds whether every partition that has work makes progress.

    Args:
        bootstrap: Kafka's address.
        positions: gives the next offset to be committed for each partition that should make
            progress; one that rightly waits (for recovery, for a warehouse) is left out.
        stuck_seconds: without progress for this long, while there is work, the process ends.
        on_stuck: what ends it, with the reason.
    """

    def __init__(
        self,
        bootstrap: str,
        positions: Callable[[], Mapping[LogPartition, int]],
        stuck_seconds: float,
        on_stuck: Callable[[str], object] = end_process,
    ) -> None:
        super().__init__(name="watch", daemon=True)
        self.stuck_seconds = stuck_seconds
        self.look_seconds = min(stuck_seconds / LOOKS_A_LIMIT, LOOK_SECONDS_MAX)
        self._positions = positions
        self._on_stuck = on_stuck
        self._admin = AdminClient({"bootstrap.servers": bootstrap})
        self._marks: dict[LogPartition, Mark] = {}
        self._stable: dict[LogPartition, tuple[int, float]] = {}
        self._shown: set[LogPartition] = set()

    def run(self) -> None:
        """Check until the process ends."""
        while True:
            time.sleep(self.look_seconds)
            self.look()

    def look(self) -> None:
        """Check once."""
        positions = dict(self._positions())
        try:
            stable = self._ends(positions, IsolationLevel.READ_COMMITTED)
            ends = self._ends(positions, IsolationLevel.READ_UNCOMMITTED)
        except KafkaException as error:
            log.warning("the source's end is not known: %s", error)
            self._marks.clear()
            return
        self._show(positions, stable, ends)
        self._mark(positions, stable)
        if self.standing_seconds() >= self.stuck_seconds:
            self._on_stuck(self.reason())

    def standing_seconds(self) -> float:
        """Return for how long the worst partition has had work and made no progress."""
        looks = max((mark.looks for mark in list(self._marks.values())), default=0)
        return looks * self.look_seconds

    def reason(self) -> str:
        """Say which partition is stuck, since when, and where."""
        marks = dict(self._marks)
        place = max(marks, key=lambda own: marks[own].looks)
        offset, looks = marks[place]
        return (
            f"{place.topic} partition {place.partition} has stood at offset {offset} for "
            f"{looks * self.look_seconds:.0f} s although its log has grown; the limit is "
            f"{self.stuck_seconds:.0f} s (FLOWDROP_STUCK_SECONDS)"
        )

    def _mark(
        self, positions: Mapping[LogPartition, int], stable: Mapping[LogPartition, int]
    ) -> None:
        before, self._marks = self._marks, {}
        for place, offset in positions.items():
            if offset < stable[place]:
                mark = before.get(place)
                stands = mark is not None and mark.offset == offset
                self._marks[place] = Mark(offset, mark.looks + 1 if mark and stands else 0)

    def _show(
        self,
        positions: Mapping[LogPartition, int],
        stable: Mapping[LogPartition, int],
        ends: Mapping[LogPartition, int],
    ) -> None:
        now = time.monotonic()
        for place, offset in positions.items():
            labels = place.topic, str(place.partition)
            LAG_RECORDS.labels(*labels).set(max(0, stable[place] - offset))
            OPEN_TRANSACTION_RECORDS.labels(*labels).set(max(0, ends[place] - stable[place]))
            seen, since = self._stable.get(place, (-1, now))
            if seen != stable[place] or stable[place] >= ends[place]:
                since = now
            self._stable[place] = stable[place], since
            STALLED_SECONDS.labels(*labels).set(now - since)
        for place in self._shown - positions.keys():
            self._stable.pop(place, None)
            for gauge in (LAG_RECORDS, OPEN_TRANSACTION_RECORDS, STALLED_SECONDS):
                gauge.remove(place.topic, str(place.partition))
        self._shown = set(positions)

    def _ends(
        self, positions: Mapping[LogPartition, int], isolation: IsolationLevel
    ) -> dict[LogPartition, int]:
        if not positions:
            return {}
        futures = self._admin.list_offsets(
            {TopicPartition(*place): _LATEST for place in positions},
            isolation_level=isolation,
            request_timeout=ANSWER_SECONDS_MAX,
        )
        return {
            LogPartition(tp.topic, tp.partition): future.result().offset
            for tp, future in futures.items()
        }
