"""The feed: postings, campaign events and dead letters from Kafka into ClickHouse.

It is an app and a consumer group of its own, so that a warehouse that is down delays no wallet.
`sink.py` says how a range gets into its table exactly once, `columns.py` how records become
columns, `warehouse.py` how ClickHouse is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flowdrop.room import feed_room
from sql.client import rows
from sql.condition import look_through, missing
from streams.events import ACCEPTED_TOPIC, DEADLETTER_TOPIC, POSTINGS_TOPIC
from streams.feed import columns
from streams.feed.clickhouse import Warehouse
from streams.feed.sink import Sink, Target
from streams.feed.trouble import Trouble
from streams.layer.faults import end_process
from streams.layer.fresh import fresh_batches
from streams.layer.transport import BatchSchema

if TYPE_CHECKING:
    import faust
    from clickhouse_connect.driver.client import Client
    from faust.types import StreamT

TARGETS = {
    POSTINGS_TOPIC: Target("ledger_results", columns.ledger_results, in_order=True),
    ACCEPTED_TOPIC: Target("campaign_events", columns.campaign_events),
    DEADLETTER_TOPIC: Target("deadletters", columns.deadletters),
}


def attach_feed(app: faust.App, clickhouse: str, trouble: Trouble | None = None) -> None:
    """Add one agent per topic to `app`."""
    trouble = trouble or Trouble()
    for topic, target in TARGETS.items():
        _attach(app, topic, target, Warehouse(clickhouse), trouble)


def _attach(
    app: faust.App, topic: str, target: Target, warehouse: Warehouse, trouble: Trouble
) -> None:
    room = feed_room()
    sink = Sink(topic, target, warehouse, lambda: app.consumer, end_process, trouble, room.missing)
    app.transport.resume_at[topic] = sink.places

    @app.agent(app.topic(topic, schema=BatchSchema()), name=f"feed-{topic}")
    async def feed(stream: StreamT[Any]) -> None:
        try:
            async for event, batch in fresh_batches(app, stream, sink, end_process):
                sink.add(batch)
                app.consumer.forget(event.message)  # the sink commits, not Faust
        except Exception as error:  # noqa: BLE001 - Faust would go on without the agent
            end_process(f"feed of {topic}: {error!r}", error)
        finally:
            await sink.leave()


def check_migrated(client: Client) -> None:
    """Refuse to start on a warehouse whose tables are missing, in words."""
    there = {row["name"] for row in rows(client, "feed/tables")}
    missing = sorted({target.table for target in TARGETS.values()} - there)
    if missing:
        raise click.ClickException(
            f"ClickHouse has no table {missing[0]}; create the tables with `flowdrop sql migrate`"
        )


def inspect(client: Client) -> Trouble:
    """Set aside what an earlier crash left broken, and return what to report about it."""
    look_through(client)
    trouble = Trouble()
    trouble.begin(missing(client))
    return trouble
