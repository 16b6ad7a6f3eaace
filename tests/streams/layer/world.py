"""Topics, workers and a naive count for tests of the layer on a real broker."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from itertools import takewhile
from operator import eq
from typing import TYPE_CHECKING, Any

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from local.ports import HOST, free_port
from tests.stack import ask, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PARTITIONS = 4
Row = tuple[int, bytes, bytes]  # offset, key, value


class World:
    """One app with its own topics on a broker that other tests may share."""

    def __init__(
        self,
        kafka: str,
        folder: Path,
        name: str,
        changelog: dict[str, str] | None = None,
        **settings: object,
    ) -> None:
        self.kafka = kafka
        self.folder = folder
        self.name = name
        self.settings = {f"FLOWDROP_{key.upper()}": str(v) for key, v in settings.items()}
        self.workers: list[Worker] = []
        self.source, self.results = f"{name}.source", f"{name}.results"
        self.changelog = f"{name}-counts-changelog"
        self.admin = AdminClient({"bootstrap.servers": kafka})
        self.producer = Producer(
            {"bootstrap.servers": kafka, "linger.ms": 5, "enable.idempotence": True}
        )
        self.create(self.source, self.results)
        self.create(f"{self.results}.small", **{"max.message.bytes": "1000"})
        self.create(self.changelog, **{"cleanup.policy": "compact", **(changelog or {})})

    def create(self, *names: str, **config: str) -> None:
        topics = [NewTopic(name, PARTITIONS, 1, config=config) for name in names]
        for future in self.admin.create_topics(topics).values():
            future.result(30)
        wait_for(lambda: all(self._led(name) for name in names), "leaders")

    def recreate(self, name: str, **config: str) -> None:
        self.admin.delete_topics([name])[name].result(30)
        wait_for(lambda: name not in self.admin.list_topics(timeout=10).topics, "the deletion")
        self.create(name, **config)

    def _led(self, name: str) -> bool:
        topic = self.admin.list_topics(timeout=10).topics.get(name)
        return topic is not None and all(p.leader >= 0 for p in topic.partitions.values())

    def send(self, records: Iterable[tuple[str, bytes]], topic: str | None = None) -> None:
        """Append `(key, value)`; the key's hash gives the partition."""
        for key, value in records:
            self.producer.poll(0)
            self.producer.produce(
                topic or self.source, value, key, partition=sum(key.encode()) % PARTITIONS
            )
        assert self.producer.flush(60) == 0

    def numbers(self, count: int, *, keys: int = 50, first: int = 0) -> None:
        self.send((f"k{i % keys}", b"%d" % i) for i in range(first, first + count))

    def worker(self, *, wait: bool = True, **settings: object) -> Worker:
        worker = Worker(self, len(self.workers), settings)
        self.workers.append(worker)
        if wait:
            worker.wait_ready()
        return worker

    def stop(self) -> None:
        for worker in self.workers:
            worker.kill()

    def read(self, topic: str, *, committed: bool = True) -> list[list[Row]]:
        """Return what each partition of `topic` holds up to its end now."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.kafka,
                "group.id": "test-reader",
                "isolation.level": "read_committed" if committed else "read_uncommitted",
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 10,  # the end is told by a fetch that waited in vain
            }
        )
        consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
        try:
            return _rows(consumer)
        finally:
            consumer.close()

    def expected(self) -> list[list[Row]]:
        """Return the results that a naive count of the source gives."""
        found = []
        for rows in self.read(self.source):
            counts: Counter[bytes] = Counter()
            wanted = []
            for total, (offset, key, _) in enumerate(rows, start=1):
                counts[key] += 1
                wanted.append((key, b"%d %d %d" % (offset, counts[key], total)))
            found.append(wanted)
        return found

    def results_now(self) -> list[list[tuple[bytes, bytes]]]:
        return [[(key, value) for _, key, value in rows] for rows in self.read(self.results)]

    def wait_done(self, seconds: float = 60) -> None:
        """Wait until as many results are committed as the source has records."""
        wanted = sum(map(len, self.read(self.source)))
        wait_for(lambda: sum(map(len, self.results_now())) >= wanted, "the results", seconds)

    def assert_exact(self) -> None:
        """Every result once, in order; the state in the changelog as a naive count has it."""
        expected = self.expected()
        for number, (found, wanted) in enumerate(zip(self.results_now(), expected, strict=True)):
            alike = sum(takewhile(bool, map(eq, found, wanted)))
            assert found == wanted, (
                f"partition {number}: {len(found)} results of {len(wanted)}, and after {alike}: "
                f"{found[alike : alike + 3]} where {wanted[alike : alike + 3]} should be"
            )
        for number, rows in enumerate(self.read(self.changelog)):
            state = {key: value for _, key, value in rows if not key.startswith(b"\x00")}
            counts = Counter(key for key, _ in expected[number])
            wanted = {key: b"\x01%d" % n for key, n in counts.items()}
            if wanted:
                wanted[b"all"] = b"\x01%d" % len(expected[number])
            assert state == wanted, f"partition {number}"


class Worker:
    """A process of `tests/streams/layer/app.py`."""

    def __init__(self, world: World, number: int, settings: dict[str, object]) -> None:
        self.port = free_port()
        self.log = world.folder / f"{world.name}-{number}.log"
        own = {f"FLOWDROP_{key.upper()}": str(value) for key, value in settings.items()}
        home = world.folder / f"{world.name}-home-{number}"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.streams.layer.app", "worker"],
                env={
                    **os.environ,
                    "TEST_APP": world.name,
                    "TEST_KAFKA": world.kafka,
                    "FLOWDROP_HOME": str(home),
                    "FLOWDROP_PARTITIONS": str(PARTITIONS),
                    "FLOWDROP_WORKER_PORT": str(self.port),
                    **world.settings,
                    **own,
                },
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def get(self, path: str) -> Any:
        return ask(f"http://{HOST}:{self.port}{path}")

    def partitions(self) -> list[int]:
        body = self.get("/readyz")
        return body["partitions"] if body and body["ready"] else []

    def wait_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.text()
            body = self.get("/readyz")
            return bool(body and body["ready"])

        wait_for(ready, f"worker, see {self.log}")

    def wait_end(self, seconds: float = 60) -> int:
        return self.process.wait(seconds)

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def last_words(self) -> str:
        """Return the reason it gave for its end."""
        lines = [line for line in self.text().splitlines() if "worker ends: " in line]
        return lines[-1].partition("worker ends: ")[2] if lines else ""

    def stop(self) -> tuple[int, float]:
        """End it by SIGTERM; return its status and how many seconds it took."""
        began = time.monotonic()
        self.process.terminate()
        return self.process.wait(60), time.monotonic() - began

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def _rows(consumer: Consumer) -> list[list[Row]]:
    found: list[list[Row]] = [[] for _ in range(PARTITIONS)]
    ended: set[int] = set()
    while len(ended) < PARTITIONS:
        message = consumer.poll(30)
        assert message is not None, "no answer"
        number, key, value = message.partition() or 0, message.key(), message.value()
        if error := message.error():
            # A broker that has just come back may not know the topic yet; that is no end.
            if error.code() == KafkaError._PARTITION_EOF:
                ended.add(number)
        elif isinstance(key, bytes):
            found[number].append(
                (message.offset() or 0, key, value if isinstance(value, bytes) else b"")
            )
    return found
