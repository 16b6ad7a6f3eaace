"""A section of results as an Arrow table: as the fold makes them, and as ClickHouse has them.

The schema is read off the structs `Result` and `Postings`, so that no column is left out when one
is added.
"""

from __future__ import annotations

import types
import typing
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from sql.client import arrow
from streams.ledger.results import Postings, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

NESTED = "posting"
JSON_BLOCK_BYTES = 4 * 1024 * 1024  # parsed at a time: more than the largest result, within a cache
_TYPES = {int: pa.int64(), str: pa.string()}


def _arrow_type(hint: Any) -> pa.DataType:
    if typing.get_origin(hint) is tuple:
        return pa.list_(_arrow_type(typing.get_args(hint)[0]))
    if isinstance(hint, types.UnionType):
        return _arrow_type(next(one for one in typing.get_args(hint) if one is not type(None)))
    return _TYPES[hint]


def _fields(struct: type) -> list[pa.Field]:
    hints = typing.get_type_hints(struct)
    return [
        pa.field(field.name, _arrow_type(hints[field.name]))
        for field in msgspec.structs.fields(struct)
        if field.name != NESTED
    ]


_PLAIN = _fields(Result)
_OF_POSTINGS = _fields(Postings)
SCHEMA = pa.schema(
    [*_PLAIN, *(pa.field(f"{NESTED}.{field.name}", field.type) for field in _OF_POSTINGS)]
)
_JSON_SCHEMA = pa.schema([*_PLAIN, pa.field(NESTED, pa.struct(_OF_POSTINGS))])
_DEFAULTS = {
    field.name: field.default
    for field in msgspec.structs.fields(Result)
    if field.name != NESTED and field.default not in {msgspec.NODEFAULT, None}
}


def expected(values: Sequence[bytes]) -> pa.Table:
    """Return records of `ledger.postings` as a table of `SCHEMA`, defaults filled in."""
    if not values:
        return SCHEMA.empty_table()
    read = pyarrow.json.read_json(
        pa.BufferReader(b"\n".join(values)),
        read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=JSON_BLOCK_BYTES),
        parse_options=pyarrow.json.ParseOptions(explicit_schema=_JSON_SCHEMA),
    ).combine_chunks()
    columns = []
    for field in _PLAIN:
        column = read[field.name]
        if field.name in _DEFAULTS:
            column = pc.fill_null(column, _DEFAULTS[field.name])
        columns.append(column)
    nested = read[NESTED].combine_chunks()
    columns += [_without_null(nested.field(field.name), nested) for field in _OF_POSTINGS]
    return pa.table(columns, schema=SCHEMA)


def _without_null(lists: pa.ListArray, parent: pa.StructArray) -> pa.Array:
    """Return `lists` with an empty one where there is none."""
    if not (lists.null_count or parent.null_count):
        return lists
    return pc.if_else(
        pc.and_(parent.is_valid(), lists.is_valid()), lists, pa.scalar([], lists.type)
    )


def stored(client: Client, partition: int, first: int, end: int) -> pa.Table:
    """Return ClickHouse's results of records `first` to before `end` as a table of `SCHEMA`."""
    found = arrow(client, "ledger/results", partition=partition, first=first, end=end)
    return found.select(SCHEMA.names).cast(SCHEMA).combine_chunks()


def offsets(results: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the offsets in wallet.events whose results these are."""
    column: np.ndarray[Any, np.dtype[np.int64]] = results["source_offset"].to_numpy()
    return column


def first_difference(mine: pa.Table, theirs: pa.Table) -> str:
    """Return the first result that differs, column by column, or ''."""
    if mine.num_rows != theirs.num_rows or not mine["source_offset"].equals(
        theirs["source_offset"]
    ):
        common = np.intersect1d(offsets(mine), offsets(theirs))
        left = np.setdiff1d(np.union1d(offsets(mine), offsets(theirs)), common)
        inner = first_difference(_at(mine, common), _at(theirs, common))
        return inner or f"offset {left[0]:,}: {_which(left[0], mine)}"
    found = [
        (row, name)
        for name in SCHEMA.names
        if not mine[name].equals(theirs[name])
        and (row := _first_row(mine[name], theirs[name])) >= 0
    ]
    if not found:
        return ""
    row, name = min(found)
    return (
        f"offset {offsets(mine)[row]:,}, event {mine['event_id'][row].as_py()} "
        f"of {mine['event_source'][row].as_py()}, {name}: "
        f"the fold gives {mine[name][row].as_py()!r}, "
        f"ClickHouse has {theirs[name][row].as_py()!r}"
    )


def _which(offset: int, mine: pa.Table) -> str:
    if offset in offsets(mine):
        return "the fold gives one result, ClickHouse has none or several"
    return "ClickHouse has a result, the fold gives none"


def _at(results: pa.Table, wanted: np.ndarray[Any, Any]) -> pa.Table:
    found = offsets(results)
    _, firsts = np.unique(found, return_index=True)
    return results.take(pa.array(firsts[np.isin(found[firsts], wanted)]))


def _first_row(mine: pa.ChunkedArray, theirs: pa.ChunkedArray) -> int:
    pairs = zip(mine.to_pylist(), theirs.to_pylist(), strict=True)
    return next((row for row, (one, other) in enumerate(pairs) if one != other), -1)
