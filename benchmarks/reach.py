"""How fast reach and frequency are answered and fed, beside counting anew.

python -m benchmarks.reach                       1 million exposures
python -m benchmarks.reach --rows 100000000      as many as a large platform has

Exposures of 200 campaigns over 28 days, of which each has 0.87 times as many as the next, go into
campaign_events as the feed inserts them, a million at a time, and beside it into a table of the
same columns without views. Every question is asked several times; the engine's caches are warm.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import clickhouse_connect

from benchmarks.machine import say
from benchmarks.tables import markdown
from sql.client import rows, text
from sql.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

BLOCK = 1_000_000
CAMPAIGNS = tuple(f"campaign-{n}" for n in range(200))  # the largest first
WINDOW = {"begin": date(1970, 1, 1), "end": date(2149, 6, 6)}
WEEK = {"begin": date(2026, 3, 8), "end": date(2026, 3, 14)}
NO_CUT = {"attribute": "", "as_of": date(2149, 6, 6), "zone": "UTC"}
REPORT = ("reports/frequency_people", "reports/frequency_days", "reports/frequency_sums")
FEED = {"async_insert": 0, "deduplicate_blocks_in_dependent_materialized_views": 1}


def fill(client: Client, count: int, people: int) -> dict[str, float]:
    """Make exposures and insert them; return seconds by table."""
    client.command(text("benchmarks/reach_staged"))
    client.command(text("benchmarks/reach_plain"))
    values = {"rows": count, "people": people, "block": BLOCK}
    client.command(text("benchmarks/reach_stage"), values)
    taken = {"plain_events": 0.0, "campaign_events": 0.0}
    for block in range(-(-count // BLOCK)):
        for table in taken:
            settings = {**FEED, "insert_deduplication_token": f"{table}:{block}"}
            started = time.perf_counter()
            client.command(
                text("benchmarks/reach_feed"), {"table": table, "block": block}, settings=settings
            )
            taken[table] += time.perf_counter() - started
    for table in ("staged_events", "plain_events"):
        client.command(text("benchmarks/reach_drop"), {"table": table})
    return taken


def questions(client: Client) -> dict[str, list[Callable[[], Any]]]:
    """Return what is asked, each some times over."""

    def ask(query: str, *campaigns: str, **more: Any) -> Callable[[], Any]:
        return lambda: rows(client, query, campaigns=list(campaigns), **more)

    def report(name: str) -> Callable[[], Any]:
        asked = [ask(query, name, **WINDOW) for query in REPORT]
        return lambda: [each() for each in asked]

    largest, twenty = CAMPAIGNS[0], CAMPAIGNS[:20]
    cut = {"by": "channel", **NO_CUT}
    return {
        "reach by day of a campaign, all 200": [report(name) for name in CAMPAIGNS],
        "reach by day of the largest": [report(largest)] * 5,
        "k+ and frequency of the largest": [ask("reports/frequency_counts", largest)] * 5,
        "k+ and frequency of the largest, one week": [
            ask("reports/frequency_events", largest, **WEEK, **{**cut, "by": ""})
        ]
        * 3,
        "k+ and frequency of the largest, by channel": [
            ask("reports/frequency_events", largest, **WINDOW, **cut)
        ]
        * 3,
        "union of the 20 largest, and each": [ask("reports/frequency_people_whole", *twenty)] * 5,
        "uniqExact, the largest": [ask("benchmarks/reach_unique", largest, by="uniqExact")] * 3,
        "uniqExact, union of 20": [ask("benchmarks/reach_unique", *twenty, by="uniqExact")] * 3,
        "uniqCombined64, the largest": [ask("benchmarks/reach_unique", largest, by="")] * 3,
        "uniqCombined64, union of 20": [ask("benchmarks/reach_unique", *twenty, by="")] * 3,
    }


def timed(calls: list[Callable[[], Any]]) -> dict[str, float]:
    """Return the median and the 95th percentile of calls, in milliseconds, after one to warm up."""
    calls[0]()
    taken = []
    for call in calls:
        started = time.perf_counter()
        call()
        taken.append((time.perf_counter() - started) * 1000)
    cuts = statistics.quantiles(taken, n=20, method="inclusive")
    return {"p50_ms": statistics.median(taken), "p95_ms": cuts[-1]}


@click.command(epilog="Example: python -m benchmarks.reach --rows 10000000")
@click.option("--rows", "count", default=1_000_000, show_default=True, help="Exposures.")
@click.option("--people", default=0, help="People; a twentieth of the exposures by default.")
def main(count: int, people: int) -> None:
    """Measure feeding and asking, and print a table of each."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "warehouse")
        client = clickhouse_connect.get_client(interface="chdb", path=path)
        migrate(client)
        say(f"{count:,} exposures are made and inserted")
        taken = fill(client, count, people or max(1, count // 20))
        raw, fed = taken["plain_events"], taken["campaign_events"]
        say(markdown([
            {"table": table, "exposures/s": f"{count / seconds:,.0f}",
             "of a raw insert": f"{raw / seconds:.2f}"}
            for table, seconds in (("without views", raw), ("campaign_events", fed))
        ]))  # fmt: skip
        say(markdown([
            {"table": row["table"], "rows": f"{row['rows']:,}",
             "bytes an exposure": f"{row['bytes'] / count:.1f}"}
            for row in rows(client, "benchmarks/reach_sizes")
        ]))  # fmt: skip
        found = {name: timed(calls) for name, calls in questions(client).items()}
        say(markdown([
            {"question": name, **{key: f"{ms:,.0f}" for key, ms in own.items()}}
            for name, own in found.items()
        ]))  # fmt: skip
        client.close()


if __name__ == "__main__":
    main()
