"""Nothing lost and nothing twice in ClickHouse, whatever happens to the engine or the feed.

Everything is read without FINAL. FLOWDROP_FAULTS_REPEAT says how often each fault is tried.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
from confluent_kafka.admin import AdminClient

from streams.events import POSTINGS_TOPIC
from streams.kafka.topics import FEED_ID
from tests.long import IS_LONG
from tests.stack import READY_SECONDS_MAX, wait_for
from tests.streams.feed_world import PARTITIONS, World, result, stop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.streams.feed_world import Broken

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(900)]

REPEAT = int(os.environ.get("FLOWDROP_FAULTS_REPEAT", "1"))
TABLES = ("ledger_results", "postings", "deadletters")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("feed"))
    world.start()
    try:
        yield world
    finally:
        world.stack.stop()


@pytest.mark.parametrize("point", ["before_insert", "inserted", "feed_acked"])
def test_a_feed_killed_at_a_point(world: World, point: str) -> None:
    for nth in range(1, REPEAT + 1):
        world.send(2000)
        with world.feed(FLOWDROP_CRASH_AT=f"{point}:{nth}") as feed:
            assert feed.wait(READY_SECONDS_MAX) == -signal.SIGKILL
        world.send(500)
        with world.feed():
            world.wait_exact()


def test_the_engine_killed_again_and_again(world: World) -> None:
    with world.feed(), world.load():
        for n in range(REPEAT * 2):
            world.wait_some(world.stored().results[0])
            time.sleep(0.1 * (n % 7))  # somewhere in the middle of inserts
            world.kill_engine()
            world.start_engine()
        world.wait_some(world.stored().results[0])
    with world.feed():
        world.wait_exact()


def test_an_engine_that_is_down_while_results_come(world: World) -> None:
    with world.feed():
        world.send(1000)
        world.wait_exact()
        world.kill_engine()
        for _ in range(10):
            world.send(2000)
            time.sleep(0.3)
        world.start_engine()
        world.wait_exact()


def test_a_slow_engine(world: World) -> None:
    with world.feed(), world.load():
        for _ in range(REPEAT):
            world.wait_some(world.stored().results[0])
            engine = world.engine_process()
            engine.suspend()
            time.sleep(3)
            engine.resume()
        world.wait_some(world.stored().results[0])
    with world.feed():
        world.wait_exact()


def test_a_feed_that_was_paused_past_its_session_and_wakes(world: World) -> None:
    world.send(50_000)
    paused = world.stack.feed()
    try:
        world.wait_some(world.stored().results[0])
        os.kill(paused.pid, signal.SIGSTOP)
        with world.feed():
            world.send(2000)
            world.wait_exact()
            os.kill(paused.pid, signal.SIGCONT)
            world.send(20_000)
            world.wait_exact()
    finally:
        stop(paused)
    assert world.stored() == world.sums


def test_two_feeds_share_and_one_leaves(world: World) -> None:
    with world.feed(), world.load():
        for _ in range(REPEAT):
            with world.feed():
                world.wait_some(world.stored().results[0])
                time.sleep(6)
            world.wait_some(world.stored().results[0])
    with world.feed():
        world.wait_exact()


def test_a_bad_row_becomes_a_dead_letter_and_the_others_are_stored(world: World) -> None:
    posting = {"account": ["a"], "kind": []}
    broken: dict[int, Broken] = {
        # only ClickHouse finds out about this one
        1003: lambda number, source: result(number, source, 5, posting=posting),
        2005: lambda number, _: b'{"source_partition": %d}' % number,
        4001: lambda number, source: result(number, source, 5, spend=2**64 - 1),
        4002: lambda number, _: b'{"source_partition": %d} {}' % number,
        4008: lambda number, source: result(number, source, 5).replace(b"earn", b"\xff"),
    }
    world.send(8000, broken)
    with world.feed():
        world.wait_exact()
    letters = world.client.query(
        "SELECT source_partition, reason, value FROM deadletters WHERE source_topic = {t:String} "
        "ORDER BY time DESC, source_offset DESC LIMIT 5",
        parameters={"t": POSTINGS_TOPIC},
        column_formats={"value": "bytes"},
    ).result_rows
    found = {number: (reason, value) for number, reason, value in letters}
    reasons = {number: reason for number, (reason, _) in found.items()}
    unreadable = dict.fromkeys((0, 1, 2, 5), "unreadable_by_feed")
    assert reasons == {**unreadable, 3: "refused_by_feed"}
    assert found[2][1] == b'{"source_partition": 2} {}'
    assert b'"account":["a"]' in found[3][1]


def test_a_view_that_refuses_is_waited_for(world: World) -> None:
    limit = max(world.sources)
    world.client.command(f"ALTER TABLE postings ADD CONSTRAINT low CHECK version < {limit}")
    world.send(8000)
    with world.feed():
        world.wait_some(world.stored().results[0])
        time.sleep(2)
        assert world.stored().deadletters == world.sums.deadletters
        world.client.command("ALTER TABLE postings DROP CONSTRAINT low")
        world.wait_exact()


@pytest.mark.parametrize("spoil", ["lost", "twice"])
def test_an_insert_that_the_engine_only_half_remembers(world: World, spoil: str) -> None:
    """As after a kill between a part and its entry in the deduplication log, either way round."""
    with world.feed():
        world.wait_exact()
    for table in TABLES:  # a delete visits every part
        world.client.command(f"OPTIMIZE TABLE {table} FINAL")
    before = _last_sources(world)
    world.send(900)
    with world.feed(FLOWDROP_CRASH_AT="inserted:1") as feed:
        assert feed.wait(READY_SECONDS_MAX) == -signal.SIGKILL
    number = next(n for n, last in _last_sources(world).items() if last > before[n])
    some = f"source_partition = {number} AND source_offset > {before[number]}"
    if spoil == "lost":
        world.client.command(f"DELETE FROM ledger_results WHERE {some} AND source_offset % 3 = 0")
    else:
        world.client.command(
            f"INSERT INTO ledger_results SELECT * FROM ledger_results WHERE {some}",
            settings={"insert_deduplicate": 0},
        )
    assert world.stored() != world.sums
    with world.feed():
        wait_for(lambda: world.stored() == world.sums, "what was sent")


def test_a_group_whose_commits_are_gone_goes_on_after_the_last_row(world: World) -> None:
    with world.feed():
        world.send(1000)
        world.wait_exact()
    admin = AdminClient({"bootstrap.servers": world.stack.kafka.bootstrap})
    admin.delete_consumer_groups([FEED_ID])[FEED_ID].result(30)
    world.send(1000)
    with world.feed():
        world.wait_exact()


@pytest.mark.skipif(not IS_LONG, reason="a minute more: FLOWDROP_TEST_LONG=1")
def test_a_wiped_warehouse_is_filled_again(world: World) -> None:
    with world.feed():
        world.send(1000)
        world.wait_exact()
    for table in TABLES:
        world.client.command(f"TRUNCATE TABLE {table}")
    world.send(10 * PARTITIONS)
    with world.feed():
        world.wait_exact()


def _last_sources(world: World) -> dict[int, int]:
    """Return the last source offset stored of each partition."""
    found = world.client.query(
        "SELECT source_partition, max(source_offset) FROM ledger_results GROUP BY source_partition"
    )
    return dict.fromkeys(range(PARTITIONS), -1) | dict(found.result_rows)
