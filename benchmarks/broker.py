"""One real broker for all runs, on a core of its own."""

from __future__ import annotations

import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewTopic

from benchmarks.machine import BROKER_CORE, exit_on_sigterm, on_core, say
from local.kafka.node import KafkaNode
from local.processes import look
from streams.kafka.publish import publish_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from confluent_kafka import Message

    from benchmarks.job import Record

ANSWER_SECONDS = 30.0
READ_RECORDS = 10_000
JVM = ("-Xmx1g", "-XX:+UseSerialGC")  # like a broker that has run for months: fully compiled
WARM_SECONDS = 40.0
WARM_RECORDS = 60  # a transaction
BY_BROKER = "LogAppendTime"  # when the broker appended a result, whatever its writer's clock says
# What Kafka 4.3, and a client that remembers an older topic, say shortly after one was created.
_OF_A_NEW_TOPIC = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001 - its name there
}


class Read(NamedTuple):
    """A record as it was read; its time is the broker's, in milliseconds since 1970."""

    key: bytes
    value: bytes
    time_ms: int


class Broker:
    """Topics and records of one real node, as a measurement needs them."""

    def __init__(self, node: KafkaNode) -> None:
        self.bootstrap = node.bootstrap
        self.pid = look(node.part).pid or 0
        self._admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 2})

    def topics(self) -> set[str]:
        """Return the names of all topics except Kafka's own."""
        names = self._admin.list_topics(timeout=ANSWER_SECONDS).topics
        return {name for name in names if not name.startswith("__")}

    def create(self, partitions: int, *names: str) -> None:
        """Create topics whose records carry the time at which the broker appended them."""
        config = {"message.timestamp.type": BY_BROKER}
        wanted = [NewTopic(name, partitions, 1, config=config) for name in names]
        for future in self._admin.create_topics(wanted).values():
            future.result(ANSWER_SECONDS)
        self._wait(lambda: all(self._has_leaders(name) for name in names))

    def stamp(self, topic: str) -> None:
        """Make records appended to `topic` from now on carry the broker's time."""
        entry = ConfigEntry(
            "message.timestamp.type", BY_BROKER, incremental_operation=AlterConfigOpType.SET
        )
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        for future in self._admin.incremental_alter_configs([resource]).values():
            future.result(ANSWER_SECONDS)

    def delete(self, *names: str) -> None:
        """Delete topics and wait until they are gone."""
        if not names:
            return
        for future in self._admin.delete_topics(list(names)).values():
            future.result(ANSWER_SECONDS)
        self._wait(lambda: not self.topics() & set(names))

    def forget_group(self, group: str) -> None:
        """Forget what a consumer group, whose members have left or died, had read."""

        def is_forgotten() -> bool:
            try:
                for future in self._admin.delete_consumer_groups([group]).values():
                    future.result(ANSWER_SECONDS)
            except KafkaException as error:
                code = error.args[0].code()
                if code == KafkaError.NON_EMPTY_GROUP:
                    return False  # a member that was killed stays until its session ends
                if code != KafkaError.GROUP_ID_NOT_FOUND:
                    raise
            return True

        self._wait(is_forgotten)

    def publish(self, topic: str, records: Iterable[Record]) -> int:
        """Append `(partition, key, value)` records and return how many the broker took."""
        return publish_records(
            ((topic, p, key, value) for p, key, value in records), self.bootstrap
        )

    def warm(self, seconds: float) -> None:
        """Make it do what every engine needs of it, until Java has compiled that."""
        topic, partitions, value = "warm", 8, b"0" * 255
        self.create(partitions, topic)
        consumer = self.consumer(topic)
        producers = [
            Producer({"bootstrap.servers": self.bootstrap, "transactional.id": f"warm-{number}"})
            for number in range(partitions)
        ]
        for producer in producers:
            producer.init_transactions(ANSWER_SECONDS)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for number, producer in enumerate(producers):
                producer.begin_transaction()
                for _ in range(WARM_RECORDS):
                    producer.produce(topic, value, b"key", partition=number)
                producer.commit_transaction(ANSWER_SECONDS)
            consumer.consume(partitions * WARM_RECORDS, 0.01)
        consumer.close()
        self.delete(topic)

    def ends(self, topic: str, partitions: int) -> int:
        """Return the sum of a topic's end offsets; transaction markers count."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                return self._ends(topic, partitions)
            except KafkaException as error:
                if error.args[0].code() not in _OF_A_NEW_TOPIC or time.monotonic() > deadline:
                    raise
                self.topics()  # makes the client look again
                time.sleep(0.05)

    def _ends(self, topic: str, partitions: int) -> int:
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        wanted = {TopicPartition(topic, p): latest for p in range(partitions)}
        futures = self._admin.list_offsets(wanted, request_timeout=ANSWER_SECONDS)
        return sum(future.result(ANSWER_SECONDS).offset for future in futures.values())

    def read(self, topic: str) -> Iterator[Read]:
        """Yield every committed record of a topic; order holds within a partition."""
        consumer = self.consumer(topic)
        left = {place.partition for place in consumer.assignment()}
        while left:
            for message in consumer.consume(READ_RECORDS, 1.0):
                error = message.error()
                if error is None:
                    yield _read(message)
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its name there
                    left.discard(message.partition() or 0)
                else:
                    raise KafkaException(error)
        consumer.close()

    def consumer(self, topic: str) -> Consumer:
        """Return a consumer of a topic's committed records, from its beginning."""
        found = self._admin.list_topics(topic, timeout=ANSWER_SECONDS).topics[topic]
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": "benchmarks-reader",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 100,  # the broker answers at the first record
            }
        )
        consumer.assign([TopicPartition(topic, number, 0) for number in found.partitions])
        return consumer

    def _has_leaders(self, name: str) -> bool:
        topic = self._admin.list_topics(timeout=ANSWER_SECONDS).topics.get(name)
        return topic is not None and all(p.leader >= 0 for p in topic.partitions.values())

    def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + ANSWER_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"the broker at {self.bootstrap} did not follow; see its log")
            time.sleep(0.05)


def _read(message: Message) -> Read:
    key, value = message.key(), message.value()
    assert key is not None
    assert value is not None, "nothing is ever deleted in the job"
    return Read(key, value, message.timestamp()[1])


@contextmanager
def temporary_broker(warm_seconds: float = WARM_SECONDS) -> Iterator[Broker]:
    """Start a broker on its core, in a folder that is gone afterwards, even after a SIGTERM."""
    exit_on_sigterm()
    with tempfile.TemporaryDirectory(prefix="flowdrop-bench-") as folder:
        node = KafkaNode(Path(folder), jvm=JVM)
        with on_core(BROKER_CORE):
            node.start()
        try:
            broker = Broker(node)
            if warm_seconds:
                say("  warming the broker")
                broker.warm(warm_seconds)
            yield broker
        finally:
            node.stop()
