"""A file is read from beginning to end by a mapping, and what it would become is counted."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from flowdrop.places import home
from flowdrop.progress import progress
from intake.files.mapped import Quick
from intake.files.people import People
from intake.files.reading import Source
from intake.files.rejects import Rejects
from intake.files.runs import FOLDER
from intake.files.twice import Twice
from intake.mapping import targets
from streams.events import (
    Defund,
    DepositWithdraw,
    Describe,
    Earn,
    Fund,
    Grant,
    Open,
    PointsIn,
    ReserveAdd,
    ReserveRemove,
    Reward,
)
from streams.events.times import DAY_US, EPOCH, MICROSECOND, microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    import pyarrow as pa
    from rich.progress import Progress

    from intake.files.batches import Batch
    from intake.files.mapped import Records
    from intake.files.twice import Conflict
    from intake.files.warehouse import Known
    from intake.mapping import Mapping, RowRefusal
    from streams.settings import StreamSettings

_NOBODYS = (Describe, Defund, Fund, ReserveAdd, ReserveRemove)  # their subject is no person
_GIVING = (DepositWithdraw, Earn, Grant, PointsIn, Reward)  # coins to their subject's wallet
_EVER_US = 2**62


@dataclass(frozen=True)
class Checked:
    """What a file would become.

    Attributes:
        rows: how many it has, without blank ones.
        blank: rows that have nothing in any column that is read.
        without_event: rows that meet no condition of the mapping.
        events: how many there would be, by type and name, in the mapping's order.
        first, last: times of the first and last of them; None if there is none.
        people: how many different people they are of.
        known, new: how many of those the warehouse knows, and how many not; None: not asked.
        without_wallet: how many would be given coins and have no wallet, neither in the warehouse
            nor by an event of this file; None: not asked.
        not_asked: why it was not asked; "" if it was.
        rejected: rows that are refused; `rejects` are the first of them.
        repeats: events that are in the file before, with the same content.
        conflicting: events whose id one before has, with other content; `conflicts` are the rows of
            the first of them, each with the earlier row.
        shared: ids that events of different people have, which stay different events; `sharing` are
            rows of the first of them, each with the earlier row.
        too_old: events that the ledger would refuse for their age; None where its clock is not
            known.
        opening: events that are brought as opening balances, by type.
        not_named: columns that the mapping does not name.
        digest: a checksum of the file's bytes.
    """

    file: str
    format: str
    encoding: str
    delimiter: str
    rows: int
    blank: int
    without_event: int
    events: tuple[dict[str, Any], ...]
    first: datetime | None
    last: datetime | None
    people: int
    known: int | None
    new: int | None
    without_wallet: int | None
    not_asked: str
    rejected: int
    rejects: tuple[RowRefusal, ...]
    repeats: int
    conflicting: int
    conflicts: tuple[Conflict, ...]
    shared: int
    sharing: tuple[Conflict, ...]
    too_old: int | None
    opening: dict[str, int]
    unknown: str
    not_named: tuple[str, ...]
    digest: str
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether no row is rejected and no two events have one name."""
        return not (self.rejected or self.conflicting)

    @property
    def is_well(self) -> bool:
        """Whether it is good, and the ledger would refuse nothing for its age or its wallet."""
        return self.is_good and not (self.too_old or self.without_wallet)

    @property
    def total(self) -> int:
        """How many events there would be."""
        return sum(one["events"] for one in self.events)


class Check:
    """Reads a file by a mapping and counts.

    Args:
        path: the file.
        mapping: how it is read.
        settings: partitions, the ledger's window, how far ahead a time may be.
        known: what the warehouse knows.
        rejects: where every rejected row is written as CSV; None for nowhere.
        now: when the file is imported, or was.

    Raises:
        click.ClickException: when the file can't be read, or has other columns than it should.
    """

    def __init__(
        self,
        path: Path,
        mapping: Mapping,
        settings: StreamSettings,
        known: Known,
        rejects: Path | None = None,
        *,
        now: datetime,
    ) -> None:
        self._path = path
        self._mapping = mapping
        self._known = known
        self._window_us = settings.dedup_window_days * DAY_US
        whole = rejects is not None or mapping.file.unknown == "keep"
        self._source = Source(path, mapping.file, mapping.columns, whole=whole)
        self._not_named = tuple(mapping.unknown(self._source.columns))
        self._refuse_unknown()
        kept = self._not_named if mapping.file.unknown == "keep" else ()
        latest = now + timedelta(hours=settings.future_tolerance_hours)
        self._refuse_late_after(latest)
        self._quick = Quick(mapping, settings.partitions, kept, latest)
        self._rejects = Rejects(rejects, self._source.columns, self._source.delimiter or ",")
        self._rules = mapping.rules
        self._people, self._given, self._opened = People(), People(), People()
        self._twice = Twice(home() / FOLDER)
        self._counts = np.zeros(len(self._rules), np.int64)
        self._rows = self._blank = self._without = self._too_old = 0
        self._opening: Counter[str] = Counter()
        self._first, self._last = _EVER_US, -_EVER_US

    def run(self, take: Callable[[pa.RecordBatch], object] = lambda _: None) -> Checked:
        """Read it all, and return what it would become; `take` is given the records.

        Raises:
            click.ClickException: when the file can't be read to its end.
        """
        begin = time.monotonic()
        try:
            with self._rejects, progress() as bar:
                for batch in self._followed(bar):
                    found = self._quick.records(batch)
                    self._count(batch, found)
                    take(found.table)
            self._twice.find()
        finally:
            self._twice.close()
        return self._told(time.monotonic() - begin)

    def _followed(self, bar: Progress) -> Iterator[Batch]:
        """Yield the batches, with a bar of the file's bytes."""
        opened = self._source.opened
        task = bar.add_task(f"read {self._path.name}", total=opened.bytes_total)
        for batch in self._source.batches():
            yield batch
            bar.update(task, completed=min(opened.place, opened.bytes_total))
        bar.update(task, completed=opened.bytes_total)

    def _refuse_unknown(self) -> None:
        if self._mapping.file.unknown == "refuse" and self._not_named:
            raise click.ClickException(
                f"{self._path}: the mapping does not name column {self._not_named[0]!r}; name it "
                'in an event, or set unknown = "keep" or "drop"'
            )

    def _refuse_late_after(self, latest: datetime) -> None:
        late = self._mapping.late
        if late is not None and late.at > latest:
            raise click.ClickException(
                f"[late] at = {late.at.isoformat()}: it is in the future, and may be at most "
                f"{latest:%Y-%m-%d %H:%M:%S} UTC now; write today's date"
            )

    # -- what is counted ---------------------------------------------------------------------------

    def _count(self, batch: Batch, found: Records) -> None:
        self._rows += len(batch) - found.blank + len(batch.refusals)
        self._blank += found.blank
        self._without += found.without
        if found.refusals:
            places = {int(number): place for place, number in enumerate(batch.numbers)}
            self._rejects.add(
                found.refusals,
                lambda row: batch.row(places[row]) if row in places else batch.cells.get(row, []),
            )
        if not len(found.table):
            return
        rules = found.table["rule"].to_numpy()
        moments = found.table["time_us"].to_numpy()
        self._counts += np.bincount(rules, minlength=len(self._rules))
        self._first = min(self._first, int(moments.min()))
        self._last = max(self._last, int(moments.max()))
        self._twice.add(found.table)
        self._count_people(found.table, rules)
        self._count_old(found.table, rules, moments)

    def _count_people(self, table: pa.RecordBatch, rules: Any) -> None:
        nobodys = [n for n, rule in enumerate(self._rules) if rule.kind in _NOBODYS]
        subjects = table["subject"]
        self._people.add(subjects.filter(~np.isin(rules, nobodys)) if nobodys else subjects)
        for kinds, people in ((_GIVING, self._given), ((Open,), self._opened)):
            if own := [n for n, rule in enumerate(self._rules) if rule.kind in kinds]:
                people.add(subjects.filter(np.isin(rules, own)))

    def _count_old(self, table: pa.RecordBatch, rules: Any, moments: Any) -> None:
        """Count what lies behind the ledger's window, and what is brought as opening balances."""
        of_wallets = [n for n, rule in enumerate(self._rules) if rule.is_of_wallets]
        if not of_wallets:
            return
        concerned = np.isin(rules, of_wallets)
        if self._mapping.late is not None:
            brought = concerned & (moments == microseconds(self._mapping.late.at))
            for number, count in enumerate(np.bincount(rules[brought])):
                if count:
                    self._opening[targets.tag_of(self._rules[number].kind)] += int(count)
        clocks = self._known.clocks_us
        if clocks:
            partitions = table["partition"].to_numpy()
            least = np.full(max(*clocks, int(partitions.max())) + 1, -_EVER_US)
            for partition, clock in clocks.items():
                least[partition] = clock - self._window_us
            self._too_old += int((concerned & (moments < least[partitions])).sum())

    def _told(self, seconds: float) -> Checked:
        asked = not self._known.silent
        people = len(self._people)
        known = self._people.known(self._known.people) if asked else None
        wallets = self._known.wallets, self._opened.hashes()
        return Checked(
            file=str(self._path),
            format=self._source.format,
            encoding=self._source.encoding,
            delimiter=self._source.delimiter,
            rows=self._rows,
            blank=self._blank,
            without_event=self._without,
            events=tuple(self._by_type()),
            first=_moment(self._first),
            last=_moment(self._last),
            people=people,
            known=known,
            new=None if known is None else people - known,
            without_wallet=self._given.without(*wallets) if asked else None,
            not_asked=self._known.silent,
            rejected=self._rejects.count,
            rejects=tuple(self._rejects.first),
            repeats=self._twice.repeats,
            conflicting=self._twice.conflicts,
            conflicts=tuple(self._twice.first),
            shared=self._twice.shared,
            sharing=tuple(self._twice.first_shared),
            too_old=self._too_old if asked else None,
            opening=dict(self._opening),
            unknown=self._mapping.file.unknown,
            not_named=self._not_named,
            digest=self._source.opened.digest(),
            seconds=round(seconds, 3),
        )

    def _by_type(self) -> Iterator[dict[str, Any]]:
        for rule, count in zip(self._rules, self._counts.tolist(), strict=True):
            yield {"type": targets.tag_of(rule.kind), "name": rule.name, "events": count}


def _moment(time_us: int) -> datetime | None:
    return None if abs(time_us) >= _EVER_US else EPOCH + time_us * MICROSECOND
