"""The feed: postings, campaign events and dead letters from Kafka into ClickHouse.

It is an app and a consumer group of its own, so that a warehouse that is down holds up no wallet.
ClickHouse itself knows how far it was fed: on assignment the feed reads the highest stored offset
of each partition and goes on after it. An insert carries the token `table:topic:partition:first:
last`, so that one whose answer was lost is not stored twice; the source is acknowledged after it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from sql.client import rows
from streams import columns
from streams.events import ACCEPTED_TOPIC, DEADLETTER_TOPIC, POSTINGS_TOPIC
from streams.layer.faults import end_process
from streams.layer.reading import fresh_batches
from streams.layer.transport import BatchSchema

if TYPE_CHECKING:
    from collections.abc import Callable

    import faust
    from clickhouse_connect.driver.client import Client
    from faust.types import EventT, StreamT

    from streams.columns import Columns
    from streams.layer.batch import Batch

INSERT_INTERVAL_SECONDS = 0.25
BATCHES_WAITING_MAX = 64
BACKOFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
INSERT_SETTINGS = {"async_insert": 0, "deduplicate_blocks_in_dependent_materialized_views": 1}

log = logging.getLogger(__name__)


class Target(NamedTuple):
    """A table, and how the batches of its topic become its columns."""

    table: str
    columns_of: Callable[[Batch], Columns]


TARGETS = {
    POSTINGS_TOPIC: Target("ledger_results", columns.ledger_results),
    ACCEPTED_TOPIC: Target("campaign_events", columns.campaign_events),
    DEADLETTER_TOPIC: Target("deadletters", columns.deadletters),
}


class Warehouse:
    """ClickHouse as the feed uses it; every method blocks and tries until it succeeds."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Client | None = None

    def stored(self, table: str, topic: str) -> dict[int, int]:
        """Return the highest stored offset of each partition of `topic`."""
        found: dict[int, int] = self._insist(
            f"read {table}",
            lambda client: {
                row["partition"]: row["stored"]
                for row in rows(client, f"feed/stored_{table}", topic=topic)
            },
        )
        return found

    def insert(self, table: str, content: Columns, token: str) -> None:
        """Insert columns once, however often the answer gets lost."""
        if not content.data or not content.data[0]:
            return
        self._insist(
            f"insert {token}",
            lambda client: client.insert(
                table,
                content.data,
                column_names=list(content.names),
                column_oriented=True,
                settings={**INSERT_SETTINGS, "insert_deduplication_token": token},
            ),
        )

    def _insist(self, what: str, call: Callable[[Client], Any]) -> Any:
        attempt = 0
        while True:
            try:
                if self._client is None:
                    self._client = clickhouse_connect.get_client(
                        dsn=self._url, autogenerate_session_id=False
                    )
                return call(self._client)
            except (ClickHouseError, HTTPError, OSError) as error:
                delay = BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)]
                log.warning("%s: %s; again in %s s", what, str(error)[:500], delay)
                attempt += 1
                self._client = None
                time.sleep(delay)


class Sink:
    """Feeds one topic into its table, a queue and an inserting task a partition."""

    def __init__(self, topic: str, warehouse: Warehouse) -> None:
        self.topic = topic
        self.target = TARGETS[topic]
        self.warehouse = warehouse
        self._wanted: dict[int, int] = {}
        self._queues: dict[int, asyncio.Queue[tuple[EventT, Batch]]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def places(self, numbers: list[int]) -> dict[int, int]:
        """Return the offset after the highest stored one of each partition now ours."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()
        self._queues.clear()
        stored = await asyncio.to_thread(self.warehouse.stored, self.target.table, self.topic)
        self._wanted = {number: stored.get(number, -1) + 1 for number in numbers}
        return dict(self._wanted)

    def next_offset(self, number: int) -> int | None:
        """Return the offset wanted next of a partition, `None` if it is not ours."""
        return self._wanted.get(number)

    def begin_at(self, number: int, offset: int) -> None:
        """Begin a partition whose log no longer starts at zero."""
        self._wanted[number] = offset

    async def add(self, event: EventT, batch: Batch) -> None:
        """Queue a batch; waits while too many of its partition wait to be inserted."""
        number = batch.partition
        self._wanted[number] = batch.end
        if number not in self._queues:
            self._queues[number] = asyncio.Queue(BATCHES_WAITING_MAX)
            self._tasks[number] = asyncio.create_task(self._insert_all(number))
        await self._queues[number].put((event, batch))

    async def _insert_all(self, number: int) -> None:
        queue = self._queues[number]
        loop = asyncio.get_running_loop()
        while True:
            waiting = [await queue.get()]
            started = loop.time()
            while not queue.empty():
                waiting.append(queue.get_nowait())
            batch = _joined([own for _, own in waiting])
            # shielded: an insert that is under way ends, whoever asks where the table stands
            await asyncio.shield(asyncio.to_thread(self._insert, batch))
            for event, _ in waiting:
                event.ack()
            await asyncio.sleep(max(0.0, started + INSERT_INTERVAL_SECONDS - loop.time()))

    def _insert(self, batch: Batch) -> None:
        content = self.target.columns_of(batch)
        place = f"{self.topic}:{batch.partition}:{batch.start}:{batch.end - 1}"
        self.warehouse.insert(self.target.table, content, f"{self.target.table}:{place}")
        if content.unreadable:
            spoiled = columns.unreadable_as_deadletters(batch, content)
            self.warehouse.insert("deadletters", spoiled, f"deadletters:unreadable:{place}")


def _joined(batches: list[Batch]) -> Batch:
    first, *rest = batches
    for batch in rest:
        first.keys += batch.keys
        first.values += batch.values
        first.offsets += batch.offsets
        first.timestamps_ms += batch.timestamps_ms
        first.headers += batch.headers
        first.size_bytes += batch.size_bytes
        first.end = batch.end
    return first


def attach_feed(app: faust.App, clickhouse: str) -> None:
    """Add one agent a topic to `app`."""
    for topic in TARGETS:
        _attach(app, topic, Warehouse(clickhouse))


def _attach(app: faust.App, topic: str, warehouse: Warehouse) -> None:
    sink = Sink(topic, warehouse)
    app.transport.resume_at[topic] = sink.places

    @app.agent(app.topic(topic, schema=BatchSchema()), name=f"feed-{topic}")
    async def feed(stream: StreamT[Any]) -> None:
        try:
            async for event, batch in fresh_batches(app, stream, sink, end_process):
                await sink.add(event, batch)
        except Exception as error:  # noqa: BLE001 - Faust would acknowledge what was not stored
            end_process(f"feed of {topic}: {error!r}", error)


def check_migrated(client: Client) -> None:
    """Refuse to start on a warehouse whose tables are missing, in words."""
    there = {row["name"] for row in rows(client, "feed/tables")}
    missing = sorted({target.table for target in TARGETS.values()} - there)
    if missing:
        raise click.ClickException(
            f"ClickHouse has no table {missing[0]}; make the tables with `flowdrop sql migrate`"
        )
