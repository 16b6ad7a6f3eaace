"""Sets as Parquet files: streamed from ClickHouse slice by slice, with what made them beside.

Beside `x.parquet` are `x.parquet.json` (rows, time, SHA-256, moments, features) and
`x.parquet.sql`, the exact query. Nothing in the Parquet file says when it was written: from the
same definitions and what had arrived by the same time come the same bytes.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from features.sets.beside import FORMAT, definition, freshness, sha256_of, write
from features.sets.compose import LABEL, composed, parameters, slices, slices_for
from sql.client import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from features.sets.beside import Exported
    from features.sets.catalogue import Catalogue
    from features.sets.compose import Moment
    from features.sets.files import Feature, Label

Done: TypeAlias = "Callable[[int, int], None]"

ROWS_PER_GROUP = 65_536  # of a Parquet file; its bytes depend on it

_ARROW = {
    "UInt8": pa.uint8(),
    "UInt32": pa.uint32(),
    "Int64": pa.int64(),
    "Float64": pa.float64(),
    "String": pa.string(),
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a set is to hold.

    Attributes:
        moments: one for each date, ascending; a person has a row for each.
        features: in the order of their columns.
        label: what is to be predicted, if anything.
        program: whose people.
        zone: in which hours of the day count.
        offer_days: after a contact, until an offer without an end is over.
    """

    moments: tuple[Moment, ...]
    features: tuple[Feature, ...]
    label: Label | None
    program: str
    zone: str
    offer_days: int


def schema(features: Sequence[Feature], label: Label | None) -> pa.Schema:
    """Return the columns of a set: person, as_of, features and, with a label, `label`."""
    fields = [pa.field("person", pa.string(), nullable=False), pa.field("as_of", pa.date32())]
    typed = [(one.name, one.dtype) for one in features]
    if label is not None:
        typed.append((LABEL, label.dtype))
    for name, dtype in typed:
        bare = dtype.removeprefix("Nullable(").removesuffix(")")
        fields.append(pa.field(name, _ARROW[bare], nullable=bare != dtype))
    return pa.schema(fields)


def export(
    client: Client,
    catalogue: Catalogue,
    asked: Asked,
    to: Path,
    *,
    slices_count: int = 0,
    done: Done = lambda _done, _of: None,
) -> Exported:
    """Write a set to `to`, replacing what was there only once it is whole.

    Args:
        client: a client of ClickHouse.
        catalogue: the definitions.
        asked: what the set is to hold.
        to: a path that ends in `.parquet`.
        slices_count: how many slices of people; 0 for one for each 250,000 of them.
        done: called with the slices done and their number.
    """
    started = time.monotonic()
    query = composed(catalogue, asked.features, asked.label)
    places = [_places(asked, moment) for moment in asked.moments]
    counts = [slices_count or _slices_of(client, place) for place in places]
    columns = schema(asked.features, asked.label)
    found = [0] * len(places)
    to.parent.mkdir(parents=True, exist_ok=True)
    part = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        with pq.ParquetWriter(part, columns, compression="zstd") as writer:
            for number, (place, count) in enumerate(zip(places, counts, strict=True)):
                before = sum(counts[:number])
                streamed = _streamed(client, query, place, count, columns)
                for batch in _regrouped(_reported(streamed, done, before, sum(counts))):
                    writer.write_table(batch, row_group_size=ROWS_PER_GROUP)
                    found[number] += len(batch)
        digest = sha256_of(part)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    seconds = time.monotonic() - started
    return write(to, _facts(client, asked, places, found, digest, seconds), query, places)


def _places(asked: Asked, moment: Moment) -> dict[str, Any]:
    return parameters(
        moment,
        asked.label,
        program=asked.program,
        zone=asked.zone,
        offer_days=asked.offer_days,
    )


def _slices_of(client: Client, place: dict[str, Any]) -> int:
    about = rows(client, "features/people_about", program=place["program"], at=place["at"])
    return slices_for(int(about[0]["people"]))


def _streamed(
    client: Client, query: str, place: dict[str, Any], count: int, columns: pa.Schema
) -> Iterator[Iterator[pa.Table]]:
    """Yield the rows of each slice in batches, as they come."""
    for slice_place in slices(count):
        with client.query_arrow_stream(
            query, parameters=place | slice_place, use_strings=True
        ) as batches:
            yield (_as_table(batch).cast(columns) for batch in batches)


def _as_table(batch: pa.Table | pa.RecordBatch) -> pa.Table:
    return batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])


def _reported(
    streamed: Iterator[Iterator[pa.Table]], done: Done, before: int, total: int
) -> Iterator[pa.Table]:
    for number, batches in enumerate(streamed, before + 1):
        yield from batches
        done(number, total)


def _regrouped(batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield the same rows in groups of one size: how they came depends on the engine's threads."""
    held: list[pa.Table] = []
    size = 0
    for batch in batches:
        held.append(batch)
        size += len(batch)
        if size >= ROWS_PER_GROUP:
            whole = pa.concat_tables(held)
            cut = size - size % ROWS_PER_GROUP
            for first in range(0, cut, ROWS_PER_GROUP):
                yield whole.slice(first, ROWS_PER_GROUP).combine_chunks()
            held, size = [whole.slice(cut)], size - cut
    if size:
        yield pa.concat_tables(held).combine_chunks()


def _facts(
    client: Client,
    asked: Asked,
    places: list[dict[str, Any]],
    found: list[int],
    digest: str,
    seconds: float,
) -> dict[str, Any]:
    """Return what is known of a set that was made now, as its JSON file holds it."""
    last = places[-1]
    return {
        "format": FORMAT,
        "rows": sum(found),
        "rows_by_date": dict(
            zip((one.as_of.isoformat() for one in asked.moments), found, strict=True)
        ),
        "sha256": digest,
        "seconds": round(seconds, 3),
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "program": asked.program,
        "zone": asked.zone,
        "offer_days": asked.offer_days,
        "known_at": asked.moments[-1].known_at.isoformat(),
        "as_arrived": asked.moments[-1].as_arrived,
        "label": None if asked.label is None else definition(asked.label),
        "features": [definition(one) for one in asked.features],
        "sources": freshness(client, last["at"], last["known"]),
        "parameters": places,
    }
