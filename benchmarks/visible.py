"""From producing an exposure to its being counted in reach, through broker, worker and feed.

    python -m benchmarks.visible
    python -m benchmarks.visible --rate 2000 --seconds 10

Exposures of 200 campaigns come steadily from a process of their own; each person sees each campaign
once, and the channel names the partition, so that the people in `reach_days` tell how many
exposures of a partition are in, and so, since their order holds, which. A look takes place every
20 ms or when the last one has answered. What the first seconds send does not count.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import subprocess
import sys
import tempfile
import time
from array import array
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from confluent_kafka import Producer

from benchmarks.feed import Bench
from benchmarks.machine import exit_on_sigterm, say
from benchmarks.tables import markdown
from local.ports import free_port
from sql.client import rows
from streams.events import CAMPAIGN_TOPIC, partition_of
from tests import keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clickhouse_connect.driver.client import Client

PARTITIONS = 8
CAMPAIGNS = 200
RATE, SECONDS = 10_000, 30.0
WARM_SECONDS = 5.0  # not counted
TICK_SECONDS, LOOK_SECONDS = 0.005, 0.02
READY_SECONDS_MAX = 120.0
LAST_SECONDS_MAX = 60.0  # who needs longer for the last ones did not keep up
FLUSH_SECONDS_MAX = 30.0

Row = dict[str, Any]


class Exposures(NamedTuple):
    """Those that are sent: how many, and by how many people."""

    total: int
    people: int

    @classmethod
    def of(cls, count: int) -> Exposures:
        """Return `count` exposures, of which no person sees two of one campaign."""
        people = -(-count // CAMPAIGNS)
        while math.gcd(people + 1, CAMPAIGNS) != 1:
            people += 1
        return cls(count, people)

    def at(self, n: int) -> tuple[int, bytes, bytes]:
        """Return the partition, the key and the value of the n-th."""
        person = f"seer-{n % self.people}"
        campaign = f"campaign-{(n + n // self.people) % CAMPAIGNS}"
        partition = partition_of(person, PARTITIONS)
        event = {
            "specversion": "1.0",
            "id": f"x-{n}",
            "source": "bench",
            "type": "flowdrop.campaign.exposure",
            "time": f"2026-03-{1 + n % 28:02}T12:00:00Z",
            "subject": person,
            "data": {
                "campaign": campaign,
                "channel": f"lane-{partition}",
                "format": "display",
                "pixels": 0.75,
                "seconds": 1.5,
                "creative": f"{campaign}-{n % 4}",
            },
        }
        return partition, person.encode(), json.dumps(event).encode()


def produce(bootstrap: str, exposures: Exposures, rate: int) -> array[float]:
    """Send all but the first at `rate` a second; return when each was, in seconds since 1970."""
    sent = array("d", bytes(8 * exposures.total))
    records = [exposures.at(n) for n in range(exposures.total)]
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 1})
    began, n = time.monotonic(), 1
    while n < exposures.total:
        due = min(1 + int((time.monotonic() - began) * rate), exposures.total)
        for partition, key, value in records[n:due]:
            sent[n] = time.time()
            producer.produce(CAMPAIGN_TOPIC, value, key, partition)
            n += 1
        producer.poll(0)
        time.sleep(TICK_SECONDS)
    if left := producer.flush(FLUSH_SECONDS_MAX):
        raise RuntimeError(f"the broker did not acknowledge {left:,} exposures")
    return sent


@contextmanager
def worker(bench: Bench) -> Iterator[None]:
    """Run a worker with its settings."""
    env = os.environ | {
        "FLOWDROP_HOME": str(bench.folder / "worker"),
        "FLOWDROP_KAFKA": bench.kafka.bootstrap,
        "FLOWDROP_WORKER_TOKEN": secrets.token_hex(32),  # nobody asks its web views
        **keys.ENV,
        **bench.settings,
    }
    command = [sys.executable, "-m", "flowdrop", "worker", "--port", str(free_port())]
    with (bench.folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def measure(folder: Path, rate: int, seconds: float) -> Row:
    """Send `rate` a second for `seconds` after a warm-up; return how long they took to be seen."""
    exposures = Exposures.of(int(rate * (WARM_SECONDS + seconds)))
    bench, times = Bench(folder), folder / "times"
    with bench.running() as client, worker(bench), bench.feed():
        partition, key, value = exposures.at(0)
        producer = Producer({"bootstrap.servers": bench.kafka.bootstrap})
        producer.produce(CAMPAIGN_TOPIC, value, key, partition)
        producer.flush(FLUSH_SECONDS_MAX)
        if not _look(client, 1, READY_SECONDS_MAX):
            log = (folder / "worker.log").read_text()[-2000:]
            raise click.ClickException(f"the first exposure was never counted; the worker:\n{log}")
        argv = [bench.kafka.bootstrap, *map(str, exposures), str(rate), str(times)]
        sending = subprocess.Popen([sys.executable, "-m", "benchmarks.visible", "--send", *argv])
        longest = (exposures.total / rate) + LAST_SECONDS_MAX
        looks = _look(client, exposures.total, longest)
        if sending.wait(FLUSH_SECONDS_MAX):
            raise click.ClickException("the producing process failed")
    sent = array("d")
    with times.open("rb") as file:
        sent.fromfile(file, exposures.total)
    return _row(rate, exposures, sent, looks)


Looks = list[tuple[float, dict[str, int]]]  # when a look began that found so many of each channel


def _look(client: Client, count: int, seconds_max: float) -> Looks:
    """Look until `count` are seen; return what was found, or nothing when it took too long."""
    looks: Looks = []
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline:
        found = {row["channel"]: row["exposures"] for row in rows(client, "benchmarks/visible")}
        looks.append((time.time(), found))
        if sum(found.values()) >= count:
            return looks
        time.sleep(LOOK_SECONDS)
    return []


def _row(rate: int, exposures: Exposures, sent: Sequence[float], looks: Looks) -> Row:
    lanes: dict[str, list[int]] = {f"lane-{n}": [] for n in range(PARTITIONS)}
    for n in range(exposures.total):
        lanes[f"lane-{exposures.at(n)[0]}"].append(n)
    first = int(rate * WARM_SECONDS)
    delays = sorted(
        at - sent[n]
        for lane, own in lanes.items()
        for n, at in _seen(lane, own, looks)
        if n >= first
    )
    row: Row = {"rate_per_s": rate, "exposures": exposures.total - first, "kept_up": bool(looks)}
    for name, place in (("p50_s", 0.5), ("p99_s", 0.99), ("max_s", 1.0)):
        at = min(int(len(delays) * place), len(delays) - 1)
        row[name] = round(delays[at], 2) if delays else None
    took = [after[0] - before[0] for before, after in pairwise(looks)]
    row["between_looks_s"] = round(sum(took) / len(took), 2) if took else None
    return row


def _seen(lane: str, own: Sequence[int], looks: Looks) -> Iterator[tuple[int, float]]:
    """Yield each exposure of a partition and when the first look that shows it had answered."""
    done = 0
    for at, found in looks:
        for n in own[done : found.get(lane, 0)]:
            yield n, at
        done = max(done, found.get(lane, 0))


@click.command(epilog="Example: python -m benchmarks.visible --rate 2000 --seconds 10")
@click.option("--rate", default=RATE, show_default=True, help="Exposures per second.")
@click.option("--seconds", default=SECONDS, show_default=True, help="How long it is measured.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@click.option("--send", nargs=5, hidden=True, help="For the producing process.")
def main(
    *, rate: int, seconds: float, as_json: bool, send: tuple[str, str, str, str, str] | None
) -> None:
    """Measure the time from producing an exposure to seeing it counted in reach."""
    if send:
        bootstrap, count, people, pace, times = send
        sent = produce(bootstrap, Exposures(int(count), int(people)), int(pace))
        with Path(times).open("wb") as file:
            sent.tofile(file)
        return
    exit_on_sigterm()
    with tempfile.TemporaryDirectory(prefix="flowdrop-bench-") as folder:
        found = [measure(Path(folder), rate, seconds)]
    say(f"  {found[0]}")
    print(json.dumps(found, indent=2) if as_json else markdown(found))


if __name__ == "__main__":
    main()
