"""A worker that no longer gets on ends with its reason; one that has nothing to do does not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NoReturn

import pytest
from confluent_kafka import Producer

from streams.layer.faults import EXIT_FATAL
from streams.layer.watch import LogPartition, Watch
from tests.stack import wait_for

if TYPE_CHECKING:
    from local.kafka.node import KafkaNode
    from tests.streams.layer.conftest import Make

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

LOOKS = 12  # a watch is sure after so many


@pytest.mark.parametrize("way", [b"hang", b"block"])
def test_a_body_that_never_returns_ends_the_worker(make_world: Make, way: bytes) -> None:
    world = make_world(stuck_seconds=6)
    worker = world.worker()
    world.numbers(100)
    wait_for(lambda: any(world.results_now()), "the first results")
    world.send([("k1", way)])
    world.numbers(100, first=100)
    assert worker.wait_end(60) == EXIT_FATAL
    assert f"{world.source} partition" in worker.last_words()
    assert "has stood at offset" in worker.last_words()


def test_a_hung_worker_says_so_before_it_ends(make_world: Make) -> None:
    world = make_world(stuck_seconds=20)
    worker = world.worker()
    assert worker.get("/healthz") == {"status": "alive"}
    world.send([("k1", b"hang"), ("k1", b"more")])
    world.numbers(100)
    health = wait_for(
        lambda: (found := worker.get("/healthz")) and found["status"] == "stuck" and found, "503"
    )
    assert "has stood at offset" in health["reason"]


class Stuck(Exception):  # noqa: N818
    pass


def watch_of(kafka: str, positions: dict[LogPartition, int]) -> Watch:
    def raise_stuck(reason: str) -> NoReturn:
        raise Stuck(reason)

    return Watch(kafka, lambda: positions, stuck_seconds=60, on_stuck=raise_stuck)


def test_an_idle_partition_is_not_stuck_and_one_that_gets_on_is_not(make_world: Make) -> None:
    world = make_world()
    world.send([("k0", b"1")] * 100)
    place = LogPartition(world.source, sum(b"k0") % 4)
    positions = {place: 0}
    watch = watch_of(world.kafka, positions)
    for offset in range(2 * LOOKS):
        positions[place] = offset
        watch.look()
    positions[place] = 100
    for _ in range(2 * LOOKS):
        watch.look()
    positions[place] = 50
    for _ in range(LOOKS):
        watch.look()
    with pytest.raises(Stuck, match=r"has stood at offset 50 for 60 s"):
        watch.look()


def test_another_producers_open_transaction_is_shown_and_is_no_fault_of_ours(
    make_world: Make,
) -> None:
    world = make_world()
    other = Producer({"bootstrap.servers": world.kafka, "transactional.id": world.name})
    other.init_transactions(30)
    other.begin_transaction()
    other.produce(world.source, b"open", partition=0)
    other.flush(10)
    watch = watch_of(world.kafka, {LogPartition(world.source, 0): 0})
    for _ in range(2 * LOOKS):
        watch.look()
    from prometheus_client import REGISTRY

    labels = {"topic": world.source, "partition": "0"}
    assert REGISTRY.get_sample_value("flowdrop_open_transaction_records", labels) == 1
    stalled = REGISTRY.get_sample_value("flowdrop_stalled_by_open_transaction_seconds", labels)
    assert stalled is not None
    assert stalled > 0
    other.commit_transaction(30)
    time.sleep(0.1)
    watch.look()
    assert REGISTRY.get_sample_value("flowdrop_open_transaction_records", labels) == 0


def test_a_broker_that_is_down_says_nothing(make_world: Make, node: KafkaNode) -> None:
    world = make_world()
    world.send([("k0", b"1")])
    watch = watch_of(world.kafka, {LogPartition(world.source, sum(b"k0") % 4): 0})
    for _ in range(LOOKS - 1):
        watch.look()
    node.kill()
    watch.look()
    node.start()
    wait_for(lambda: world.admin.list_topics(timeout=5), "the broker")
    for _ in range(LOOKS - 1):
        watch.look()
    assert watch.standing_seconds() < watch.stuck_seconds
