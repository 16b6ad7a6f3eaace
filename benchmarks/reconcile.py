"""How long `flowdrop reconcile` takes, and how much memory, on a stack of its own.

    python -m benchmarks.reconcile                  # 1,000,000 records in wallet.events
    python -m benchmarks.reconcile --events 100000 --runs 1 --json

It starts a broker, an engine, a worker and a feed in a temporary folder, publishes a mix of wallet
events, waits until they are stored, and runs the command as a user would. Given are the median of
the runs, the seconds by part that the command itself reports (of all its processes, so they may
add up to more than the wall clock), and the highest sum of resident memory of its processes.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import psutil

from flowdrop.output import print_json, print_rows, say
from streams.events import WALLET_TOPIC, partition_of
from streams.kafka.publish import publish_records
from tests.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTITIONS = 8
PROGRAM = "liuliangbao"
START = datetime(2026, 3, 1, tzinfo=UTC)
SETTLE_SECONDS_MAX = 900
SAMPLE_SECONDS = 0.05

# What is sent after the wallets are opened, of a hundred events. Seven transfers of eight go to
# another partition and bring a leg into the log, which counts as a record too.
SHARES = {"earn": 60, "grant": 10, "redeem": 10, "transfer": 17, "repeat": 2, "broken": 1}
LEGS_AN_EVENT = SHARES["transfer"] / 100 * (PARTITIONS - 1) / PARTITIONS


def records(
    count: int, accounts: int, seed: int = 1
) -> Iterator[tuple[str, int, bytes | None, bytes | None]]:
    """Yield about `count` records of wallet.events, legs included, over `accounts` wallets."""
    draw = random.Random(seed)  # noqa: S311 - the same events each time
    for number in range(PARTITIONS):
        subject = f"budget:bench@{number}"
        data = {"program": PROGRAM, "campaign": "bench", "amount": 10**12}
        yield _record("fund", f"fund-{number}", subject, START, data, number)
    for number in range(accounts):
        yield _record("open", f"open-{number}", f"person-{number}", START, {"program": PROGRAM})
    kinds = draw.choices(
        list(SHARES),
        list(SHARES.values()),
        k=int((count - accounts) / (1 + LEGS_AN_EVENT)),
    )
    last = None
    for number, kind in enumerate(kinds):
        if kind == "broken":
            yield (WALLET_TOPIC, number % PARTITIONS, b"person-1", b'{"type": "?')
            continue
        if kind != "repeat" or last is None:
            subject = f"person-{draw.randrange(accounts)}"
            when = START + timedelta(milliseconds=number)
            kind = "earn" if kind == "repeat" else kind  # noqa: PLW2901
            last = _record(kind, f"event-{number}", subject, when, _data(kind, draw, accounts))
        yield last


def _data(kind: str, draw: random.Random, accounts: int) -> dict[str, Any]:
    amount = draw.randint(1, 100)
    return {"program": PROGRAM} | {
        "earn": {"activity": "game", "amount": amount},
        "grant": {"campaign": "bench", "amount": amount},
        "redeem": {"carrier": "unicom", "amount": amount // 10 + 1},
        "transfer": {"to": f"person-{draw.randrange(accounts)}", "amount": amount // 4 + 1},
    }[kind]


def _record(
    kind: str,
    event_id: str,
    subject: str,
    when: datetime,
    data: dict[str, Any],
    partition: int | None = None,
) -> tuple[str, int, bytes, bytes]:
    value = {
        "specversion": "1.0",
        "id": event_id,
        "source": "flowdrop/benchmarks/reconcile",
        "type": f"flowdrop.wallet.{kind}",
        "time": when.isoformat(),
        "subject": subject,
        "data": data,
    }
    home = partition_of(subject, PARTITIONS) if partition is None else partition
    return WALLET_TOPIC, home, subject.encode(), json.dumps(value).encode()


def measure(stack: Stack, *options: str) -> dict[str, Any]:
    """Run the command once; return its report with `wall_s` and `rss_mb_max` added."""
    began = time.monotonic()
    command = [sys.executable, "-m", "flowdrop", "reconcile", "--json", *options]
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, env=stack.env, stdout=out)
        peak = 0
        while process.poll() is None:
            peak = max(peak, _resident_bytes(process.pid))
            time.sleep(SAMPLE_SECONDS)
        wall = time.monotonic() - began
        out.seek(0)
        report: dict[str, Any] = json.load(out)
    return report | {"wall_s": round(wall, 2), "rss_mb_max": round(peak / 1e6)}


def _resident_bytes(pid: int) -> int:
    total = 0
    try:
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            total += process.memory_info().rss
    except psutil.NoSuchProcess:
        return total
    return total


def fill(stack: Stack, events: int, accounts: int) -> None:
    """Start a worker and a feed, publish, and wait until everything is stored."""
    stack.worker()
    stack.feed()
    began = time.monotonic()
    publish_records(records(events, accounts), stack.env["FLOWDROP_KAFKA"])
    say(f"published in {time.monotonic() - began:.1f} s")
    stack.flowdrop("reconcile", "--wait", str(SETTLE_SECONDS_MAX), "--json")
    say(f"stored and reconciled once after {time.monotonic() - began:.1f} s")


@click.command()
@click.option("--events", default=1_000_000, show_default=True, help="Records in wallet.events.")
@click.option("--accounts", default=100_000, show_default=True, help="Wallets.")
@click.option("--runs", default=3, show_default=True, help="Runs; the median one is given.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(events: int, accounts: int, runs: int, *, as_json: bool) -> None:
    """Measure `flowdrop reconcile` and print seconds by part and peak memory."""
    with tempfile.TemporaryDirectory(prefix="flowdrop-reconcile-") as folder:
        stack = Stack(Path(folder), {"FLOWDROP_PARTITIONS": str(PARTITIONS)})
        stack.start()
        try:
            fill(stack, events, accounts)
            reports = [measure(stack) for _ in range(runs)]
        finally:
            stack.stop()
    middle = statistics.median_low([report["wall_s"] for report in reports])
    report = next(report for report in reports if report["wall_s"] == middle)
    if as_json:
        print_json(report | {"runs_s": [one["wall_s"] for one in reports]})
        return
    seconds = {"wall clock": report["wall_s"], **report.get("seconds", {})}
    print_rows([{"part": part, "seconds": s} for part, s in seconds.items()], title="Reconcile")
    walls = ", ".join(f"{one['wall_s']} s" for one in reports)
    say(
        f"{sum(report['inputs'].values()):,} records, {report['accounts']:,} accounts, "
        f"at most {report['rss_mb_max']:,} MB in all its processes; runs: {walls}"
    )


if __name__ == "__main__":
    main()
