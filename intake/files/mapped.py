"""Rows of a file as records for Kafka: by columns where a row is plain, by itself where it is not.

For each event the record's text is put together from its columns by one template, which gives the
same bytes as encoding the event. The first row of each batch is also mapped by itself; were its
bytes others, the whole batch would be mapped that way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import inspect

from intake.files.columns import Plain, plain, true_in
from intake.files.moments import microseconds_of, texts_of
from intake.files.pieces import check_length, data_of
from intake.files.vectors import UnsupportedError, Vectors, joined
from intake.mapping import Mapped, Mapping, RowRefusal, targets
from intake.mapping.compiled import EXTRA
from intake.mapping.expressions import Column
from intake.mapping.ids import BETWEEN, ENDING, ESCAPES
from streams.events import RECORD_BYTES_MAX, Describe, Earn, Envelope, Link, partition_of
from streams.events.times import microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from intake.files.batches import Batch
    from intake.files.columns import Bools
    from intake.mapping.rules import Rule

_ENVELOPE: dict[str, Any] = {
    one.encode_name: one.type
    for one in inspect.type_info(Envelope).fields  # type: ignore[attr-defined]
}
_json = msgspec.json.encode
# What holds an event to more than its fields say, and is rare.
_JUDGED_ALONE = frozenset({Describe})

SCHEMA = pa.schema(
    [
        ("time_us", pa.int64()),
        ("row", pa.int64()),
        ("rule", pa.int8()),
        ("partition", pa.int32()),
        ("subject", pa.binary()),
        ("value", pa.binary()),
        ("id", pa.binary()),
    ]
)
"""A record: when it happened (microseconds UTC), of which row and rule, what Kafka gets, its id."""


@dataclass(frozen=True)
class Records:
    """What became of a batch.

    Attributes:
        table: the records, as `SCHEMA` has them, by row and rule.
        refusals: rows that became none, by row.
        without: how many rows met no condition.
        blank: how many rows had nothing in any column that is read.
        alone: how many rows were judged by themselves.
    """

    table: pa.RecordBatch
    refusals: list[RowRefusal] = field(default_factory=list)
    without: int = 0
    blank: int = 0
    alone: int = 0


class Quick:
    """Maps batches of a file's rows.

    Args:
        mapping: how.
        partitions: of every topic.
        unknown: columns of the file that the mapping does not name, to be kept.
        latest: the latest time that an event may have; None: any.
    """

    def __init__(
        self,
        mapping: Mapping,
        partitions: int,
        unknown: Sequence[str] = (),
        latest: datetime | None = None,
    ) -> None:
        self._mapping = mapping
        self._partitions = partitions
        self._latest = latest
        self._unknown = tuple(unknown)
        self._keeps = mapping.file.unknown != "drop"

    def records(self, batch: Batch) -> Records:
        """Return the records of a batch and its refusals."""
        refusals = list(batch.refusals)
        if not len(batch):
            return Records(_in_order([]), refusals)
        columns = _Columns(batch, self._mapping)
        blank = columns.blank()
        if batch.odd is not None:
            blank &= ~batch.odd  # which has something that is no text
        odd = np.zeros(len(batch), np.bool_) if batch.odd is None else batch.odd.copy()
        if self._keeps and batch.is_typed:
            odd[:] = True  # what is kept may be no text
        parts, met = self._by_columns(columns, odd, blank)
        if not self._holds(parts, odd, batch):
            odd[:] = ~blank
            parts = []
        alone = (odd & ~blank).nonzero()[0]
        mapped, refused, empty = self._alone(batch, alone)
        parts = [part.filter(pa.array(~odd[places])) for part, places in parts]
        table = _in_order([*parts, *mapped])
        without = int((~met & ~odd & ~blank).sum()) + empty
        found = sorted([*refusals, *refused], key=lambda one: one.row)
        return Records(table, found, without, int(blank.sum()), len(alone))

    # -- by columns --------------------------------------------------------------------------------

    def _by_columns(
        self, columns: _Columns, odd: Bools, blank: Bools
    ) -> tuple[list[tuple[pa.RecordBatch, NDArray[np.intp]]], Bools]:
        """Return each rule's records with their places, and which rows met any; mark the odd."""
        met = np.zeros(len(odd), np.bool_)
        parts = []
        for number, rule in enumerate(self._mapping.rules):
            meets = self._meeting(rule, columns, odd) & ~blank
            met |= meets
            places = (meets & ~odd).nonzero()[0]
            if not len(places):
                continue
            try:
                part, own = self._of_rule(number, rule, columns, places)
            except (UnsupportedError, pa.ArrowException):
                odd[places] = True
                continue
            odd[places[own]] = True
            parts.append((part, places))
        return parts, met

    def _meeting(self, rule: Rule, columns: _Columns, odd: Bools) -> Bools:
        if rule.when is None:
            return np.ones(len(odd), np.bool_)
        vectors = self._vectors(len(odd), columns.named, columns)
        try:
            meets = vectors.truth(rule.when)
        except (UnsupportedError, pa.ArrowException):
            odd[:] = True
            return np.zeros(len(odd), np.bool_)
        odd |= vectors.odd
        return meets

    def _vectors(self, count: int, named: Callable[[str], Plain], columns: _Columns) -> Vectors:
        return Vectors(count, named, self._mapping.file.lookup, is_typed=columns.is_typed)

    def _of_rule(
        self, number: int, rule: Rule, columns: _Columns, places: NDArray[np.intp]
    ) -> tuple[pa.RecordBatch, Bools]:
        """Return a rule's records of the rows at `places`, and which of them are odd."""
        if rule.kind in _JUDGED_ALONE:
            raise UnsupportedError
        vectors = self._vectors(len(places), columns.at(places), columns)
        subject = vectors.array(vectors.text(rule.person).values)
        self._require(subject, _ENVELOPE["subject"], vectors)
        ids = self._ids(rule, vectors)
        self._require(ids, _ENVELOPE["id"], vectors)
        times = vectors.array(vectors.of(Column(rule.time_column)).values)
        moments, wrong = microseconds_of(
            pc.fill_null(times, ""), rule.time_format, self._mapping.zone
        )
        vectors.odd |= wrong
        if self._latest is not None:
            vectors.odd |= moments > microseconds(self._latest)
        moments[vectors.odd] = 0
        self._bring(rule, moments, vectors)
        if rule.kind is Link:
            self._require_another(rule, subject, vectors)
        data = vectors.array(data_of(rule, vectors, self._mapping.attributes))
        value = joined(
            f'{{"type":{_text(targets.tag_of(rule.kind))},"data":{{',
            pc.utf8_slice_codeunits(data, 1),
            '},"specversion":"1.0","id":"',
            ids,
            f'","source":{_text(self._mapping.file.feed)},"time":"',
            texts_of(moments),
            'Z","subject":"',
            subject,
            '","datacontenttype":"application/json"',
            *self._kept(columns, places, vectors),
            "}",
        )
        value = pc.fill_null(value, "").cast(pa.binary())
        vectors.odd |= true_in(pc.greater(pc.binary_length(value), RECORD_BYTES_MAX))
        subject = pc.fill_null(subject, "").cast(pa.binary())
        table = self._table(number, columns.numbers[places], moments, subject, value, ids)
        return table, vectors.odd

    def _bring(self, rule: Rule, moments: NDArray[np.int64], vectors: Vectors) -> None:
        """Date what is brought as an opening balance; one of another activity is odd."""
        late = self._mapping.late
        if late is None or not rule.is_of_wallets:
            return
        brought = moments < microseconds(late.since)
        if rule.kind is Earn and late.activity is not None:
            vectors.odd |= brought
        moments[brought] = microseconds(late.at)

    def _require(self, texts: Any, target: Any, vectors: Vectors) -> None:
        """Mark the rows that have nothing, too little or too much for a part of the envelope."""
        vectors.odd |= texts.is_null().to_numpy(zero_copy_only=False)
        kind: Any = target.type if isinstance(target, inspect.Metadata) else target
        check_length(texts, kind.min_length, kind.max_length, vectors)

    def _require_another(self, rule: Rule, subject: Any, vectors: Vectors) -> None:
        """Mark the rows that link an id to itself."""
        others = [
            vectors.of(field.node).values for field in rule.fields if field.path == ("other",)
        ]
        vectors.odd |= true_in(pc.equal(subject, vectors.array(others[0])))

    def _ids(self, rule: Rule, vectors: Vectors) -> Any:
        columns = [
            vectors.array(vectors.of(Column(name)).values) for name in self._mapping.id_columns
        ]
        if len(columns) > 1:
            columns = [_escaped(column) for column in columns]
        ending = [ENDING + rule.name] if rule.name else []
        parts = [part for column in columns for part in (BETWEEN, column)][1:]
        return vectors.array(joined(*parts, *ending))

    def _kept(self, columns: _Columns, places: NDArray[np.intp], vectors: Vectors) -> list[Any]:
        """Return what is kept of the columns that the mapping does not name."""
        if not self._unknown:
            return []
        pieces = []
        for name in self._unknown:
            column = columns.kept(name, places)
            vectors.odd |= column.odd
            piece = joined(f',{_text(name)}:"', column.texts, '"')
            pieces.append(pc.fill_null(piece, ""))
        inside = vectors.array(joined(*pieces))
        body = joined(f',"{EXTRA}":{{', pc.utf8_slice_codeunits(inside, 1), "}")
        return [pc.if_else(pc.equal(inside, ""), "", body)]

    def _table(
        self, number: int, rows: Any, moments: Any, subject: Any, value: Any, ids: Any
    ) -> pa.RecordBatch:
        count = len(rows)
        partitions = partitions_of(subject, self._partitions)
        rules = np.full(count, number, np.int8)
        ids = pc.fill_null(ids, "").cast(pa.binary())
        columns = [moments, rows, rules, partitions, subject, value, ids]
        arrays = [pa.array(one, kind) for one, kind in zip(columns, SCHEMA.types, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)

    # -- by itself ---------------------------------------------------------------------------------

    def _alone(
        self, batch: Batch, places: NDArray[np.intp]
    ) -> tuple[list[pa.RecordBatch], list[RowRefusal], int]:
        """Return what rows become that are judged one by one, and how many met no condition."""
        refused: list[RowRefusal] = []
        mapped: list[Mapped] = []
        empty = 0
        for place in places:
            row, number = batch.row(int(place)), int(batch.numbers[place])
            found = self._mapping.of_row(row, number, self._latest)
            empty += not found
            for one in found:
                if isinstance(one, RowRefusal):
                    refused.append(one)
                else:
                    mapped.append(one)
        return ([self._written(mapped)] if mapped else []), refused, empty

    def _written(self, mapped: Sequence[Mapped]) -> pa.RecordBatch:
        rules = {id(rule): number for number, rule in enumerate(self._mapping.rules)}
        columns = zip(
            *(
                (
                    microseconds(one.event.time),
                    one.row,
                    rules[id(one.rule)],
                    partition_of(one.event.subject, self._partitions),
                    one.event.subject.encode(),
                    one.value(),
                    one.event.id.encode(),
                )
                for one in mapped
            ),
            strict=True,
        )
        arrays = [
            pa.array(list(column), kind) for column, kind in zip(columns, SCHEMA.types, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)

    def _holds(
        self,
        parts: Sequence[tuple[pa.RecordBatch, NDArray[np.intp]]],
        odd: Bools,
        batch: Batch,
    ) -> bool:
        """Return whether a row of each rule is the same when it is mapped by itself."""
        for part, places in parts:
            good = (~odd[places]).nonzero()[0]
            if not len(good):
                continue
            one = part.slice(good[0], 1).to_pylist()[0]
            mapped = self._mapping.of_row(batch.row(int(places[good[0]])), one["row"])
            rule = self._mapping.rules[one["rule"]]
            same = [own for own in mapped if isinstance(own, Mapped) and own.rule is rule]
            if not same or self._written(same).to_pylist() != [one]:
                return False
        return True


class _Columns:
    """The columns of a batch, each looked at once."""

    def __init__(self, batch: Batch, mapping: Mapping) -> None:
        self.numbers = batch.numbers
        self.is_typed = batch.is_typed
        self._texts = batch.columns
        self._read = [name for name in mapping.columns if name in batch.columns]
        self._missing = mapping.missing
        self._plain: dict[str, Plain] = {}

    def blank(self) -> Bools:
        """Return the rows that have nothing in any column that is read, `(n,)`."""
        found = np.ones(len(self.numbers), np.bool_)
        for name in self._read:
            lengths = pc.fill_null(pc.binary_length(self._texts[name]), 0)
            found &= lengths.to_numpy(zero_copy_only=False) == 0
            if not found.any():
                break
        return found

    def named(self, name: str) -> Plain:
        """Return a column of all rows."""
        if name not in self._plain:
            self._plain[name] = plain(self._texts[name], self._missing)
        return self._plain[name]

    def at(self, places: NDArray[np.intp]) -> Callable[[str], Plain]:
        """Return what gives the columns of the rows at `places`."""
        if len(places) == len(self.numbers):
            return self.named
        return lambda name: _taken(self.named(name), places)

    def kept(self, name: str, places: NDArray[np.intp]) -> Plain:
        """Return a column that the mapping does not name: no word in it stands for nothing."""
        return _taken(plain(self._texts[name], ()), places)


def partitions_of(subjects: pa.BinaryArray, partitions: int) -> NDArray[np.int64]:
    """Return the partition of each subject, `(n,)`; see `streams.events.partition_of`."""
    names = subjects.to_pylist()
    if b"@" not in b"".join(names):
        return np.fromiter(map(crc32, names), np.uint32, len(names)).astype(np.int64) % partitions
    return np.array([partition_of(name.decode(), partitions) for name in names], np.int64)


def _escaped(parts: Any) -> Any:
    """Return parts of ids without the sign that stands between them, `(n,)`."""
    for sign, escape in ESCAPES:
        parts = pc.replace_substring(parts, sign, escape)
    return parts


def _taken(whole: Plain, places: NDArray[np.intp]) -> Plain:
    return Plain(whole.texts.take(pa.array(places)), whole.odd[places])


def _in_order(parts: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Return records by row, and those of a row by rule."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return pa.RecordBatch.from_pylist([], schema=SCHEMA)
    if len(filled) == 1:
        return filled[0]
    table = pa.Table.from_batches(filled).sort_by([("row", "ascending"), ("rule", "ascending")])
    return table.combine_chunks().to_batches()[0]


def _text(value: str) -> str:
    """Return a text as JSON."""
    return _json(value).decode()
