"""Rows of a CSV file as records for Kafka, on one core: `python -m benchmarks.import_csv`.

One mapping of six fields, three ways:

- `flowdrop`: `flowdrop import`'s own reading, checking and mapping by columns;
- `rows`: the same mapping, one row at a time, as webhooks are mapped;
- `loop`: what one would write by hand, `csv.DictReader`, a dictionary and `json.dumps`, with times
  read by `strptime` and nothing checked.

All give the same number of records; those of the first two are compared byte by byte, and those of
the loop as JSON.

    python -m benchmarks.import_csv --rows 1000000 --json
"""

from __future__ import annotations

import csv
import json
import resource
import tempfile
import time
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click
import numpy as np

from benchmarks.machine import ENGINE_CORE, on_core
from flowdrop.output import print_json, print_rows
from intake.files.mapped import Quick
from intake.files.reading import Source
from intake.mapping import Mapping, RowRefusal, loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARTITIONS = 8
COMPARED_ROWS = 20_000
SLOW_ROWS = 200_000  # of the ways that take long
ZONE = ZoneInfo("Asia/Shanghai")
FORMAT = "%Y-%m-%d %H:%M:%S"
MAPPING = f"""
feed = "shop"
format = "csv"
time_zone = "{ZONE.key}"
id = ["order_id", "line"]
person = {{ column = "member", type = "member" }}
time = {{ column = "paid_at", format = "{FORMAT}" }}

[[event]]
type = "campaign.conversion"
fields = {{ campaign = "'spring'", value = "amount * 100", item = "sku" }}
"""

Record = tuple[str, int, bytes, bytes]


def write(path: Path, rows: int, columns: int) -> None:
    """Write orders: six columns that are read, and as many others as are wanted."""
    draw = np.random.default_rng(1)
    members, cents = draw.integers(0, 200_000, rows), draw.integers(100, 99_999, rows)
    items, begin = draw.integers(0, 500, rows), datetime(2026, 3, 1, tzinfo=UTC)
    others = "".join(f",x{number}" for number in range(columns - 6))
    tail = "".join(f",value {number}" for number in range(columns - 6))
    with path.open("w", encoding="utf-8") as out:
        out.write(f"order_id,line,member,paid_at,amount,sku{others}\n")
        for number in range(rows):
            at = (begin + timedelta(seconds=3 * number)).strftime(FORMAT)
            amount = f"{cents[number] // 100}.{cents[number] % 100:02d}"
            out.write(f"O{number:09d},{number % 5},M{members[number]:06d},{at},{amount},")
            out.write(f"sku{items[number]}{tail}\n")


def by_columns(path: Path, mapping: Mapping) -> Iterator[Record]:
    """Map a file as `flowdrop import` does."""
    quick = Quick(mapping, PARTITIONS)
    topic = mapping.rules[0].topic
    for batch in Source(path, mapping.file, mapping.columns).batches():
        found = quick.records(batch)
        assert not found.refusals
        names = ("partition", "subject", "value")
        columns = [found.table[name].to_pylist() for name in names]
        yield from zip([topic] * len(found.table), *columns, strict=True)


def by_rows(path: Path, mapping: Mapping) -> Iterator[Record]:
    """Map a file one row at a time."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            (found,) = mapping.records_of([row], PARTITIONS)
            assert not isinstance(found, RowRefusal)
            yield found  # type: ignore[misc] # which has a key and a value


def by_hand(path: Path, _: Mapping) -> Iterator[Record]:
    """Map a file by a plain loop."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            at = datetime.strptime(row["paid_at"], FORMAT).replace(tzinfo=ZONE).astimezone(UTC)
            subject = f"member:{row['member']}"
            event = {
                "type": "flowdrop.campaign.conversion",
                "data": {
                    "campaign": "spring",
                    "value": round(float(row["amount"]) * 100),
                    "item": row["sku"],
                },
                "specversion": "1.0",
                "id": f"{row['order_id']}:{row['line']}",
                "source": "shop",
                "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "subject": subject,
                "datacontenttype": "application/json",
            }
            key = subject.encode()
            partition = zlib.crc32(key) % PARTITIONS
            yield "campaign.events", partition, key, json.dumps(event).encode()


WAYS: dict[str, Callable[[Path, Mapping], Iterator[Record]]] = {
    "flowdrop": by_columns,
    "rows": by_rows,
    "loop": by_hand,
}


def measure(way: str, path: Path, rows: int) -> dict[str, Any]:
    """Return rows a second of the CPU and of the clock, and by how much memory grew."""
    mapping = loads(MAPPING)
    before = resource.getrusage(resource.RUSAGE_SELF)
    begin = time.perf_counter()
    count = sum(1 for _ in WAYS[way](path, mapping))
    seconds = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert count == rows, f"{way}: {count} records of {rows} rows"
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "way": way,
        "rows": rows,
        "rows_per_cpu_second": round(rows / cpu),
        "rows_per_second": round(rows / seconds),
        "megabytes_per_cpu_second": round(path.stat().st_size / cpu / 1e6),
        "peak_megabytes": round(after.ru_maxrss / 1024),
    }


def compare(path: Path) -> None:
    """Hold the ways to each other."""
    quick, rows, hand = (list(way(path, loads(MAPPING))) for way in WAYS.values())
    assert quick == rows
    assert [record[:3] for record in quick] == [record[:3] for record in hand]
    assert [json.loads(one[3]) for one in quick] == [json.loads(one[3]) for one in hand]


@click.command(epilog="Example: python -m benchmarks.import_csv --rows 1000000 --json")
@click.option("--rows", default=1_000_000, show_default=True, help="Of flowdrop's file.")
@click.option("--columns", default=6, show_default=True, type=click.IntRange(min=6))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(*, rows: int, columns: int, as_json: bool) -> None:
    """Measure the three ways, on one core."""
    found = []
    with tempfile.TemporaryDirectory() as folder, on_core(ENGINE_CORE):
        some = Path(folder) / "some.csv"
        write(some, COMPARED_ROWS, columns)
        compare(some)
        for way in WAYS:
            count = rows if way == "flowdrop" else min(rows, SLOW_ROWS)
            path = Path(folder) / f"{count}.csv"
            if not path.exists():
                write(path, count, columns)
            found.append(measure(way, path, count))
    if as_json:
        print_json(found)
    else:
        print_rows(found, title="CSV to records for Kafka")


if __name__ == "__main__":
    main()
