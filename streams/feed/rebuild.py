"""Refill the feed's tables from Kafka: `flowdrop warehouse rebuild`.

The feed believes the lower of what was committed and what its table holds, so that an emptied table
is fed from the beginning. It must not run meanwhile: a range that it stored after the emptying
would hide that everything before it is missing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click
from confluent_kafka import ConsumerGroupState, KafkaException
from confluent_kafka.admin import AdminClient

from sql.chains import CHAINS
from sql.client import rows, text
from sql.condition import chain_of, clear
from sql.days import set_zone
from streams.events import ACCEPTED_TOPIC, DEADLETTER_TOPIC, POSTINGS_TOPIC
from streams.kafka.log import last_records
from streams.kafka.topics import FEED_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

TOPICS = {
    "ledger_results": POSTINGS_TOPIC,
    "campaign_events": ACCEPTED_TOPIC,
    "deadletters": DEADLETTER_TOPIC,
}
GONE_SECONDS_MAX = 30.0  # a feed that was killed is a member until its session ends
LOOK_SECONDS = 0.5
ANSWER_SECONDS_MAX = 10.0
LAST = 2**63 - 1


def heads(table: str | None) -> list[str]:
    """Return which tables of the feed are emptied when `table` is to be rebuilt; `None` is all.

    What the feed could not read of the other topics is among the dead letters, and only feeding
    those topics again puts it back there.
    """
    chosen = chain_of(table)[0] if table else "deadletters"
    return list(CHAINS) if chosen == "deadletters" else [chosen]


def require_no_feed(kafka: str) -> None:
    """Wait until no feed is running.

    Raises:
        click.ClickException: when one still is.
    """
    deadline = time.monotonic() + GONE_SECONDS_MAX
    while members := _members(kafka):
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"{members} feeds are running; stop them first (on one machine `flowdrop down "
                "feed`), and start them again afterwards"
            )
        time.sleep(LOOK_SECONDS)


def empty(client: Client, table: str, zone: str) -> None:
    """Empty the chain of `table`, and delete the dead letters that the feed made for it.

    Campaign events will be counted in days of `zone`.
    """
    clear(client, table)
    if table == "campaign_events":
        set_zone(client, zone, complete=True)
    if table != "deadletters":
        place = {"topic": TOPICS[table], "first": 0, "end": LAST}
        for row in rows(client, "feed/stored_deadletters", topic=TOPICS[table]):
            client.command(
                text("feed/clear_deadletters"),
                {**place, "partition": row["partition"]},
                settings={"lightweight_deletes_sync": 2},
            )


def wanted(kafka: str, table: str, partitions: int) -> dict[int, int]:
    """Return the offset of the last record of each partition that the feed reads for `table`."""
    found = last_records(kafka, TOPICS[table], partitions)
    return {number: message.offset() or 0 for number, message in found.items()}


def progress(client: Client, table: str, last: dict[int, int]) -> Iterator[int]:
    """Yield how many offsets of `table` are fed, until all are."""
    while True:
        found = rows(client, f"feed/stored_{table}", topic=TOPICS[table])
        stored = {row["partition"]: row["stored"] + 1 for row in found}
        yield sum(min(stored.get(number, 0), end + 1) for number, end in last.items())
        if all(stored.get(number, 0) > end for number, end in last.items()):
            return
        time.sleep(LOOK_SECONDS)


def _members(kafka: str) -> int:
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 0})
    try:
        found = admin.describe_consumer_groups([FEED_ID], request_timeout=ANSWER_SECONDS_MAX)
        group = found[FEED_ID].result()
    except KafkaException as error:
        raise click.ClickException(
            f"Kafka does not answer at {kafka}: {error.args[0].str()}; start it with `flowdrop up`"
        ) from error
    gone = {ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD}
    return 0 if group.state in gone else max(1, len(group.members))
