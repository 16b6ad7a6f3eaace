"""Events by HTTP on one core: how many a second are acknowledged, and how long that takes.

    python -m benchmarks.intake
    python -m benchmarks.intake --engines flowdrop --seconds 5

The intake has a core of its own, the broker and the process that posts share the other. First each
engine is given all it takes, from 32 connections, then half of what the intake is to do, steadily.
Every event that was answered with 202 is counted in Kafka.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from benchmarks import intake_peer
from benchmarks.broker import temporary_broker
from benchmarks.machine import BROKER_CORE, ENGINE_CORE, Watch, on_core, pinning, say
from benchmarks.posting import EARN, EXPOSURE, SOURCE, Load
from benchmarks.tables import markdown
from flowdrop.settings import load
from local.ports import answers, free_port
from streams.events import CAMPAIGN_TOPIC, WALLET_TOPIC
from streams.kafka.topics import create_topics
from streams.settings import StreamSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.broker import Broker

ENGINES = ("flowdrop", "fastapi")
START_SECONDS_MAX = 30.0
WARM_SECONDS = 3.0
CONNECTIONS = 32
KEPT_UP = 0.98  # of what was asked; with less, times are those of a queue that grows

Row = dict[str, Any]


class Shape(NamedTuple):
    """How events come: `size` in a request (0: one, no list), and half of what is to be done."""

    name: str
    size: int
    half_per_s: int


SHAPES = (Shape("hundreds", 100, 30_000), Shape("single", 0, 1_000))


class Engine(NamedTuple):
    """A server that runs."""

    name: str
    pid: int
    port: int
    token: str

    def path(self, shape: Shape) -> str:
        """Return the address at which it takes events of a shape."""
        return "/v1/event" if self.name == "fastapi" and not shape.size else "/v1/events"


@click.command(epilog="Example: python -m benchmarks.intake --engines flowdrop --seconds 5")
@click.option("--engines", default=",".join(ENGINES), show_default=True, help="Which, with commas.")
@click.option("--seconds", default=15.0, show_default=True, help="How long each is measured.")
@click.option("--warm", default=40.0, show_default=True, help="Seconds in which Java compiles.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
def main(*, engines: str, seconds: float, warm: float, as_json: bool) -> None:
    """Measure events by HTTP until Kafka has acknowledged them.

    Progress goes to standard error; times are in milliseconds.
    """
    say(pinning())
    rows = []
    with temporary_broker(warm) as broker:
        create_topics(broker.bootstrap, load(StreamSettings))
        for name in engines.split(","):
            with running(name, broker.bootstrap) as engine:
                for shape in SHAPES:
                    for rate in (0, shape.half_per_s):
                        rows.append(measure(broker, engine, shape, rate, seconds))
                        say(json.dumps(rows[-1]))
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    else:
        print(markdown([shown(row) for row in rows]))


@contextmanager
def running(name: str, bootstrap: str) -> Iterator[Engine]:
    """Start a server on its core; end it by SIGTERM."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="flowdrop-bench-") as folder:
        env = {own: v for own, v in os.environ.items() if not own.startswith("FLOWDROP_")}
        env |= {"FLOWDROP_HOME": str(Path(folder, "home")), "FLOWDROP_KAFKA": bootstrap}
        if name == "flowdrop":
            token = _key(env)
            command = ["-m", "flowdrop", "intake", "serve", "--port", str(port)]
        else:
            token = intake_peer.TOKEN
            command = ["-m", "benchmarks.intake_peer", bootstrap, str(port)]
        with on_core(ENGINE_CORE):
            process = subprocess.Popen([sys.executable, *command], env=env)
        try:
            deadline = time.monotonic() + START_SECONDS_MAX
            while not answers(port):
                if time.monotonic() > deadline or process.poll() is not None:
                    raise click.ClickException(f"{name} did not start; see above")
                time.sleep(0.1)
            yield Engine(name, process.pid, port, token)
        finally:
            process.terminate()
            process.wait(START_SECONDS_MAX)


def _key(env: dict[str, str]) -> str:
    options = ["--source", SOURCE, "--type", EXPOSURE, "--type", EARN, "--rate", "10000000"]
    made = subprocess.run(
        [sys.executable, "-m", "flowdrop", "intake", "keys", "create", *options],
        env=env,
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.strip()


def measure(broker: Broker, engine: Engine, shape: Shape, rate: int, seconds: float) -> Row:
    """Post events of a shape, `rate` a second or all that is taken; return the row."""
    size = shape.size or 1
    wanted = Load(
        port=engine.port,
        path=engine.path(shape),
        token=engine.token,
        size=shape.size,
        connections=CONNECTIONS * (4 if rate else 1),
        rate=rate / size,
        seconds=seconds,
        warm_seconds=WARM_SECONDS,
    )
    before = _in_kafka(broker)
    watch, watched = Watch(engine.pid), Watch(broker.pid)
    began = time.time()
    with on_core(BROKER_CORE):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.posting", json.dumps(asdict(wanted))],
            check=True,
            capture_output=True,
            text=True,
        )
    end = time.time()
    watch.stop()
    watched.stop()
    found = json.loads(done.stdout)
    came = _in_kafka(broker) - before
    if came != found["sent"] * size or found["others"]:
        raise click.ClickException(
            f"{engine.name}: of {found['sent'] * size:,} events Kafka has {came:,}, and "
            f"{found['others']:,} requests were not answered with 202"
        )
    per_s = round(found["taken"] * size / seconds)
    kept_up = per_s >= rate * KEPT_UP
    return {
        "engine": engine.name,
        "shape": shape.name,
        "asked_per_s": rate or None,
        "events_per_s": per_s,
        "kept_up": kept_up,
        "p50_ms": found["p50_ms"] if kept_up else None,
        "p99_ms": found["p99_ms"] if kept_up else None,
        "max_ms": found["max_ms"] if kept_up else None,
        "us_per_event": round(watch.cpu_s(began, end) / came * 1e6, 1),
        "broker_us_per_event": round(watched.cpu_s(began, end) / came * 1e6, 1),
    }


def _in_kafka(broker: Broker) -> int:
    partitions = load(StreamSettings).partitions
    return sum(broker.ends(topic, partitions) for topic in (WALLET_TOPIC, CAMPAIGN_TOPIC))


def shown(row: Row) -> Row:
    """Return a row as people read it."""
    return {
        "engine": row["engine"],
        "events": row["shape"],
        "asked/s": row["asked_per_s"] or "all",
        "events/s": row["events_per_s"],
        "p50 ms": row["p50_ms"] if row["kept_up"] else "can't",
        "p99 ms": row["p99_ms"],
        "max ms": row["max_ms"],
        "CPU us": row["us_per_event"],
        "broker's": row["broker_us_per_event"],
    }


if __name__ == "__main__":
    main()
