"""State rebuilt from a changelog as it may be found: compacted, empty, truncated, foreign."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from confluent_kafka import TopicPartition

from streams.layer.faults import EXIT_FATAL
from tests.stack import wait_for

if TYPE_CHECKING:
    from tests.streams.layer.conftest import Make
    from tests.streams.layer.world import World

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

COMPACTS_AT_ONCE = {
    "segment.bytes": "1048576",
    "segment.ms": "1000",
    "min.cleanable.dirty.ratio": "0.01",
    "max.compaction.lag.ms": "1000",
}


def folded(make_world: Make, **changelog: str) -> World:
    """A world whose worker folded 1,000 records and was stopped."""
    world = make_world(changelog=changelog)
    worker = world.worker()
    world.numbers(1_000)
    world.wait_done()
    worker.stop()
    return world


def refusal(world: World) -> str:
    """Start a worker that must refuse; return why."""
    worker = world.worker(wait=False)
    assert worker.wait_end(60) == EXIT_FATAL, worker.text()
    return worker.last_words()


def delete_records(world: World, topic: str, before: dict[int, int]) -> None:
    places = [TopicPartition(topic, number, offset) for number, offset in before.items()]
    for future in world.admin.delete_records(places).values():
        future.result(30)


def test_a_compacted_changelog_with_gaps(make_world: Make) -> None:
    world = make_world(changelog=COMPACTS_AT_ONCE)
    worker = world.worker()
    for round_ in range(30):
        world.numbers(70, keys=7, first=70 * round_)
        world.wait_done()
    count = 2_100

    def compacted() -> bool:
        nonlocal count
        world.numbers(7, keys=7, first=count)  # a segment is closed when the next record comes
        count += 7
        return all(rows[0][0] > 40 for rows in world.read(world.changelog) if rows)

    wait_for(compacted, "compaction")
    worker.kill()
    world.worker()
    world.numbers(500, keys=7, first=count)
    world.wait_done()
    world.assert_exact()


def test_an_empty_changelog_is_built_again_from_the_start_of_the_log(make_world: Make) -> None:
    world = folded(make_world)
    world.recreate(world.changelog, **{"cleanup.policy": "compact"})
    world.worker()
    wanted = [2 * rows for rows in map(len, world.read(world.source))]
    wait_for(lambda: list(map(len, world.results_now())) == wanted, "the second fold")
    twice = [rows + rows for rows in world.expected()]
    assert world.results_now() == twice, "the same results again, in the same order"
    world.numbers(10, first=1_000)
    wait_for(lambda: sum(map(len, world.results_now())) == 2_010, "what came after")
    assert [rows[len(rows) - 1 :] for rows in world.results_now()] == [
        rows[len(rows) - 1 :] for rows in world.expected()
    ]


def test_a_changelog_that_lost_its_beginning_is_refused(make_world: Make) -> None:
    # Kafka deletes no records of a topic that is only compacted, so somebody changed the policy
    world = folded(make_world, **{"cleanup.policy": "compact,delete"})
    delete_records(world, world.changelog, {2: 3})
    said = refusal(world)
    assert f"changelog {world.changelog}: partition 2 was truncated: it begins at 3" in said


def test_a_changelog_of_another_version_is_refused(make_world: Make) -> None:
    world = folded(make_world)
    world.send([("k1", b"\x02new")], world.changelog)
    assert "count of format 02, this version reads 01" in refusal(world)


def test_a_changelog_that_does_not_say_up_to_where_it_goes_is_refused(make_world: Make) -> None:
    world = make_world()
    world.send([("k1", b"\x017")], world.changelog)
    assert "holds 1 records but none that says up to where" in refusal(world)


def test_a_source_made_anew_is_refused(make_world: Make) -> None:
    world = folded(make_world)
    world.recreate(world.source)
    world.numbers(40)
    said = refusal(world)
    assert world.source in said
    assert "it was truncated or recreated" in said


def test_a_source_that_lost_what_was_not_folded_is_refused(make_world: Make) -> None:
    world = folded(make_world)
    world.numbers(1_000, first=1_000)
    end = len(world.read(world.source)[1])
    delete_records(world, world.source, {1: end - 5})
    said = refusal(world)
    assert f"{world.source} partition 1 was truncated: it begins at {end - 5}" in said
