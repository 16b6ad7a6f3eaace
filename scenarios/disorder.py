"""The world's own disorder: events that arrive late, twice, in another order, or by a wrong clock.

Nothing is lost, and nothing changed except the times given by a wrong clock. What is held back is
sent when the stream's own time reaches it, however fast it is replayed.
"""

from __future__ import annotations

import heapq
import random
import zlib
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scenarios.spoil import Record

LATE_SECONDS_MIN, LATE_SECONDS_MAX = 3_600.0, 7 * 86_400.0
REORDER_SECONDS_MAX = 60.0
REPEAT_SECONDS_MAX = 3_600.0
SKEW_SECONDS_MIN, SKEW_SECONDS_MAX = 60, 3_600

_GOLDEN, _LUCK = 0x9E3779B1, 1 << 32  # spread a checksum evenly
_TIME = b'"time":"'
_SECONDS_DIGITS = 19  # 2026-01-01T00:00:00


class Shares(NamedTuple):
    """Which share of the stream is disturbed, and how.

    late: of the records, held back for between an hour and 7 days.
    reorder: of the records, held back for up to a minute.
    duplicate: of the records, sent once more within the hour.
    skew: of the subjects, whose clock is up to an hour fast or slow.
    """

    late: float = 0.0
    reorder: float = 0.0
    duplicate: float = 0.0
    skew: float = 0.0


class Disorder:
    """Disturbs a stream of records in order of time, and counts what it did in `counts`.

    The same shares, seed and records give the same stream. It keeps what it holds back in memory.
    """

    def __init__(self, shares: Shares, seed: int) -> None:
        for name, share in shares._asdict().items():
            if not 0 <= share <= 1:
                raise ValueError(f"{name} {share} is not between 0 and 1")
        if shares.late + shares.reorder > 1:
            raise ValueError(f"late {shares.late} and reorder {shares.reorder} add to more than 1")
        self.shares = shares
        self.counts: Counter[str] = Counter(dict.fromkeys(Shares._fields, 0))
        self._random = random.Random(seed)  # noqa: S311 # a seed that replays is the point
        self._seed = str(seed).encode()
        self._held: list[tuple[bytes, int, Record]] = []
        self._number = 0

    def disturb(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield every record, some of them later, twice or with another time."""
        for record in records:
            value = record[3]
            assert value is not None
            at = value.rindex(_TIME) + len(_TIME)
            now = value[at : at + _SECONDS_DIGITS]
            while self._held and self._held[0][0] <= now:
                yield heapq.heappop(self._held)[2]
            found = self._skewed(record, at) if self.shares.skew else record
            wait = self._wait()
            if wait:
                self._hold(found, now, wait)
            else:
                yield found
            if self._random.random() < self.shares.duplicate:
                self.counts["duplicate"] += 1
                self._hold(found, now, wait + 1 + self._random.random() * REPEAT_SECONDS_MAX)
        while self._held:
            yield heapq.heappop(self._held)[2]

    def _wait(self) -> float:
        """Return how many seconds to hold a record back, mostly none."""
        luck = self._random.random()
        if luck < self.shares.late:
            self.counts["late"] += 1
            return self._random.uniform(LATE_SECONDS_MIN, LATE_SECONDS_MAX)
        if luck < self.shares.late + self.shares.reorder:
            self.counts["reorder"] += 1
            return self._random.uniform(1, REORDER_SECONDS_MAX)
        return 0.0

    def _hold(self, record: Record, now: bytes, seconds: float) -> None:
        until = datetime.fromisoformat(now.decode()) + timedelta(seconds=seconds)
        due = until.isoformat(timespec="seconds").encode()
        self._number += 1
        heapq.heappush(self._held, (due, self._number, record))

    def _skewed(self, record: Record, at: int) -> Record:
        """Return the record with the time of its subject's clock, which may be right."""
        topic, partition, key, value = record
        assert key is not None
        assert value is not None
        luck = zlib.crc32(self._seed + b"/" + key) * _GOLDEN % _LUCK
        if luck >= self.shares.skew * _LUCK:
            return record
        self.counts["skew"] += 1
        seconds = SKEW_SECONDS_MIN + luck // 2 % (SKEW_SECONDS_MAX - SKEW_SECONDS_MIN + 1)
        seconds = -seconds if luck % 2 else seconds
        end = value.index(b'"', at)
        time = datetime.fromisoformat(value[at:end].decode()) + timedelta(seconds=seconds)
        text = time.isoformat().replace("+00:00", "Z").encode()
        return topic, partition, key, value[:at] + text + value[end:]
