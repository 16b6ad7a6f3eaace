"""How long a worker takes to build its state again from the changelog.

python -m benchmarks.recovery [--accounts 1000000] [--bytes 150] [--partitions 8] [--json]

A real broker, a changelog written by the layer's own transactions, and a real worker process with
nothing to do but recover. The same start on an empty changelog is measured beside it, so that what
is left is the reading and applying.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from flowdrop.settings import load
from local.kafka.node import KafkaNode
from local.ports import HOST, free_port
from streams.layer.state import PartitionState
from streams.layer.table import BatchTable
from streams.layer.transactions import TransactionalProducer
from streams.layer.transport import BatchSchema
from streams.settings import StreamSettings
from streams.worker.app import create_app, run, serve_web, watch_over
from tests import keys

if TYPE_CHECKING:
    from faust.types import StreamT

PER_TRANSACTION = 5_000
READY_SECONDS_MAX = 240.0


def worker(name: str, kafka: str) -> None:
    """Run a worker that keeps each key's last value and says so; started by `launch`."""
    settings = load(StreamSettings)
    app = create_app(name, kafka, settings)
    serve_web(app, settings)
    table = BatchTable(
        app,
        name="accounts",
        source=f"{name}.source",
        outputs=(f"{name}.results",),
        bootstrap=kafka,
        interval_s=settings.transaction_interval_ms / 1000,
        partitions=settings.partitions,
    )
    watch_over(app, kafka, [table], settings)

    @app.agent(app.topic(table.source, schema=BatchSchema()), name="last")
    async def last(stream: StreamT[Any]) -> None:
        async for work in table.batches(stream):
            put, emit = work.state.put, work.state.emit
            for _, key, value in work.batch.records():
                put(key or b"", value)
                emit(f"{name}.results", work.partition, key, value)

    run(app)


def make_topics(kafka: str, name: str, partitions: int) -> None:
    """Make the source, the results and the changelog of app `name`."""
    admin = AdminClient({"bootstrap.servers": kafka})
    changelog = f"{name}-accounts-changelog"
    topics = [
        NewTopic(f"{name}.source", partitions, 1),
        NewTopic(f"{name}.results", partitions, 1),
        NewTopic(changelog, partitions, 1, config={"cleanup.policy": "compact"}),
    ]
    for future in admin.create_topics(topics).values():
        future.result(30)


def fill(kafka: str, name: str, partitions: int, accounts: int, size_bytes: int) -> None:
    """Write `accounts` records of `size_bytes` into the changelog of app `name`."""
    changelog = f"{name}-accounts-changelog"
    source = Producer({"bootstrap.servers": kafka})
    for number in range(partitions):
        source.produce(f"{name}.source", b"", b"account", number)  # what the changelog says is read
    source.flush(30)
    for number in range(partitions):
        producer = TransactionalProducer(kafka, f"fill-{name}-{number}", changelog, number, ())
        producer.open()
        mine = range(number, accounts, partitions)
        for first in range(0, len(mine), PER_TRANSACTION):
            state = PartitionState(number)
            for account in mine[first : first + PER_TRANSACTION]:
                state.put(b"account-%d" % account, os.urandom(size_bytes))
            state.open.next_offset = 1
            producer.commit(state.take())
        producer.close()


class Process:
    """A worker process of app `name`, with its log and its web views."""

    def __init__(self, kafka: str, name: str, home: Path, partitions: int) -> None:
        port = free_port()
        self.url = f"http://{HOST}:{port}"
        self.log = home / f"{name}-{port}.log"
        settings = {
            "FLOWDROP_HOME": str(home / f"{name}-{port}"),
            **keys.ENV,
            "FLOWDROP_PARTITIONS": str(partitions),
            "FLOWDROP_WORKER_PORT": str(port),
        }
        command = [sys.executable, "-m", "benchmarks.recovery", "--worker", name, "--kafka", kafka]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, env=os.environ | settings, stdout=log, stderr=log
            )

    def partitions(self) -> list[int]:
        """Return the partitions it serves; none while it does not."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:  # noqa: S310
                found: list[int] = json.load(answer)["partitions"]
                return found
        except OSError:
            return []

    def wait_ready(self) -> None:
        """Wait until it serves a partition."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not self.partitions():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the worker did not get ready; see {self.log}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()


def start(kafka: str, name: str, home: Path, partitions: int) -> dict[str, float]:
    """Start a worker; return the seconds until it is ready, and its CPU and memory then."""
    began = time.monotonic()
    process = Process(kafka, name, home, partitions)
    try:
        process.wait_ready()
        seconds = time.monotonic() - began
        seen = psutil.Process(process.process.pid)
        times = seen.cpu_times()
        return {
            "seconds": round(seconds, 2),
            "cpu_s": round(times.user + times.system, 2),
            "rss_mb": seen.memory_info().rss // 1_000_000,
        }
    finally:
        process.kill()


def measure(accounts: int, size_bytes: int, partitions: int) -> dict[str, Any]:
    """Return what an empty start and a recovery took."""
    with tempfile.TemporaryDirectory(prefix="recovery-") as folder:
        home = Path(folder)
        node = KafkaNode(home / "kafka")
        node.start()
        try:
            for name in ("empty", "full"):
                make_topics(node.bootstrap, name, partitions)
            print(f"write {accounts:,} accounts", file=sys.stderr)
            fill(node.bootstrap, "full", partitions, accounts, size_bytes)
            found = {}
            for name in ("empty", "full"):
                print(f"start on the {name} changelog", file=sys.stderr)
                found[name] = start(node.bootstrap, name, home, partitions)
        finally:
            node.stop()
    seconds = found["full"]["seconds"] - found["empty"]["seconds"]
    return {
        "accounts": accounts,
        "bytes": size_bytes,
        "partitions": partitions,
        **found,
        "recovery_seconds": round(seconds, 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--bytes", type=int, default=150)
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--kafka", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        sys.argv[1:] = []  # what is left is for Faust
        worker(options.worker, options.kafka)
        return
    found = measure(options.accounts, options.bytes, options.partitions)
    if options.json:
        print(json.dumps(found))
        return
    for name in ("empty", "full"):
        row = found[name]
        print(
            f"{name:<6} ready after {row['seconds']:5.2f} s, {row['cpu_s']:5.2f} s of CPU, "
            f"{row['rss_mb']:,} MB"
        )
    print(f"{found['accounts']:,} accounts rebuilt in {found['recovery_seconds']} s")


if __name__ == "__main__":
    main()
