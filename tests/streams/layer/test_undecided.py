"""A changelog whose end can't be read yet, since a transaction in it is open, is waited for.

Kafka's markers come a little after a commit is answered, and later when its broker was away. Here
somebody else's open transaction holds the readable end back, which takes as long as we like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Producer

from streams.layer.faults import EXIT_FATAL
from tests.stack import wait_for
from tests.streams.layer.world import PARTITIONS

if TYPE_CHECKING:
    from tests.streams.layer.conftest import Make
    from tests.streams.layer.world import Worker, World

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


def hold_back(world: World, numbers: range = range(PARTITIONS)) -> Producer:
    """Open a transaction in partitions of the changelog; aborting it lets their ends go on."""
    other = Producer(
        {
            "bootstrap.servers": world.kafka,
            "transactional.id": f"{world.name}-other",
            "transaction.timeout.ms": 600_000,
        }
    )
    other.init_transactions(30)
    other.begin_transaction()
    for number in numbers:
        other.produce(world.changelog, b"\x01999", b"k0", partition=number)
    assert other.flush(30) == 0
    return other


def shared(*workers: Worker) -> bool:
    owned = [number for worker in workers for number in worker.partitions()]
    return sorted(owned) == list(range(PARTITIONS)) and all(w.partitions() for w in workers)


def test_a_worker_that_keeps_its_partitions_is_ahead_of_what_can_be_read_and_goes_on(
    make_world: Make,
) -> None:
    world = make_world(session_timeout_seconds=6)
    worker = world.worker()
    world.numbers(1_000)
    world.wait_done()
    other = hold_back(world)
    world.numbers(1_000, first=1_000)
    world.wait_done()
    second = world.worker(wait=False)  # it takes two of the partitions, the first keeps two
    wait_for(
        lambda: "waiting for an open transaction to end" in second.text(), "the second's wait", 90
    )
    assert worker.process.poll() is None, worker.text()
    other.abort_transaction(30)
    wait_for(lambda: shared(worker, second), "both to serve", 90)
    world.numbers(1_000, first=2_000)
    world.wait_done()
    assert "ConsistencyError" not in worker.text()
    world.assert_exact()


def test_a_successor_does_not_begin_on_what_happens_to_be_readable(make_world: Make) -> None:
    world = make_world()
    worker = world.worker()
    world.numbers(1_000)
    world.wait_done()
    other = hold_back(world)
    world.numbers(1_000, first=1_000)
    world.wait_done()
    worker.kill()
    successor = world.worker(wait=False)
    wait_for(lambda: "waiting for an open transaction to end" in successor.text(), "its wait", 90)
    assert not successor.partitions()
    other.abort_transaction(30)
    successor.wait_ready()
    world.numbers(500, first=2_000)
    world.wait_done()
    world.assert_exact()


def test_one_that_never_ends_ends_the_worker_with_a_sentence(
    make_world: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_UNDECIDED_SECONDS", "8")
    world = make_world()
    hold_back(world, range(1))
    worker = world.worker(wait=False)
    assert worker.wait_end(90) == EXIT_FATAL
    assert "partition 0 holds a transaction that has been open for" in worker.last_words()


def test_a_changelog_that_was_made_anew_under_a_running_worker_ends_it_with_a_sentence(
    make_world: Make,
) -> None:
    world = make_world(session_timeout_seconds=6)
    worker = world.worker()
    world.numbers(1_000)
    world.wait_done()
    world.recreate(world.changelog, **{"cleanup.policy": "compact"})
    world.worker(wait=False)
    assert worker.wait_end(90) == EXIT_FATAL
    told = worker.last_words()
    assert world.changelog in told
    # the second comes first when the leader asks Kafka for partitions between the two topics
    assert "truncated or recreated" in told or "has not yet said what partitions" in told, told
