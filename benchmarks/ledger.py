"""The wallet job on every engine: throughput, processor time and memory, one table.

python -m benchmarks.ledger                  everything: 2 million events, three runs per engine
python -m benchmarks.ledger --quick          fewer events, one run, about five minutes
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from benchmarks.broker import WARM_SECONDS, temporary_broker
from benchmarks.engines import Engine, all_engines
from benchmarks.job import Job
from benchmarks.machine import pinning, say
from benchmarks.measure import Measurement, measure, median
from benchmarks.tables import markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.broker import Broker

EVENTS, EVENTS_QUICK = 2_000_000, 300_000
RUNS, RUNS_QUICK = 3, 1
ACCOUNTS, PARTITIONS = 100_000, 8
WARM_EVENTS_PER_S = 50_000  # a short job is not worth a long warm-up
BUSY_MIN = 0.75  # of a core: below, neither engine nor broker is what limited

Row = dict[str, Any]


@click.command(
    epilog="Example: python -m benchmarks.ledger --engines flowdrop,layer --events 500000 --runs 1"
)
@click.option("--quick", is_flag=True, help="Fewer events, one run, no slow variants.")
@click.option("--engines", help="Only these, separated by commas (default: all).")
@click.option("--events", type=click.IntRange(1), help=f"Events  [default: {EVENTS:,}]")
@click.option(
    "--runs", type=click.IntRange(1), help=f"Runs, of which the median  [default: {RUNS}]"
)
@click.option("--accounts", default=ACCOUNTS, show_default=True, help="Wallets.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
def main(
    *,
    quick: bool,
    engines: str | None,
    events: int | None,
    runs: int | None,
    accounts: int,
    as_json: bool,
) -> None:
    """Measure the wallet job on flowdrop and its peers, and check every engine's output.

    Each engine reads the same events from one real broker, checks them, keeps balances and writes
    one result an event; its row is the median of its runs. Progress goes to standard error.
    """
    chosen = choose(engines, quick=quick)
    job = Job(events or (EVENTS_QUICK if quick else EVENTS), accounts, PARTITIONS)
    rows, failed = measure_all(chosen, job, runs or (RUNS_QUICK if quick else RUNS))
    with_ratios(rows)
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    elif rows:
        print(markdown([shown(row) for row in rows]))
    if failed:
        raise click.ClickException(f"no row for {', '.join(failed)}: see above")


def choose(names: str | None, *, quick: bool) -> list[Engine]:
    """Return the engines of the given names, or all that `--quick` has time for."""
    engines = all_engines()
    if names is None:
        return [engine for engine in engines if not (quick and engine.is_slow)]
    by_name = {engine.name: engine for engine in engines}
    chosen = []
    for name in names.split(","):
        if name.strip() not in by_name:
            raise click.ClickException(
                f"--engines: there is no engine {name.strip()!r}; choose from {', '.join(by_name)}"
            )
        chosen.append(by_name[name.strip()])
    return chosen


def measure_all(engines: Sequence[Engine], job: Job, runs: int) -> tuple[list[Row], list[str]]:
    """Measure each engine that can run here; say which can't.

    Returns:
        The rows, and the names of engines that died, stalled or wrote something wrong.
    """
    say(pinning())
    rows, failed = [], []
    with temporary_broker(min(WARM_SECONDS, job.events / WARM_EVENTS_PER_S)) as broker:
        for engine in engines:
            if why := engine.missing():
                say(f"{engine.name}: skipped, {why}")
                continue
            own = replace(job, events=min(job.events, engine.events_max))
            try:
                rows.append(_row(engine, own, _runs(broker, engine, own, runs)))
            except click.ClickException as error:
                say(error.message)
                failed.append(engine.name)
    return rows, failed


def _runs(broker: Broker, engine: Engine, job: Job, count: int) -> list[Measurement]:
    done: list[Measurement] = []
    for number in range(1, count + 1):
        done.append(measure(broker, engine, job))
        say(f"{engine.name} run {number}/{count}: {done[-1].events_per_s:,.0f} events/s")
        if max(done[-1].engine_cpu, done[-1].broker_cpu) < BUSY_MIN:
            say("  neither engine nor broker was busy: others use this machine, rates do not count")
    return done


def _row(engine: Engine, job: Job, runs: Sequence[Measurement]) -> Row:
    return {
        "engine": engine.name,
        "guarantee": engine.guarantee,
        "state": engine.state,
        **median(runs)._asdict(),
        "events": job.events,
        "runs": len(runs),
    }


def with_ratios(rows: list[Row]) -> list[Row]:
    """Add each rate as a multiple of three marks, `None` where a mark was not measured.

    The marks: Kafka Streams' fastest setting with a changelog, warm; confluent-kafka by hand; stock
    Faust. A rate is warm beside a warm one.
    """
    streams = [row for row in rows if row["engine"].startswith("kafka-streams")]
    marks = {
        "of_kafka_streams": max((row["warm_events_per_s"] for row in streams), default=None),
        "of_confluent_kafka": _rate(rows, "confluent-kafka"),
        "of_faust": _rate(rows, "faust"),
    }
    for row in rows:
        for name, mark in marks.items():
            own = row["warm_events_per_s" if name == "of_kafka_streams" else "events_per_s"]
            row[name] = round(own / mark, 2) if mark else None
    return rows


def _rate(rows: Sequence[Row], engine: str) -> float | None:
    return next((row["events_per_s"] for row in rows if row["engine"] == engine), None)


def shown(row: Row) -> Row:
    """Return a row for display."""

    def times(name: str) -> str | None:
        return None if row[name] is None else f"{row[name]:.2f}"

    return {
        "engine": row["engine"],
        "events/s": round(row["events_per_s"]),
        "warm": round(row["warm_events_per_s"]),
        "CPU s/M": f"{row['cpu_s_per_million']:.1f}",
        "warm CPU": f"{row['warm_cpu_s_per_million']:.1f}",
        "RSS MB": round(row["rss_mb"]),
        "its core": f"{row['engine_cpu']:.0%}",
        "broker's": f"{row['broker_cpu']:.0%}",
        "x KS": times("of_kafka_streams"),
        "x by hand": times("of_confluent_kafka"),
        "x Faust": times("of_faust"),
    }


if __name__ == "__main__":
    main()
