"""Processes that share the engine, and processes that die."""

from __future__ import annotations

import contextlib
import itertools
import queue
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import clickhouse_connect
import httpx
import pytest
from clickhouse_connect.driver.exceptions import ClickHouseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client
    from conftest import Engine

pytestmark = pytest.mark.clickhouse

BATCH = 1000
TABLE = (
    "CREATE TABLE IF NOT EXISTS events (source UInt16, offset UInt64, text String) "
    "ENGINE = MergeTree PARTITION BY offset % 3 ORDER BY (source, offset) "
    "SETTINGS non_replicated_deduplication_window = 10000"
)
COUNTS = "SELECT count(), uniqExact(source, offset), sum(offset) FROM events"


def insert(client: Client, source: int, batch: int) -> None:
    """Insert one batch under its token, as the feed does."""
    first = batch * BATCH
    offsets = list(range(first, first + BATCH))
    settings = {"insert_deduplication_token": f"events:t:{source}:{first}", "async_insert": 0}
    columns: list[Any] = [[source] * BATCH, offsets, [f"event {n}" for n in offsets]]
    client.insert(
        "events",
        columns,
        column_names=["source", "offset", "text"],
        column_oriented=True,
        settings=settings,
    )


def replay(url: str, database: str, seed: int, compress: str) -> None:
    """Insert all sources' batches, each process in another order, so that tokens collide."""
    client = clickhouse_connect.get_client(dsn=url, database=database, compress=compress)
    batches = [(source, batch) for source in range(4) for batch in range(5)]
    for source, batch in batches[seed * 5 :] + batches[: seed * 5]:
        insert(client, source, batch)
        assert client.query(f"SELECT count() FROM events WHERE source = {source}").first_row[0]


def test_four_processes_replay_tokens_and_add_each_row_once(
    engine: Engine, client: Client, database: str
) -> None:
    client.command(TABLE)
    workers = [
        subprocess.Popen([sys.executable, __file__, engine.address(), database, str(seed), method])
        for seed, method in enumerate(["lz4", "zstd", "gzip", "lz4"])
    ]
    assert [worker.wait() for worker in workers] == [0] * 4
    rows = 4 * 5 * BATCH
    assert client.query(COUNTS).first_row == (rows, rows, 4 * sum(range(5 * BATCH)))


def test_what_was_acknowledged_survives_sigkill_and_replays_exactly(
    own_engine: Callable[..., Engine],
) -> None:
    total = 40
    acknowledged: queue.Queue[int | None] = queue.Queue()

    def feed(engine: Engine) -> None:
        client = engine.client()
        try:
            for batch in itertools.count():
                insert(client, 0, batch)
                acknowledged.put(batch)
        except ClickHouseError:
            acknowledged.put(None)

    for kill_after in (3, 20):
        engine = own_engine()
        engine.client().command(TABLE)
        thread = threading.Thread(target=feed, args=(engine,))
        thread.start()
        last = max(acknowledged.get() or 0 for _ in range(kill_after))
        engine.kill()
        thread.join()
        while (batch := acknowledged.get()) is not None:
            last = batch
        engine = own_engine()
        known = "SELECT uniqExact(offset) FROM events WHERE offset < {end:UInt64}"
        end = (last + 1) * BATCH
        assert engine.client().query(known, parameters={"end": end}).first_row == (end,)
        engine.kill()
    client = own_engine().client()
    for batch in range(max(total, last + 2)):
        insert(client, 0, batch)
    rows = max(total, last + 2) * BATCH
    assert client.query(COUNTS).first_row == (rows, rows, sum(range(rows)))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT number FROM system.numbers",
        "SELECT max(sipHash64(number)) FROM system.numbers",
        "INSERT INTO FUNCTION null('n UInt64') SELECT number FROM system.numbers",
    ],
)
def test_sigterm_ends_soon_whatever_runs_and_keeps_the_data(
    own_engine: Callable[..., Engine], query: str
) -> None:
    engine = own_engine()
    client = engine.client()
    client.command(TABLE)
    insert(client, 0, 0)
    thread = threading.Thread(target=ask, args=(engine, query))
    thread.start()
    running = "SELECT count() FROM system.processes WHERE query = {query:String}"
    while client.query(running, parameters={"query": query}).first_row == (0,):
        assert thread.is_alive()
    start = time.monotonic()
    assert engine.stop() == 0
    assert time.monotonic() - start < 6
    thread.join()
    client = own_engine().client()
    insert(client, 0, 0)
    assert client.query(COUNTS).first_row[:2] == (BATCH, BATCH)


def ask(engine: Engine, query: str) -> None:
    """Send a query and read its answer until the server ends."""
    with (
        contextlib.suppress(httpx.HTTPError),
        engine.http().stream("POST", "/", content=query) as answer,
    ):
        for _ in answer.iter_raw():
            pass


if __name__ == "__main__":
    replay(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
