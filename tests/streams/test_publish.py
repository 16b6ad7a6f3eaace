"""What is published keeps its order, whatever becomes of the broker and of the producer."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from typing import TYPE_CHECKING
from uuid import uuid4

import click
import pytest
from confluent_kafka import KafkaError
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from local.kafka.node import KafkaNode
from streams.kafka.log import messages
from streams.kafka.publish import Sender, publish_records, sender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from streams.kafka.publish import Record

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

PARTITIONS = 3
# a producer that is silent for a second is forgotten
FORGETFUL = {"producer.id.expiration.ms": "1000", "producer.id.expiration.check.interval.ms": "200"}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaNode]:
    node = KafkaNode(tmp_path_factory.mktemp("publish-kafka"), settings=FORGETFUL)
    node.start()
    yield node
    node.stop()


@pytest.fixture
def topic(node: KafkaNode) -> str:
    return made(node, f"publish-{uuid4().hex[:8]}")


def made(node: KafkaNode, name: str, **config: str) -> str:
    admin = AdminClient({"bootstrap.servers": node.bootstrap})
    new = NewTopic(name, PARTITIONS, 1, config=config)
    admin.create_topics([new])[name].result(30)
    return name


def numbered(topic: str, count: int, size: int = 200) -> Iterator[Record]:
    for number in range(count):
        yield topic, number % PARTITIONS, b"k", b"%d" % number + bytes(size)


def number_of(value: bytes | None) -> int:
    assert value is not None
    return int(value.rstrip(b"\x00"))


def logged(node: KafkaNode, topic: str) -> list[list[int]]:
    """Return the numbers in each partition, in order, repeats included."""
    return [
        [number_of(m.value()) for got in messages(node.bootstrap, topic, n) for m in got]
        for n in range(PARTITIONS)
    ]


def assert_ordered(found: list[list[int]], count: int | None = None) -> None:
    """Each partition has its numbers from the first on, none before an earlier one."""
    for partition, numbers in enumerate(found):
        firsts = list(dict.fromkeys(numbers))
        assert firsts == list(range(partition, PARTITIONS * len(firsts), PARTITIONS))
        if count is not None:
            assert len(firsts) == len(range(partition, count, PARTITIONS))


def strike(records: Iterator[Record], every: int, blow: Callable[[], object]) -> Iterator[Record]:
    for number, record in enumerate(records, 1):
        yield record
        if number % every == 0:
            blow()


def later(seconds: float, do: Callable[[], object]) -> None:
    timer = threading.Timer(seconds, do)
    timer.daemon = True
    timer.start()


def pid_of(node: KafkaNode) -> int:
    return int(json.loads(node.part.record.read_text())["pid"])


def stop_for(node: KafkaNode, seconds: float) -> None:
    pid = pid_of(node)
    os.kill(pid, signal.SIGSTOP)
    later(seconds, lambda: os.kill(pid, signal.SIGCONT))


def kill_for(node: KafkaNode, seconds: float) -> None:
    node.kill()
    later(seconds, node.start)


@pytest.mark.parametrize("outage", [stop_for, kill_for])
def test_outages_change_no_order_and_are_told(
    node: KafkaNode,
    topic: str,
    outage: Callable[[KafkaNode, float], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender, "SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(sender, "KEPT_RECORDS_MAX", 5_000)
    count = 60_000
    records = strike(numbered(topic, count), 25_000, lambda: outage(node, 4))
    acked: list[Record] = []
    assert publish_records(records, node.bootstrap, on_ack=lambda r, _: acked.append(r)) == count
    assert_ordered(logged(node, topic), count)
    assert [number_of(r[3]) for r in acked if r[1] == 1] == list(range(1, count, PARTITIONS))
    words = capsys.readouterr().err
    assert "has acknowledged nothing for" in words
    assert "Ctrl-C is safe" in words
    assert "answers again" in words


def test_a_producer_that_can_not_go_on_is_followed_by_one_that_sends_what_is_left(
    node: KafkaNode, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "PAUSE_SECONDS", 0.0)
    count, acked = 30_000, 0

    def on_ack(*_: object) -> None:
        nonlocal acked
        acked += 1
        if acked % 5_000 == 1:  # its batch is in the log, and nobody hears of the rest of it
            mine._failures.append(KafkaError(KafkaError._FATAL))

    with Sender(node.bootstrap, on_ack=on_ack) as mine:
        for record in numbered(topic, count):
            mine.send(record)
        mine.finish()
    assert mine.acknowledged == acked == count
    found = logged(node, topic)
    assert_ordered(found, count)
    assert sum(map(len, found)) > count, "nothing was sent again"


def test_a_broker_that_forgot_the_producer_is_no_end(node: KafkaNode, topic: str) -> None:
    records = strike(numbered(topic, 3_000), 1_000, lambda: time.sleep(3))
    assert publish_records(records, node.bootstrap) == 3_000
    assert_ordered(logged(node, topic), 3_000)


def test_behind_a_record_that_the_broker_refuses_nothing_is_sent(node: KafkaNode) -> None:
    topic = made(node, f"small-{uuid4().hex[:8]}", **{"max.message.bytes": "1000000"})
    bad = 1_001

    def records() -> Iterator[Record]:
        for number, record in enumerate(numbered(topic, 50_000)):
            yield (*record[:3], os.urandom(1_500_000)) if number == bad else record

    with pytest.raises(click.ClickException, match=r"refused a record.*too large.*run it again"):
        publish_records(records(), node.bootstrap)
    found = logged(node, topic)
    assert_ordered(found)
    assert max(found[bad % PARTITIONS]) < bad


def test_patience_has_an_end_and_leaves_a_beginning(node: KafkaNode, topic: str) -> None:
    def records() -> Iterator[Record]:
        for number, record in enumerate(numbered(topic, 40_000)):
            if number == 20_000:
                stop_for(node, 5)
            yield record

    with pytest.raises(click.ClickException, match="has acknowledged nothing for 2 s"):
        publish_records(records(), node.bootstrap, patience_seconds=2)
    found = logged(node, topic)  # waits until the broker is back
    assert_ordered(found)
    assert sum(map(len, found)) < 40_000
    publish_records(numbered(topic, 40_000), node.bootstrap)
    assert_ordered(logged(node, topic), 40_000)
