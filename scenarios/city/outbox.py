"""What is still to happen: rows of events as columns, by day and kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.city.plan import DAY_US

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from scenarios.city.plan import Moment

    Columns = dict[str, NDArray[Any]]


class Outbox:
    """Keeps events until their time has come, and numbers them by kind."""

    def __init__(self, start_us: int) -> None:
        self.counts: Counter[str] = Counter()
        self._start_us = start_us
        self._days: dict[int, dict[str, list[Columns]]] = {}
        self._earliest_us = start_us

    def add(self, kind: str, time: NDArray[np.int64], **columns: Any) -> NDArray[np.int64]:
        """Schedule events of a kind; a past time becomes now.

        Args:
            kind: a name of `records.KINDS`.
            time: when, microseconds since 1970.
            columns: what the kind needs, each an array of that length, or one value for all.

        Returns:
            Their numbers, from 1 for each kind.
        """
        first = self.counts[kind] + 1
        self.counts[kind] += len(time)
        number = np.arange(first, first + len(time))
        if not len(time):
            return number
        # A microsecond is written with six digits only if it is not a whole second.
        time = np.maximum(time, self._earliest_us)
        time = time + (time % 1_000_000 == 0)
        rows: Columns = {"time": time, "number": number}
        for name, value in columns.items():
            rows[name] = value if isinstance(value, np.ndarray) else np.full(len(time), value)
        days = (time - self._start_us) // DAY_US
        if days[0] == days[-1] and (days == days[0]).all():
            self._put(int(days[0]), kind, rows)
        else:
            for day in np.unique(days):
                at = days == day
                self._put(int(day), kind, {name: value[at] for name, value in rows.items()})
        return number

    def _put(self, day: int, kind: str, rows: Columns) -> None:
        self._days.setdefault(day, defaultdict(list))[kind].append(rows)

    def take(self, moment: Moment) -> Iterator[tuple[str, Columns]]:
        """Yield, kind by kind, the rows whose time has come by the moment's end."""
        self._earliest_us = moment.end_us
        waiting = self._days.pop(moment.day, {})
        ends_day = (moment.end_us - self._start_us) % DAY_US == 0
        for kind, chunks in waiting.items():
            rows = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}
            if not ends_day:
                due = rows["time"] < moment.end_us
                self._put(moment.day, kind, {name: value[~due] for name, value in rows.items()})
                rows = {name: value[due] for name, value in rows.items()}
            yield kind, rows

    def __bool__(self) -> bool:
        """Whether anything is still to happen."""
        return bool(self._days)
