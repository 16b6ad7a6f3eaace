"""How long a set takes: every person's features as of a date, from a warehouse of synthetic rows.

    python -m benchmarks.features                       a hundredth: 700,000 rows, 10,000 people
    python -m benchmarks.features --rows 70000000 --folder ~/features

Five rows in seven are postings of the ledger, the others events of campaigns; there is a person for
every 70 rows. They are inserted in ranges, in the order of their times, and asked for as they then
lie and after all parts are merged, by the functions behind `flowdrop features export`: streamed
from the engine in this process into a Parquet file. A folder that is full is used again as it is.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmarks.exposures import connected, merge
from benchmarks.machine import say
from benchmarks.peak import Peak
from benchmarks.tables import markdown
from features.sets.catalogue import load
from features.sets.compose import Moment, written
from features.sets.export import Asked, export
from flowdrop.output import print_json
from sql.client import text
from sql.migrate import migrate

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from features.sets.catalogue import Catalogue

AT = datetime(2026, 10, 1, tzinfo=UTC)
PROGRAM = "liuliangbao"
ROWS_PER_PERSON = 70
BLOCK = 1_000_000
FORTY = 40

Row = dict[str, Any]


def fill(client: Client, folder: Path, count: int) -> None:
    """Insert what a folder lacks of `count` rows."""
    kept = folder / "features.json"
    if kept.exists():
        if json.loads(kept.read_text())["rows"] != count:
            raise click.ClickException(f"{folder} has another number of rows; name another folder")
        say(f"  {folder} is filled already: used again as it is")
        return
    people = max(16, count // ROWS_PER_PERSON)
    events = count * 2 // 7
    results = (count - events) // 2
    at = {"at": written(AT), "people": people}
    client.command(text("benchmarks/features_profiles"), parameters=at)
    for name, total in (("results", results), ("events", events)):
        values = at | {name: total, "program": PROGRAM} if name == "results" else at | {name: total}
        for first in range(0, total, BLOCK):
            last = min(first + BLOCK, total)
            client.command(
                text(f"benchmarks/features_{name}"),
                parameters=values | {"first": first, "last": last},
            )
            say(f"  {last:,} of {total:,} {name}")
    kept.write_text(json.dumps({"rows": count}))


def measure(
    client: Client, catalogue: Catalogue, count: int, folder: Path, slices_count: int = 0
) -> Row:
    """Export the set of the first `count` features by name."""
    features = catalogue.chosen((), barred=False)[:count]
    moment = Moment(as_of=AT.date(), known_at=AT + timedelta(days=1))
    asked = Asked(
        moments=(moment,), features=features, label=None, program=PROGRAM, zone="UTC", offer_days=28
    )
    peak, began = Peak(), time.perf_counter()
    used = time.process_time()
    done = export(
        client, catalogue, asked, folder / "set.parquet", slices_count=slices_count, done=_say
    )
    return {
        "features": len(features),
        "people": done.rows,
        "seconds": round(time.perf_counter() - began, 1),
        "CPU seconds": round(time.process_time() - used, 1),
        "peak MB": round(peak.added_mb() or 0),
        "file MB": round((folder / "set.parquet").stat().st_size / 1e6),
        "load": round(os.getloadavg()[0], 1),
    }


def _say(number: int, total: int) -> None:
    say(f"  slice {number} of {total}")


@click.command()
@click.option("--rows", "count", type=click.IntRange(700), default=700_000, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Where the warehouse is kept.")
@click.option("--slices", "slices_count", type=click.IntRange(0), default=0, help="0: by people.")
@click.option("--as-it-lies", is_flag=True, help="Only before parts are merged.")
@click.option("--json", "as_json", is_flag=True)
def main(
    count: int, folder: Path | None, slices_count: int, *, as_it_lies: bool, as_json: bool
) -> None:
    """Measure a set of forty features, and one of all."""
    catalogue = load()
    found: list[Row] = []
    place = nullcontext(str(folder)) if folder else tempfile.TemporaryDirectory()
    with place as name:
        own = Path(name)
        own.mkdir(parents=True, exist_ok=True)
        client = connected(own)
        migrate(client)
        fill(client, own, count)
        for state in ("as it lies",) if as_it_lies else ("as it lies", "merged"):
            if state == "merged":
                merge(client, ("ledger_results", "postings", "campaign_events"))
            for features in (FORTY, len(catalogue.features)):
                found.append(
                    {"parts": state} | measure(client, catalogue, features, own, slices_count)
                )
                say(f"  {found[-1]}")
        client.close()
    if as_json:
        print_json(found)
    else:
        click.echo(markdown(found))


if __name__ == "__main__":
    main()
