"""A feed between a real broker and a real engine, fed with results whose sums are known."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec
import psutil
from confluent_kafka import Producer

from local import processes
from sql.client import connect
from streams.events import POSTINGS_TOPIC
from tests.stack import READY_SECONDS_MAX, Stack, wait_for

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

PARTITIONS = 8
MONTH_US = 31 * 86_400 * 10**6
START_US = 1_700_000_000 * 10**6
EXACT = """
SELECT
    (SELECT (count(), uniqExact(partition, offset), sum(amount), sum(source_offset))
        FROM ledger_results),
    (SELECT (count(), uniqExact(source_partition, source_offset, account),
        sum(amount * (source_offset + 1)), sum(version)) FROM postings),
    (SELECT (count(), uniqExact(source_partition, source_offset)) FROM deadletters)
"""


Broken: TypeAlias = "Callable[[int, int], bytes]"


class Sums(NamedTuple):
    """What must be in ClickHouse, read without FINAL."""

    results: tuple[int, int, int, int]
    postings: tuple[int, int, int, int]
    deadletters: tuple[int, int]


class World:
    """Sends results, runs feeds, breaks things, and says what must be stored."""

    def __init__(self, folder: Path) -> None:
        self.stack = Stack(folder)
        self.sums = Sums((0, 0, 0, 0), (0, 0, 0, 0), (0, 0))
        self.sources = [0] * PARTITIONS

    def start(self) -> None:
        self.stack.start()
        self.client = connect(self.stack.clickhouse)
        self._keep_every_row()
        self.producer = Producer(
            {"bootstrap.servers": self.stack.kafka.bootstrap, "transactional.id": "results"}
        )
        self.producer.init_transactions(30)

    def _keep_every_row(self) -> None:
        """Make the tables anew so that no merge may hide that a row is there twice."""
        names = ("ledger_results", "postings", "deadletters", "postings_view")
        made = [self.client.command(f"SHOW CREATE TABLE {name}") for name in names]
        for name in reversed(names):
            self.client.command(f"DROP TABLE {name} SYNC")
        for text in made:
            plain = str(text).replace("\\n", "\n").replace("\\'", "'")
            self.client.command(plain.replace("ReplacingMergeTree", "MergeTree"))
        engines = self.client.query(
            "SELECT DISTINCT engine FROM system.tables WHERE name IN {names:Array(String)}",
            parameters={"names": list(names[:-1])},
        )
        assert engines.result_rows == [("MergeTree",)]

    def send(self, count: int, broken: dict[int, Broken] | None = None) -> None:
        """Commit `count` results over all partitions.

        Some are `broken`, by their index: bytes made of the partition and source offset.
        """
        self.producer.begin_transaction()
        for index in range(count):
            number = index % PARTITIONS
            source = self.sources[number]
            self.sources[number] += 1 + index % 2  # not every record has a result
            make = (broken or {}).get(index, self._result)
            value = make(number, source)
            self.producer.produce(POSTINGS_TOPIC, value, b"cj:1", number)
            if index % 10_000 == 0:
                self.producer.poll(0)
        self.producer.commit_transaction(60)
        bad = len(broken or {})
        records, unique = self.sums.deadletters
        self.sums = self.sums._replace(deadletters=(records + bad, unique + bad))

    def _result(self, number: int, source: int) -> bytes:
        amount = source % 97
        results, postings = self.sums.results, self.sums.postings
        self.sums = self.sums._replace(
            results=_plus(results, (1, 1, amount, source)),
            postings=_plus(postings, (2, 2, 0, 2 * source)),
        )
        return result(number, source, amount)

    def stored(self) -> Sums:
        return Sums(*self.client.query(EXACT).result_rows[0])

    def wait_exact(self, seconds: float = 2 * READY_SECONDS_MAX) -> None:
        """Wait until as many results are stored as were sent; then everything must agree."""

        def all_there() -> bool:
            found = self.stored()
            return (
                found.results[0] >= self.sums.results[0]
                and found.postings[0] >= self.sums.postings[0]
                and found.deadletters[0] >= self.sums.deadletters[0]
            )

        wait_for(all_there, f"{self.sums}", seconds)
        assert self.stored() == self.sums

    def wait_some(self, more_than: int) -> None:
        wait_for(lambda: self.stored().results[0] > more_than, "some rows")

    @contextmanager
    def feed(self, **env: str) -> Iterator[subprocess.Popen[bytes]]:
        feed = self.stack.feed(**env)
        try:
            yield feed
        finally:
            stop(feed)

    @contextmanager
    def load(self, results_per_second: int = 4000) -> Iterator[None]:
        """Send results all the while."""
        ended = threading.Event()

        def keep_sending() -> None:
            while not ended.wait(0.2):
                self.send(results_per_second // 5)

        thread = threading.Thread(target=keep_sending)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def kill_engine(self) -> None:
        process = self.engine_process()
        process.kill()
        process.wait(10)

    def start_engine(self) -> None:
        processes.start(self.stack.engine)
        processes.wait_ready(self.stack.engine)

    def engine_process(self) -> psutil.Process:
        pid = processes.look(self.stack.engine).pid
        assert pid is not None
        return psutil.Process(pid)


def result(number: int, source: int, amount: int, **fields: Any) -> bytes:
    """A result as the ledger writes it, with two postings, in one of three months."""
    posting = {
        "account": [f"cj:{number}-{source % 1000}", f"issuer:x@{number}"],
        "kind": ["wallet", "issuer"],
        "amount": [amount, -amount],
        "balance": [amount, -amount],
        "version": [source, source],
    }
    return msgspec.json.encode(
        {
            "source_partition": number,
            "source_offset": source,
            "event_id": f"{number}-{source}",
            "event_source": "bench",
            "type": "earn",
            "subject": f"cj:{number}-{source % 1000}",
            "program": "liuliangbao",
            "time": START_US + source % 3 * MONTH_US,
            "outcome": "applied",
            "amount": amount,
            "posting": posting,
            **fields,
        }
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process, also one that is stopped."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGCONT)
        process.terminate()
        process.wait(READY_SECONDS_MAX)


def _plus(some: tuple[int, ...], more: tuple[int, ...]) -> Any:
    return tuple(a + b for a, b in zip(some, more, strict=True))
