"""What becomes of a partition's content when its transaction fails: once, or the worker ends."""

from __future__ import annotations

import itertools
import json
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest
from confluent_kafka.admin import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from streams.layer.faults import EXIT_FATAL
from streams.layer.metrics import TRANSACTIONS_REPEATED
from streams.layer.state import PartitionState, Pending
from streams.layer.transactions import TransactionalProducer, TransactionFailedError
from tests.stack import wait_for

if TYPE_CHECKING:
    from local.kafka.node import KafkaNode
    from tests.streams.layer.conftest import Make
    from tests.streams.layer.world import World

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

TIMEOUT_MS = 4_000
OUTAGE_SECONDS = 3 * TIMEOUT_MS / 1000
OPEN_MS = 900_000  # as workers have it: longer than any outage here


def producer(world: World, timeout_ms: int = TIMEOUT_MS) -> TransactionalProducer:
    outputs = (world.results, f"{world.results}.small")
    return TransactionalProducer(world.kafka, world.name, world.changelog, 0, outputs, timeout_ms)


def content(world: World, text: bytes, topic: str = "") -> Pending:
    state = PartitionState(0)
    state.emit(topic or world.results, 0, b"k", text)
    state.put(b"k", text)
    return state.take()


def committed(world: World) -> list[bytes]:
    return [value for _, _, value in world.read(world.results)[0]]


def after(seconds: float, call: object) -> threading.Timer:
    timer = threading.Timer(seconds, call)  # type: ignore[arg-type]
    timer.start()
    return timer


def pid_of(node: KafkaNode) -> int:
    return int(json.loads(node.part.record.read_text())["pid"])


def test_a_begun_transaction_may_idle_for_ever(make_world: Make) -> None:
    world = make_world()
    mine = producer(world)
    mine.open()
    time.sleep(2 * TIMEOUT_MS / 1000)
    mine.commit(content(world, b"late"))
    assert committed(world) == [b"late"]


def test_content_that_the_coordinator_aborted_ends_its_producer_and_is_repeated_by_the_next(
    make_world: Make,
) -> None:
    world = make_world()
    mine, next_one = producer(world), producer(world)
    mine.open()
    pending = content(world, b"overdue")
    mine._send(pending)
    mine._producer.flush()
    time.sleep(TIMEOUT_MS / 1000 + 2)
    with pytest.raises(TransactionFailedError, match="fenced"):
        mine.commit(pending)
    next_one.open()
    next_one.commit(pending)
    assert committed(world) == [b"overdue"]


def test_a_topic_that_is_not_among_the_outputs_is_refused_by_name(make_world: Make) -> None:
    world = make_world()
    mine = producer(world)
    mine.open()
    with pytest.raises(TransactionFailedError, match="emits to elsewhere; add it to"):
        mine.commit(content(world, b"lost", "elsewhere"))
    mine.commit(content(world, b"found"))
    assert committed(world) == [b"found"]


def test_a_fenced_producer_ends_and_nothing_of_it_appears(make_world: Make) -> None:
    world = make_world()
    old, new = producer(world), producer(world)
    old.open()
    old._send(content(world, b"old"))
    new.open()
    with pytest.raises(TransactionFailedError, match="fenced"):
        old.commit(content(world, b"old again"))
    new.commit(content(world, b"new"))
    old.close()
    assert committed(world) == [b"new"]


def test_what_was_refused_for_a_while_is_aborted_and_repeated(make_world: Make) -> None:
    world = make_world()
    small = f"{world.results}.small"
    mine = producer(world)
    mine.open()
    repeated = TRANSACTIONS_REPEATED._value.get()
    text = os.urandom(5_000)
    going = threading.Thread(target=mine.commit, args=[content(world, text, small)])
    going.start()
    wait_for(lambda: TRANSACTIONS_REPEATED._value.get() >= repeated + 2, "two repeats")
    resource = ConfigResource(
        ResourceType.TOPIC,
        small,
        incremental_configs=[
            ConfigEntry("max.message.bytes", "100000", incremental_operation=AlterConfigOpType.SET)
        ],
    )
    world.admin.incremental_alter_configs([resource])[resource].result(30)
    going.join(60)
    assert [value for _, _, value in world.read(small)[0]] == [text]
    assert [value for _, key, value in world.read(world.changelog)[0] if key == b"k"] == [text]
    mine.commit(content(world, b"next"))
    assert committed(world) == [b"next"]


def test_an_outage_longer_than_the_message_timeout_repeats_or_ends(
    make_world: Make, node: KafkaNode
) -> None:
    # Which of the two depends on how far the broker got: a partition that was being added to the
    # transaction when it died makes the abort fail for good (INVALID_TXN_STATE).
    world = make_world()
    mine = producer(world)
    mine.open()
    mine.commit(content(world, b"first"))
    node.kill()
    timer = after(OUTAGE_SECONDS - 3, node.start)
    mine = commit_or_succeed(world, mine, b"second")
    timer.join()
    commit_or_succeed(world, mine, b"third")
    assert committed(world) == [b"first", b"second", b"third"]


def commit_or_succeed(
    world: World, mine: TransactionalProducer, text: bytes
) -> TransactionalProducer:
    """Commit; should that end the producer, go on as its successor would, from the changelog."""
    try:
        mine.commit(content(world, text))
    except TransactionFailedError:
        mine = producer(world)
        mine.open()
        known = [value for _, key, value in world.read(world.changelog)[0] if key == b"k"]
        if known[-1] != text:
            mine.commit(content(world, text))
    return mine


def test_a_commit_whose_answer_was_lost_counts_once(make_world: Make, node: KafkaNode) -> None:
    world = make_world()
    mine = producer(world, OPEN_MS)
    mine.open()
    mine._send(content(world, b"first"))
    mine._producer.flush()
    node.kill()
    timer = after(1, node.start)
    mine._retry(mine._producer.commit_transaction)
    timer.join()
    mine._begin()
    mine.commit(content(world, b"second"))
    assert committed(world) == [b"first", b"second"]


def test_a_record_that_is_too_large_is_refused_at_once(make_world: Make) -> None:
    world = make_world()
    mine = producer(world)
    mine.open()
    with pytest.raises(TransactionFailedError, match="Message size too large"):
        mine.commit(content(world, bytes(5_000_000)))
    mine.close()
    assert committed(world) == []


def test_a_record_that_the_broker_refuses_is_tried_and_given_up_with_its_reason(
    make_world: Make,
) -> None:
    world = make_world()
    mine = producer(world)
    mine.open()
    with pytest.raises(TransactionFailedError, match=r"aborted 10 times.*Message size too large"):
        mine.commit(content(world, os.urandom(5_000), f"{world.results}.small"))
    mine.close()
    assert world.read(world.changelog)[0] == []


@pytest.mark.parametrize(
    ("how", "timeout_ms"), list(itertools.product(["stopped", "killed"], [TIMEOUT_MS, OPEN_MS]))
)
def test_an_outage_loses_and_doubles_nothing(
    make_world: Make, node: KafkaNode, how: str, timeout_ms: int
) -> None:
    world = make_world(transaction_timeout_ms=timeout_ms, session_timeout_seconds=6)
    worker = world.worker()
    world.numbers(20_000)
    wait_for(lambda: any(world.results_now()), "the first results")
    if how == "stopped":
        pid = pid_of(node)
        os.kill(pid, signal.SIGSTOP)
        after(OUTAGE_SECONDS, lambda: os.kill(pid, signal.SIGCONT)).join()
    else:
        node.kill()
        after(OUTAGE_SECONDS, node.start).join()
    world.numbers(1_000, first=20_000)
    count = sum(map(len, world.read(world.source)))
    assert count == 21_000

    def done() -> bool:
        nonlocal worker
        if worker.process.poll() is not None:  # it may end, with its reason; supervision restarts
            assert worker.process.returncode == EXIT_FATAL, worker.text()
            assert worker.last_words()
            worker = world.worker()
        return sum(len(set(found)) for found in world.results_now()) >= count

    wait_for(done, "the results", 120)
    world.assert_exact()
