"""How a worker ends: by SIGTERM cleanly and soon, by a fatal error with its reason and no ack."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Consumer, TopicPartition

from streams.layer.faults import EXIT_FATAL
from streams.worker.app import STOP_SECONDS_MAX
from tests.stack import wait_for

if TYPE_CHECKING:
    from local.kafka.node import KafkaNode
    from tests.streams.layer.conftest import Make
    from tests.streams.layer.world import World

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

REASONS = {
    b"raise": "counter: RuntimeError('the fold raised')",
    b"too large": "Message size too large",
    b"refused": "Message size too large",
}


@pytest.mark.parametrize("way", REASONS)
def test_a_fatal_error_ends_the_worker_with_its_reason_and_acks_nothing(
    make_world: Make, way: bytes
) -> None:
    world = make_world()
    worker = world.worker()
    world.numbers(400)
    world.wait_done()
    world.send([("k1", way)])
    assert worker.wait_end(60) == EXIT_FATAL
    assert REASONS[way] in worker.last_words()
    poisoned = sum(b"k1") % 4
    assert acknowledged(world, poisoned) <= len(world.read(world.source)[poisoned]) - 1
    assert sum(map(len, world.results_now())) == 400
    again = world.worker(wait=False)
    assert again.wait_end(60) == EXIT_FATAL, "the record comes again, since it was not acked"


def acknowledged(world: World, number: int) -> int:
    consumer = Consumer({"bootstrap.servers": world.kafka, "group.id": world.name})
    place = consumer.committed([TopicPartition(world.source, number)], timeout=30)[0]
    consumer.close()
    return place.offset


def test_sigterm_under_load_drains_commits_and_leaves_at_once(make_world: Make) -> None:
    world = make_world(session_timeout_seconds=60)
    worker = world.worker()
    sending = threading.Thread(target=lambda: [world.numbers(500, first=i) for i in range(200)])
    sending.start()
    wait_for(lambda: any(world.results_now()), "the first results")
    status, seconds = worker.stop()
    print(f"SIGTERM under load: ended in {seconds:.2f} s")  # noqa: T201
    successor = world.worker()  # would wait for a session of 60 s if the first had not left
    sending.join()
    world.wait_done()
    world.assert_exact()
    assert status in {0, -15}
    assert seconds < 10
    assert len(successor.partitions()) == 4


def test_sigterm_without_a_broker_ends_in_bounded_time(make_world: Make, node: KafkaNode) -> None:
    world = make_world()
    worker = world.worker()
    world.numbers(1_000)
    wait_for(lambda: any(world.results_now()), "the first results")
    node.kill()
    status, seconds = worker.stop()
    node.start()
    assert seconds < STOP_SECONDS_MAX + 10
    assert status in {0, EXIT_FATAL}
    world.worker()
    world.wait_done()
    world.assert_exact()
