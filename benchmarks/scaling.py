"""How flowdrop's cost grows: workers, accounts, partitions, hot accounts, bytes per account.

    python -m benchmarks.scaling
    python -m benchmarks.scaling --quick --out /tmp/scaling

It writes `scaling.csv` and `scaling.svg` into the folder of `--out`.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmarks.broker import temporary_broker
from benchmarks.job import Job
from benchmarks.ledger import choose
from benchmarks.machine import ENGINE_CORE, Watch, pinning, say
from benchmarks.measure import await_results, measure, prepared, running
from benchmarks.plot import Panel, figure
from benchmarks.tables import markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.broker import Broker
    from benchmarks.engines import Engine
    from benchmarks.job import Shape

EVENTS, EVENTS_QUICK = 500_000, 50_000
ACCOUNTS, PARTITIONS = 100_000, 8
WORKERS = (1, 2, 4)
ACCOUNT_STEPS, ACCOUNT_STEPS_QUICK = (10_000, 100_000, 500_000, 2_000_000), (1_000, 10_000)
PARTITION_STEPS, PARTITION_STEPS_QUICK = (1, 4, 8, 16, 32, 64), (1, 8)
# A packet of 10,000 claims is measured by `benchmarks.fold`.
SHAPES: tuple[Shape, ...] = ("even", "grants", "transfers", "merchant")
OUT = Path(__file__).parent.parent / "docs" / "benchmarks"

Row = dict[str, Any]


@click.command(epilog="Example: python -m benchmarks.scaling --series workers,hot --events 200000")
@click.option("--quick", is_flag=True, help="Fewer events, accounts and steps.")
@click.option("--series", default="workers,accounts,partitions,hot,memory", show_default=True)
@click.option("--events", type=click.IntRange(1), help=f"Events a run  [default: {EVENTS:,}]")
@click.option("--out", type=click.Path(path_type=Path), default=OUT, help="Folder to write to.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
def main(*, quick: bool, series: str, events: int | None, out: Path, as_json: bool) -> None:
    """Measure flowdrop with the full ledger under growing loads; write a CSV and a plot.

    Progress goes to standard error. Workers beyond the first share all cores with the broker.
    """
    say(pinning())
    (engine,) = choose("flowdrop", quick=False)
    rows: list[Row] = []
    failed = 0
    with temporary_broker() as broker:
        for name, job, workers in plan(series.split(","), quick=quick, events=events):
            try:
                rows.append(_row(broker, engine, name, job, workers))
            except click.ClickException as error:
                say(f"{name}, {workers} workers, {job}: {error.message}")
                failed += 1
            else:
                say(json.dumps(rows[-1]))
    if not rows:
        raise click.ClickException("nothing could be measured: see above")
    _add_ratios(rows)
    write(rows, out)
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    else:
        print(markdown(rows))
    if failed:
        raise click.ClickException(f"{failed} measurements failed: see above")


def plan(
    series: Sequence[str], *, quick: bool, events: int | None
) -> Iterator[tuple[str, Job, int]]:
    """Yield each measurement: its series, its job and how many workers share it."""
    count = events or (EVENTS_QUICK if quick else EVENTS)
    steps = ACCOUNT_STEPS_QUICK if quick else ACCOUNT_STEPS
    accounts = steps[-1] if quick else ACCOUNTS
    parts = PARTITION_STEPS_QUICK if quick else PARTITION_STEPS
    plans = {
        "workers": [(Job(count, accounts, PARTITIONS), workers) for workers in WORKERS],
        "accounts": [(Job(count, step, PARTITIONS), 1) for step in steps],
        "partitions": [(Job(count, accounts, step), 1) for step in parts],
        "hot": [(Job(count, accounts, PARTITIONS, shape), 1) for shape in SHAPES],
        "memory": [(Job(0, step, PARTITIONS), 1) for step in (1, steps[-1])],
    }
    for name in series:
        if name not in plans:
            raise click.ClickException(
                f"--series: there is no series {name!r}; choose from {', '.join(plans)}"
            )
        for job, workers in plans[name]:
            yield name, job, workers


def _row(broker: Broker, engine: Engine, series: str, job: Job, workers: int) -> Row:
    row: Row = {
        "series": series,
        "workers": workers,
        "accounts": job.accounts,
        "partitions": job.partitions,
        "shape": job.shape,
        "events_per_s": None,
        "cpu_s_per_million": None,
        "rss_mb": None,
        "to_first": None,
    }
    if series == "memory":
        return row | {"rss_mb": resident_mb(broker, engine, job)}
    found = measure(broker, engine, job, workers=workers)
    return row | {name: value for name, value in found._asdict().items() if name in row}


def resident_mb(broker: Broker, engine: Engine, job: Job) -> float:
    """Return the memory (10^6 bytes) of a worker that has opened the job's accounts and rests."""
    due = sum(1 for _ in job.opening())
    with prepared(broker, engine, job) as place, running(engine, place, 1, ENGINE_CORE) as alive:
        watch = Watch(alive.processes[0].pid)
        try:
            await_results(broker, alive, due)
        finally:
            watch.stop()
    return round(watch.samples[-1].rss_bytes / 1e6)


def _add_ratios(rows: list[Row]) -> None:
    """Add each rate as a share of its series' first; for memory, bytes per account."""
    first: dict[str, Row] = {}
    for row in rows:
        base = first.setdefault(row["series"], row)
        if row["series"] == "memory":
            more = row["accounts"] - base["accounts"]
            row["bytes_per_account"] = (
                round((row["rss_mb"] - base["rss_mb"]) * 1e6 / more) if more else None
            )
        else:
            row["bytes_per_account"] = None
            row["to_first"] = round(row["events_per_s"] / max(base["events_per_s"], 1), 2)


def write(rows: Sequence[Row], out: Path) -> None:
    """Write the rows to `scaling.csv` and their picture to `scaling.svg`."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "scaling.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    panels = [
        Panel(f"events/s by {name}", _points(rows, name, name))
        for name in ("workers", "accounts", "partitions")
    ]
    panels.append(Panel("events/s by load", _points(rows, "hot", "shape")))
    (out / "scaling.svg").write_text(figure([panel for panel in panels if panel.points]))


def _points(rows: Sequence[Row], series: str, by: str) -> list[tuple[str, float]]:
    return [
        (f"{row[by]:,}" if isinstance(row[by], int) else row[by], row["events_per_s"])
        for row in rows
        if row["series"] == series
    ]


if __name__ == "__main__":
    main()
