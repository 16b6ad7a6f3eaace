"""From produce to result: what a client waits for, at a steady rate.

    python -m benchmarks.latency
    python -m benchmarks.latency --engines flowdrop,layer --rates 2000 --seconds 10

A process of its own produces in ticks of 5 ms, lingering for 1 ms; a `read_committed` consumer
notes when each event's result arrives. Both use one machine's clock, and whichever core has room:
on the broker's alone they would be what the broker waits for. What the broker took to acknowledge
an event is given beside, so that a slow producer would be visible. A first run does not count.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from array import array
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmarks.broker import temporary_broker
from benchmarks.job import Job
from benchmarks.ledger import choose
from benchmarks.machine import ENGINE_CORE, pinning, say
from benchmarks.measure import prepared, running
from benchmarks.tables import markdown

if TYPE_CHECKING:
    from confluent_kafka import Consumer

    from benchmarks.broker import Broker
    from benchmarks.engines import Engine
    from benchmarks.measure import Running

ENGINES = "flowdrop,layer,faust,kafka-streams-memory-alo,kafka-streams-memory-eos"
RATES = "2000,10000"
ACCOUNTS, PARTITIONS = 10_000, 8
WARM_SECONDS = 8.0  # not counted: first fetches, the just-in-time compiler
FIRST_SECONDS_MAX = 90.0
LAST_SECONDS_MAX = 10.0  # an engine that needs longer for its last results did not keep up

_NUMBER = re.compile(rb"b-(\d{8})")

Row = dict[str, Any]


@click.command(epilog="Example: python -m benchmarks.latency --rates 2000 --engines flowdrop,faust")
@click.option(
    "--engines", default=ENGINES, show_default=True, help="Which engines, separated by commas."
)
@click.option(
    "--rates", default=RATES, show_default=True, help="Events per second, separated by commas."
)
@click.option("--seconds", default=20.0, show_default=True, help="How long each is measured.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
def main(*, engines: str, rates: str, seconds: float, as_json: bool) -> None:
    """Measure the time from producing an event to reading its committed result.

    Progress goes to standard error; times are in milliseconds.
    """
    say(pinning())
    rows = []
    with temporary_broker(0) as broker:
        say("  a run that does not count: Java compiles the broker")
        (bare,) = choose("layer", quick=False)
        measure(broker, bare, max(map(int, rates.split(","))), seconds)
        for engine in choose(engines, quick=False):
            if why := engine.missing():
                say(f"{engine.name}: skipped, {why}")
                continue
            for rate in map(int, rates.split(",")):
                rows.append(measure(broker, engine, rate, seconds))
                say(json.dumps(rows[-1]))
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    else:
        print(markdown([shown(row) for row in rows]))


def measure(broker: Broker, engine: Engine, rate: int, seconds: float) -> Row:
    """Send `rate` events per second to `engine` for `seconds` after a warm-up; return its row."""
    events = int(rate * (WARM_SECONDS + seconds))
    job = Job(events, ACCOUNTS, PARTITIONS)
    with prepared(broker, engine, job, is_live=True) as place:
        with running(engine, place, 1, ENGINE_CORE) as alive:
            consumer = broker.consumer(place.results)
            arrived = array("d", bytes(8 * events))
            broker.publish(place.source, islice(job.records(), 1))
            if not _collect(consumer, arrived, 1, FIRST_SECONDS_MAX, alive):
                raise click.ClickException(f"{engine.name} gave no result; see its log")
            times = Path(place.folder) / "times"
            command = paced_command(place.bootstrap, place.source, job, rate, times)
            producer = subprocess.Popen(command)
            _collect(consumer, arrived, events, events / rate + LAST_SECONDS_MAX, alive)
            consumer.close()
            producer.wait(60)
        sent, acked = array("d"), array("d")
        with times.open("rb") as file:
            sent.fromfile(file, events)
            acked.fromfile(file, events)
    return _row(engine.name, rate, sent, acked, arrived)


def paced_command(bootstrap: str, source: str, job: Job, rate: int, times: Path) -> list[str]:
    """Return the command of the producing process."""
    options = json.dumps(asdict(job))
    return [
        *(sys.executable, "-m", "benchmarks.paced"),
        *(bootstrap, source, options, str(rate), str(times)),
    ]


def _collect(
    consumer: Consumer, arrived: array[float], count: int, seconds_max: float, alive: Running
) -> bool:
    """Note when each event's first result arrives, until the first `count` have theirs."""
    deadline = time.monotonic() + seconds_max
    missing = sum(1 for when in islice(arrived, count) if not when)
    while missing:
        message = consumer.poll(0.5)
        if message is None:
            alive.expect_alive()
        elif message.error() is None and (found := _NUMBER.search(message.value() or b"")):
            number = int(found[1])
            if number < count and not arrived[number]:
                arrived[number] = time.time()
                missing -= 1
        if missing and time.monotonic() > deadline:
            return False
    return True


def _row(
    engine: str, rate: int, sent: array[float], acked: array[float], arrived: array[float]
) -> Row:
    first = int(rate * WARM_SECONDS)
    numbers = range(first, len(sent))
    lost = sum(1 for n in numbers if not arrived[n])
    delays = sorted((arrived[n] - sent[n]) * 1000 for n in numbers if arrived[n])
    acks = sorted((acked[n] - sent[n]) * 1000 for n in numbers if acked[n])
    if len(acks) < len(numbers):
        raise click.ClickException(
            f"the broker did not take {rate:,} events a second from the producer: "
            f"{len(numbers) - len(acks):,} were not acknowledged; the machine is busy elsewhere"
        )
    seconds = sent[-1] - sent[first]
    kept = not lost
    return {
        "engine": engine,
        "rate_per_s": rate,
        "sent_per_s": round((len(numbers) - 1) / seconds),
        "kept_up": kept,
        "p50_ms": _percentile(delays, 0.5) if kept else None,
        "p99_ms": _percentile(delays, 0.99) if kept else None,
        "max_ms": _percentile(delays, 1.0) if kept else None,
        "ack_p50_ms": _percentile(acks, 0.5),
        "ack_p99_ms": _percentile(acks, 0.99),
        "late": lost,
    }


def _percentile(ordered: list[float], share: float) -> float:
    return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 1)


def shown(row: Row) -> Row:
    """Return a row for display."""
    return {
        "engine": row["engine"],
        "events/s": row["rate_per_s"],
        "p50 ms": row["p50_ms"] if row["kept_up"] else "can't",
        "p99 ms": row["p99_ms"],
        "max ms": row["max_ms"],
        "ack p50": row["ack_p50_ms"],
        "ack p99": row["ack_p99_ms"],
    }


if __name__ == "__main__":
    main()
