"""A transaction whose marker a partition lacks is ended as its coordinator has it.

Kafka can be made to skip a marker only by a kill at the right millisecond. Here a record is put
behind its back instead, as a part of the last transaction: a partition that was never added to it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from local.kafka.node import KafkaNode
from streams.layer import hanging
from streams.layer.hanging import EPOCH_MAX, Last, end_hanging, last_transaction
from streams.layer.transactions import TransactionalProducer, TransactionFailedError
from tests.streams.layer.test_transactions import committed, content
from tests.streams.layer.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

ELSEWHERE = 1  # a partition of the results that no test's transaction writes to
# else the broker asks the coordinator about a partition's first record and refuses ours
TRUSTING = {"transaction.partition.verification.enable": "false"}


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaNode]:
    node = KafkaNode(tmp_path_factory.mktemp("trusting-kafka"), settings=TRUSTING)
    node.start()
    yield node
    node.stop()


@pytest.fixture
def world(trusting: KafkaNode, tmp_path: Path, request: pytest.FixtureRequest) -> World:
    name = request.node.name.removeprefix("test_").translate(str.maketrans("_[]", "---"))
    return World(trusting.bootstrap, tmp_path, name[:60])


def producer(world: World) -> TransactionalProducer:
    mine = TransactionalProducer(world.kafka, world.name, world.changelog, 0, [world.results])
    mine.open()
    return mine


def last_of(world: World) -> Last:
    last = last_transaction(world.kafka, world.name, 10)
    assert last
    return last


def leave_open(world: World, value: bytes, last: Last) -> None:
    """Append `value` to a partition as a part of `last`, of which nobody else knows there."""
    batch = DefaultRecordBatchBuilder(2, 0, 1, last.producer_id, last.epoch, 0, 1_000)
    batch.append(0, None, b"k", value, [])
    records = bytes(batch.build())

    async def send() -> None:
        client = AIOKafkaClient(bootstrap_servers=world.kafka)
        await client.bootstrap()
        node = await client.coordinator_lookup(CoordinationType.TRANSACTION, world.name)
        request = ProduceRequest(world.name, -1, 5_000, [(world.results, [(ELSEWHERE, records)])])
        response = await client.send(node, request)
        await client.close()
        assert response.topics[0][1][0][1] == 0, response

    asyncio.run(send())


def elsewhere(world: World, *, only_committed: bool = True) -> list[bytes]:
    rows = world.read(world.results, committed=only_committed)[ELSEWHERE]
    return [value for _, _, value in rows]


def end(world: World, last: Last | None = None, epoch_max: int = EPOCH_MAX) -> int:
    topics = [world.results, world.changelog]
    return end_hanging(world.kafka, topics, last or last_of(world), epoch_max, 10)


def test_whoever_ended_well_leaves_nothing(world: World) -> None:
    assert last_transaction(world.kafka, world.name, 10) is None
    mine = producer(world)
    assert end(world) == 0
    mine.commit(content(world, b"first"))
    assert last_of(world).is_commit
    assert end(world) == 0
    mine._send(content(world, b"second"))
    mine._producer.flush()
    mine._producer.abort_transaction()
    assert not last_of(world).is_commit
    assert end(world) == 0
    assert committed(world) == [b"first"]


def test_what_was_committed_is_committed_where_its_marker_is_missing(world: World) -> None:
    producer(world).commit(content(world, b"first"))
    leave_open(world, b"with the first", last_of(world))
    assert elsewhere(world) == []
    assert end(world) == 1
    assert elsewhere(world) == [b"with the first"]
    assert end(world) == 0


def test_what_was_aborted_is_aborted_where_its_marker_is_missing(world: World) -> None:
    mine = producer(world)
    mine._send(content(world, b"first"))
    mine._producer.flush()
    mine._producer.abort_transaction()
    leave_open(world, b"with the first", last_of(world))
    assert end(world) == 1
    producer(world).commit(content(world, b"second"))
    assert elsewhere(world, only_committed=False) == [b"with the first"]
    assert elsewhere(world) == []
    assert committed(world) == [b"second"]


def test_a_successor_ends_what_its_predecessor_left_as_that_ended(world: World) -> None:
    producer(world).commit(content(world, b"first"))
    leave_open(world, b"with the first", last_of(world))
    mine = producer(world)
    assert elsewhere(world) == [b"with the first"]
    mine._send(content(world, b"second"))
    mine._producer.flush()
    mine._producer.abort_transaction()
    assert elsewhere(world) == [b"with the first"]


def test_a_successor_aborts_what_hangs_of_a_transaction_that_was_open(world: World) -> None:
    old = producer(world)
    old._send(content(world, b"first"))
    old._producer.flush()
    leave_open(world, b"with the first", last_of(world))  # as if the abort's marker were lost
    producer(world).commit(content(world, b"second"))
    assert elsewhere(world, only_committed=False) == [b"with the first"]
    assert elsewhere(world) == []
    assert committed(world) == [b"second"]


def test_a_producer_looks_after_an_outage_before_it_sends(world: World) -> None:
    mine = producer(world)
    mine.commit(content(world, b"first"))
    leave_open(world, b"with the first", last_of(world))
    mine.heal()
    assert elsewhere(world) == []  # nothing says that the broker was away
    mine._outage.set()
    mine._send(content(world, b"second"))
    assert elsewhere(world) == [b"with the first"]
    assert committed(world) == [b"first"]


def test_what_a_successor_has_open_is_left_alone(world: World) -> None:
    mine = producer(world)
    mine.commit(content(world, b"first"))
    asked = last_of(world)
    # it sleeps here; meanwhile its successor comes and begins
    leave_open(world, b"of the successor", asked._replace(epoch=asked.epoch + 1))
    assert end(world, asked, asked.epoch) == 0
    assert elsewhere(world) == []


def test_a_marker_of_an_old_epoch_ends_nothing_of_a_new_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = producer(world)
    mine.commit(content(world, b"first"))
    asked = last_of(world)
    leave_open(world, b"of the successor", asked._replace(epoch=asked.epoch + 1))

    async def seen_before_it_slept(*_: object) -> list[hanging.Open]:
        return [hanging.Open(world.results, ELSEWHERE, asked.epoch, 0)]

    monkeypatch.setattr(hanging, "_open_in", seen_before_it_slept)
    with pytest.raises(KafkaError, match=r"InvalidProducerEpoch|ProducerFenced"):
        end(world, asked, asked.epoch)
    assert elsewhere(world) == []


def test_a_fenced_producer_ends_when_it_looks(world: World) -> None:
    mine = producer(world)
    producer(world)
    mine._outage.set()
    with pytest.raises(TransactionFailedError, match="fenced"):
        mine.commit(content(world, b"old"))
    assert committed(world) == []


def test_a_producer_that_has_ended_nothing_yet_ends_only_what_is_older(world: World) -> None:
    # what it takes for its own epoch may be that of a successor who came at once
    mine = producer(world)
    leave_open(world, b"of the successor", last_of(world))
    mine._outage.set()
    mine.heal()
    assert elsewhere(world) == []


def test_kafka_that_does_not_answer_ends_the_producer_with_its_reason(world: World) -> None:
    nowhere = TransactionalProducer("127.0.0.1:1", world.name, world.changelog, 0, [], 1_000)
    nowhere._retry_seconds = 1
    with pytest.raises(TransactionFailedError, match=r"can't end what a broker left.*bootstrap"):
        nowhere.open()


def test_a_topic_that_is_not_known_is_no_topic_without_a_hanging_transaction(world: World) -> None:
    producer(world).commit(content(world, b"first"))
    last = last_of(world)
    leave_open(world, b"with the first", last)
    topics = [world.results, f"{world.results}.late"]
    with pytest.raises(UnknownTopicOrPartitionError):
        end_hanging(world.kafka, topics, last, EPOCH_MAX, 0)
    world.create(topics[1])
    assert end_hanging(world.kafka, topics, last, EPOCH_MAX, 10) == 1
