"""Rows for ClickHouse, as Arrow columns, from the topics that the feed reads.

A result's fields are the columns of its table, nested ones flattened, in the units the migration
states. A value that does not fit its column is found here, row by row, before ClickHouse sees the
rest.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as arrow_json

from streams.events import ACCEPTED_TOPIC, Describe, decode_campaign
from streams.events.person import number_of
from streams.events.times import microseconds
from streams.kafka.deadletters import headers_of, place_of
from streams.ledger.results import Result, decode_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from streams.layer.batch import Batch

VALUE_BYTES_MAX = 65_536

_TEXT, _LONG, _REAL, _FLAG = pa.string(), pa.int64(), pa.float64(), pa.bool_()
_MICROS, _MILLIS = pa.timestamp("us", "UTC"), pa.timestamp("ms", "UTC")
_PLACE = {"topic": _TEXT, "partition": pa.uint16(), "offset": pa.uint64()}


class Unreadable(NamedTuple):
    """A record that could not be turned into a row, and why."""

    offset: int
    reason: str
    detail: str


class Columns(NamedTuple):
    """What goes into one insert, and the records of the batch that cannot."""

    table: pa.Table
    unreadable: list[Unreadable]


def ledger_results(batch: Batch) -> Columns:
    """Return rows of the table `ledger_results` from `ledger.postings`.

    Arrow reads the whole batch at once, in a third of the time that a decoder takes record by
    record; the decoder is used when something in the batch is odd, to find what and where.
    """
    if batch.values and (parsed := _parsed(batch.values)) is not None:
        columns = _flattened(parsed)
        columns["arrived"] = pa.array(batch.timestamps_ms, _MILLIS)
        return Columns(_with_place(columns, batch, batch.offsets), [])
    return _rows(batch, _RESULT_SCHEMA, _result_row)


_FIELDS = {field.name: field for field in msgspec.structs.fields(Result)}
_POSTING = _FIELDS.pop("posting").type
_KINDS = {
    name: pa.uint16() if name == "source_partition" else _TEXT if field.type is str else _LONG
    for name, field in _FIELDS.items()
}
_REQUIRED = [name for name, field in _FIELDS.items() if field.required]
_LISTS = {
    field.name: pa.list_(_TEXT if str in get_args(field.type) else _LONG)
    for field in msgspec.structs.fields(_POSTING)
}
_LATER = {"pending"}  # lists that earlier results do not have: zeros
_JSON_OPTIONS = arrow_json.ParseOptions(
    explicit_schema=pa.schema({**_KINDS, "posting": pa.struct(list(_LISTS.items()))}),
    unexpected_field_behavior="ignore",
)
_RESULT_SCHEMA = pa.schema(
    {
        **_KINDS,
        "time": _MICROS,
        **{f"posting.{name}": kind for name, kind in _LISTS.items()},
        "arrived": _MILLIS,
        **_PLACE,
    }
)


def _parsed(values: Sequence[bytes | None]) -> pa.Table | None:
    """Return the records as Arrow reads them, or `None` if one is malformed."""
    # each an object, and as many as values: then the rows are the records, in order
    if not all(value and value[:1] == b"{" and value[-1:] == b"}" for value in values):
        return None
    text = b"\n".join(values)  # type: ignore[arg-type]
    whole = arrow_json.ReadOptions(use_threads=False, block_size=len(text) + 1)
    try:
        parsed = arrow_json.read_json(pa.BufferReader(text), whole, _JSON_OPTIONS)
        if not text.isascii():
            parsed.validate(full=True)  # Arrow takes any bytes for text
    except pa.ArrowInvalid:
        return None
    missing = any(parsed[name].null_count for name in _REQUIRED)
    return None if missing or len(parsed) != len(values) or _mixed(parsed) else parsed


def _mixed(parsed: pa.Table) -> bool:
    """Return whether some of the results are too old to have all lists, and some are not."""
    lists = dict(zip(_LISTS, parsed["posting"].combine_chunks().flatten(), strict=True))
    postings = len(lists["account"].values)
    return any(0 < len(lists[name].values) < postings for name in _LATER & _LISTS.keys())


def _flattened(parsed: pa.Table) -> dict[str, Any]:
    columns = {name: parsed[name] for name in _KINDS}
    columns["time"] = columns["time"].cast(_MICROS)
    for name, field in _FIELDS.items():
        if not field.required and field.default is not None and columns[name].null_count:
            columns[name] = columns[name].fill_null(field.default)
    lists = dict(zip(_LISTS, parsed["posting"].combine_chunks().flatten(), strict=True))
    for name, own in lists.items():
        offsets, values = own.offsets, own.values
        if name in _LATER and not len(values):
            offsets = lists["account"].offsets
            values = pa.repeat(0, len(lists["account"].values))
        # rebuilt without its nulls: a result without postings has empty lists
        columns[f"posting.{name}"] = pa.ListArray.from_arrays(offsets, values)
    return columns


def _with_place(columns: dict[str, Any], batch: Batch, offsets: list[int]) -> pa.Table:
    columns["topic"] = pa.repeat(batch.topic, len(offsets))
    columns["partition"] = pa.repeat(pa.scalar(batch.partition, _PLACE["partition"]), len(offsets))
    columns["offset"] = pa.array(offsets, _PLACE["offset"])
    return pa.table(columns)


def _result_row(batch: Batch, index: int) -> Iterable[Any]:
    result = decode_result(batch.values[index] or b"")
    yield from (getattr(result, name) for name in _FIELDS)
    for name in _LISTS:
        own = getattr(result.posting, name)
        yield own or ([0] * len(result.posting.account) if name in _LATER else own)
    yield batch.timestamps_ms[index]


def campaign_events(batch: Batch) -> Columns:
    """Return rows of the table `campaign_events` from `campaign.accepted`."""
    return _rows(batch, _CAMPAIGN_SCHEMA, _campaign_row)


_ABSENT: dict[str, Any] = {
    **dict.fromkeys(("campaign", "arm", "channel", "item", "format", "creative"), ""),
    **dict.fromkeys(("other", "kind", "program", "network", "agent"), ""),
    "attributes": (),
    "paid": False,
}
_CAMPAIGN_DATA = {
    "campaign": _TEXT,
    "arm": _TEXT,
    "probability": _REAL,
    "channel": _TEXT,
    "until": _MICROS,
    "value": _LONG,
    "cost": _LONG,
    "item": _TEXT,
    "format": _TEXT,
    "pixels": _REAL,
    "seconds": _REAL,
    "paid": _FLAG,
    "granted": _FLAG,
    "creative": _TEXT,
    "attributes": pa.map_(_TEXT, _TEXT),
    "other": _TEXT,
    "kind": _TEXT,
    "linked": _FLAG,
    "program": _TEXT,
    "network": _TEXT,
    "agent": _TEXT,
}
_CAMPAIGN_SCHEMA = pa.schema(
    {
        "id": _TEXT,
        "type": _TEXT,
        "time": _MICROS,
        "person": _TEXT,
        "source": _TEXT,
        "number": pa.uint32(),
        "description": _TEXT,
        "arrived": _MILLIS,
        **_CAMPAIGN_DATA,
        **_PLACE,
    }
)


def _campaign_row(batch: Batch, index: int) -> Iterable[Any]:
    record = batch.values[index] or b""
    event = decode_campaign(record)
    time_us = microseconds(event.time)
    yield from (event.id, type(event).__name__.lower(), time_us, event.subject, event.source)
    yield number_of(record)
    yield msgspec.json.encode(event.data).decode() if isinstance(event, Describe) else ""
    yield batch.timestamps_ms[index]
    for name in _CAMPAIGN_DATA:
        value = getattr(event.data, name, None)
        if name == "until" and value is not None:
            value = microseconds(value)
        if name == "attributes" and value is not None:
            value = [(key, msgspec.json.encode(own).decode()) for key, own in value.items()]
        yield _ABSENT.get(name) if value is None else value


def deadletters(batch: Batch) -> Columns:
    """Return rows of the table `deadletters` from the topic of that name."""
    return _rows(batch, _DEADLETTER_SCHEMA, _deadletter_row)


_DEADLETTER_SCHEMA = pa.schema(
    {
        "source_topic": _TEXT,
        "source_partition": pa.uint16(),
        "source_offset": pa.uint64(),
        "reason": _TEXT,
        "detail": _TEXT,
        "key": pa.binary(),
        "value": pa.binary(),
        "value_bytes": pa.uint32(),
        "is_null": _FLAG,
        "time": _MILLIS,
        **_PLACE,
    }
)


def _deadletter_row(batch: Batch, index: int) -> Iterable[Any]:
    headers = headers_of(batch.headers[index])
    yield from place_of(headers)
    yield from (headers["reason"], headers["detail"], *_bytes_of(batch, index))


def _bytes_of(batch: Batch, index: int) -> Iterable[Any]:
    value = batch.values[index]
    kept = (value or b"")[:VALUE_BYTES_MAX]
    yield from (batch.keys[index] or b"", kept, len(value or b""), value is None)
    yield batch.timestamps_ms[index]


def as_deadletters(batch: Batch, unreadable: list[Unreadable]) -> pa.Table:
    """Return rows of `deadletters` for records of `batch` that its own table could not take."""
    rows = []
    for offset, reason, detail in unreadable:
        index = batch.offsets.index(offset)
        detail_shown = detail.encode(errors="replace").decode()
        place = (batch.topic, batch.partition, offset)
        rows.append((*place, reason, detail_shown, *_bytes_of(batch, index), *place))
    return _table(rows, _DEADLETTER_SCHEMA)


def _rows(
    batch: Batch, schema: pa.Schema, row_of: Callable[[Batch, int], Iterable[Any]]
) -> Columns:
    """Turn records into rows one at a time, setting aside those that fail."""
    rows: list[tuple[Any, ...]] = []
    unreadable = []
    for index, offset in enumerate(batch.offsets):
        try:
            row = (*row_of(batch, index), batch.topic, batch.partition, offset)
            if batch.topic != ACCEPTED_TOPIC:  # an event's limits are narrower than its columns'
                _table([row], schema)
        except _ODD as error:
            unreadable.append(Unreadable(offset, "unreadable_by_feed", str(error)))
            continue
        rows.append(row)
    return Columns(_table(rows, schema), unreadable)


_ODD = (
    msgspec.MsgspecError,
    pa.ArrowException,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
)


def _table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema)


class OrderError(Exception):
    """Results of a partition are not in the order of their records."""


def check_order(table: pa.Table, partition: int, after: int) -> int:
    """Check that source offsets only grow, from `after` on; return the last.

    Raises:
        OrderError: with a sentence that names the first that does not.
    """
    if not len(table):
        return after
    sources: list[int] = [after, *table["source_offset"].to_pylist()]
    grows = all(map(operator.lt, sources, sources[1:]))
    if grows and pc.all(pc.equal(table["source_partition"], partition)).as_py():
        return sources[-1]
    for index, offset in enumerate(table["offset"].to_pylist()):
        source, number = sources[index + 1], table["source_partition"][index].as_py()
        if source <= sources[index] or number != partition:
            raise OrderError(
                f"ledger.postings partition {partition} offset {offset} is the result of "
                f"partition {number} offset {source}, but that of partition {partition} offset "
                f"{sources[index]} came before it; results are written once and in order, so find "
                "out who else wrote them before the feed goes on"
            )
    return sources[-1]
