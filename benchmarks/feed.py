"""How fast the feed is beside a raw insert of the same columns, and how fresh ClickHouse is.

python -m benchmarks.feed                 rows per second, CPU, the ratio to raw inserts
python -m benchmarks.feed --freshness     from produce to visible, at 10,000 results per second
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
import psutil
from confluent_kafka import Producer

from flowdrop.settings import load
from local import processes
from local.clickhouse.node import EngineNode
from local.kafka.node import KafkaNode
from sql.client import connect, text
from sql.migrate import migrate
from streams.events import POSTINGS_TOPIC
from streams.feed.columns import ledger_results
from streams.kafka.topics import create_topics
from streams.layer.batch import Batch
from streams.settings import StreamSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

PARTITIONS = 8
TOKEN = "insert_deduplication_token"  # noqa: S105 - the name of a setting
POLL_SECONDS = 0.05
COUNT, SEEN, PARTS, INSERTS = (
    text(f"benchmarks/{name}") for name in ("stored_results", "seen", "parts", "inserts")
)


def result(number: int, source: int) -> bytes:
    """Return the result of an earn event as the ledger writes it, about 330 bytes."""
    account = f"cj:{number}-{source % 12_500}"
    issuer = f"issuer:liuliangbao@{number}"
    posting = {
        "account": [account, issuer],
        "kind": ["wallet", "issuer"],
        "amount": [25, -25],
        "balance": [source, -source],
        "version": [source + 1, source + 1],
    }
    return msgspec.json.encode(
        {
            "source_partition": number,
            "source_offset": source,
            "event_id": f"basket-{number}-{source}",
            "event_source": "bench",
            "type": "earn",
            "subject": account,
            "program": "liuliangbao",
            "time": 1_700_000_000_000_000 + source * 1000,
            "outcome": "applied",
            "amount": 25,
            "activity": "shopping",
            "spend": 2599,
            "posting": posting,
        }
    )


class Bench:
    """A broker, an engine and a feed in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kafka = KafkaNode(folder / "kafka")
        node = EngineNode.of_its_own(folder)
        self.engine = node.part
        self.clickhouse = node.url("admin")
        self.settings = node.settings

    @contextmanager
    def running(self) -> Iterator[Client]:
        """Start broker and engine; end them."""
        self.kafka.start()
        processes.start(self.engine)
        try:
            processes.wait_ready(self.engine)
            client = connect(self.clickhouse)
            migrate(client)
            create_topics(self.kafka.bootstrap, load(StreamSettings))
            yield client
        finally:
            processes.stop(self.engine)
            self.kafka.stop()

    @contextmanager
    def feed(self) -> Iterator[psutil.Process]:
        """Run the feed."""
        env = os.environ | {
            "FLOWDROP_HOME": str(self.folder / "home"),
            "FLOWDROP_KAFKA": self.kafka.bootstrap,
            **self.settings,
        }
        with (self.folder / "feed.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "flowdrop", "feed"],
                env=env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(60)

    def engine_process(self) -> psutil.Process:
        """Return the engine's process."""
        pid = processes.look(self.engine).pid
        assert pid is not None
        return psutil.Process(pid)


def _number(client: Client, query: str) -> int:
    rows = client.query(query).result_rows
    return int(rows[0][0]) if rows else 0


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time that a process has taken."""
    times = process.cpu_times()
    return float(times.user + times.system)


def throughput(bench: Bench, count: int) -> dict[str, Any]:
    """Feed `count` results from a full topic, then insert the same columns raw."""
    with bench.running() as client:
        _fill(bench, count)
        fed = _feed_all(bench, client, count)
        block = max(1, round(count / fed["inserts"]))
        engine = bench.engine_process()
        raw = {kind: _raw(client, engine, count, block, kind) for kind in ("python lists", "arrow")}
    ratios = {
        f"feed_to_{kind.replace(' ', '_')}": round(fed["rows_per_s"] / one["rows_per_s"], 2)
        for kind, one in raw.items()
    }
    return {"rows": count, "rows_an_insert": block, "feed": fed, "raw": raw, **ratios}


def _fill(bench: Bench, count: int) -> None:
    producer = Producer(
        {"bootstrap.servers": bench.kafka.bootstrap, "linger.ms": 50, "compression.type": "lz4"}
    )
    for index in range(count):
        number, source = index % PARTITIONS, index // PARTITIONS
        producer.produce(POSTINGS_TOPIC, result(number, source), b"k", number)
        if index % 5000 == 0:
            producer.flush()
    producer.flush()


def _feed_all(bench: Bench, client: Client, count: int) -> dict[str, Any]:
    engine = bench.engine_process()
    inserts = _number(client, INSERTS)
    with bench.feed() as feed:
        while not (first := _number(client, COUNT)):
            time.sleep(POLL_SECONDS)
        began, cpu = time.monotonic(), (cpu_seconds(feed), cpu_seconds(engine))
        while (stored := _number(client, COUNT)) < count:
            time.sleep(POLL_SECONDS)
        seconds = time.monotonic() - began
        spent = (cpu_seconds(feed) - cpu[0], cpu_seconds(engine) - cpu[1])
        memory = feed.memory_info().rss
    assert stored == count
    return {
        "rows_per_s": round((count - first) / seconds),
        "feed_cpu_s_per_million": round(spent[0] * 1e6 / (count - first), 2),
        "engine_cpu_s_per_million": round(spent[1] * 1e6 / (count - first), 2),
        "feed_rss_mb": memory // 2**20,
        "inserts": _number(client, INSERTS) - inserts,
    }


def _raw(
    client: Client, engine: psutil.Process, count: int, block: int, kind: str
) -> dict[str, Any]:
    for table in ("ledger_results", "postings"):
        client.command(f"TRUNCATE TABLE {table}")
    tables = [_columns(start, min(start + block, count)) for start in range(0, count, block)]
    names = tables[0].column_names
    lists = [_lists(table) for table in tables] if kind != "arrow" else []
    own = psutil.Process()
    began, cpu = time.monotonic(), (cpu_seconds(own), cpu_seconds(engine))
    for index, table in enumerate(tables):
        settings = {"async_insert": 0, TOKEN: f"{kind}{index}"}
        if lists:
            client.insert(
                "ledger_results",
                lists[index],
                column_names=names,
                column_oriented=True,
                settings=settings,
            )
        else:
            client.insert_arrow("ledger_results", table, settings=settings)
    seconds = time.monotonic() - began
    assert _number(client, COUNT) == count
    return {
        "rows_per_s": round(count / seconds),
        "client_cpu_s_per_million": round((cpu_seconds(own) - cpu[0]) * 1e6 / count, 2),
        "engine_cpu_s_per_million": round((cpu_seconds(engine) - cpu[1]) * 1e6 / count, 2),
    }


def _columns(start: int, end: int) -> Any:
    values: list[bytes | None] = [result(0, source) for source in range(start, end)]
    keys: list[bytes | None] = [b"k"] * len(values)
    offsets = list(range(start, end))
    batch = Batch(POSTINGS_TOPIC, 0, start, end, keys, values, offsets, offsets, [], 0)
    return ledger_results(batch).table


def _lists(table: Any) -> list[list[Any]]:
    columns = dict(zip(table.column_names, table.columns, strict=True))
    columns["time"] = columns["time"].cast("int64")  # ticks, which are quickest
    return [column.to_pylist() for column in columns.values()]


def freshness(bench: Bench, rate: int, seconds: int) -> dict[str, Any]:
    """Produce `rate` results per second and watch when ClickHouse shows them."""
    with bench.running() as client, bench.feed():
        sent, seen = _pace(bench, client, rate, seconds)
        parts = [f"{table}: {number}" for table, number in client.query(PARTS).result_rows]
    delays = sorted(
        at - moment
        for number, moments in enumerate(sent)
        for moment, at in _when_seen(moments, seen[number])
    )
    return {
        "rate": rate,
        "results": len(delays),
        "p50_s": round(delays[len(delays) // 2], 2),
        "p99_s": round(delays[len(delays) * 99 // 100], 2),
        "max_s": round(delays[-1], 2),
        "active_parts": parts,
    }


def _pace(
    bench: Bench, client: Client, rate: int, seconds: int
) -> tuple[list[list[float]], list[list[tuple[float, int]]]]:
    producer = Producer({"bootstrap.servers": bench.kafka.bootstrap, "linger.ms": 5})
    sent: list[list[float]] = [[] for _ in range(PARTITIONS)]
    seen: list[list[tuple[float, int]]] = [[] for _ in range(PARTITIONS)]
    _send(producer, sent, PARTITIONS)
    while len(client.query(SEEN).result_rows) < PARTITIONS:  # the feed is ready
        time.sleep(POLL_SECONDS)
    began = time.monotonic()
    done = 0
    while done < rate * seconds or any(m[-1][1] < len(sent[n]) - 1 for n, m in enumerate(seen)):
        due = int(min(time.monotonic() - began, seconds) * rate)
        _send(producer, sent, due - done)
        done = due
        for number, source in client.query(SEEN).result_rows:
            seen[number].append((time.monotonic(), source))
        time.sleep(POLL_SECONDS)
    return sent, seen


def _send(producer: Producer, sent: list[list[float]], count: int) -> None:
    for index in range(count):
        number = index % PARTITIONS
        producer.produce(POSTINGS_TOPIC, result(number, len(sent[number])), b"k", number)
        sent[number].append(time.monotonic())
    producer.poll(0)


def _when_seen(
    moments: list[float], seen: list[tuple[float, int]]
) -> Iterator[tuple[float, float]]:
    """Yield when each result was sent and when a poll first showed it, the first aside."""
    marks = iter(seen)
    at, last = next(marks)
    for source, moment in enumerate(moments[1:], 1):
        while last < source:
            at, last = next(marks)
        yield moment, at


@click.command()
@click.option("--rows", default=1_000_000, show_default=True, help="Results to feed.")
@click.option("--freshness", "fresh", is_flag=True, help="Measure delay instead of throughput.")
@click.option("--rate", default=10_000, show_default=True, help="Results a second.")
@click.option("--seconds", default=60, show_default=True, help="How long to produce.")
def main(*, rows: int, fresh: bool, rate: int, seconds: int) -> None:
    """Measure the feed on a broker and an engine of its own; print JSON."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        found = freshness(bench, rate, seconds) if fresh else throughput(bench, rows)
    click.echo(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
