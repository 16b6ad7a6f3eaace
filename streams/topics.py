"""The Kafka topics: their names, how they are kept, and how they are made."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

import click
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streams.events import (
    ACCEPTED_TOPIC,
    CAMPAIGN_TOPIC,
    DEADLETTER_TOPIC,
    POSTINGS_TOPIC,
    WALLET_TOPIC,
)

if TYPE_CHECKING:
    from confluent_kafka.admin._metadata import TopicMetadata

    from streams.settings import StreamSettings

WORKER_ID = "flowdrop"
FEED_ID = "flowdrop-feed"
ACCOUNTS = "accounts"
PEOPLE = "people"
ACCOUNTS_CHANGELOG = f"{WORKER_ID}-{ACCOUNTS}-changelog"
PEOPLE_CHANGELOG = f"{WORKER_ID}-{PEOPLE}-changelog"

MESSAGE_BYTES_MAX = 4_194_304  # a dead letter holds whatever a client managed to send
ANSWER_SECONDS_MAX = 30.0

_KEPT = {"retention.ms": "-1", "max.message.bytes": str(MESSAGE_BYTES_MAX)}
_LOG = {**_KEPT, "message.timestamp.type": "LogAppendTime"}  # "future" is judged by arrival
_CHANGELOG = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.2",
    "max.message.bytes": str(MESSAGE_BYTES_MAX),
}

TOPICS: dict[str, dict[str, str]] = {
    WALLET_TOPIC: _LOG,
    CAMPAIGN_TOPIC: _LOG,
    POSTINGS_TOPIC: _KEPT,
    ACCEPTED_TOPIC: _KEPT,
    DEADLETTER_TOPIC: _KEPT,
    ACCOUNTS_CHANGELOG: _CHANGELOG,
    PEOPLE_CHANGELOG: _CHANGELOG,
}

log = logging.getLogger(__name__)


class Ends(NamedTuple):
    """The first offset of a partition and the one after its last committed record or marker."""

    first: int
    end: int


def create_topics(bootstrap: str, settings: StreamSettings) -> list[str]:
    """Make the topics that are missing and wait until each partition has a leader.

    Returns:
        The names of those made now.

    Raises:
        click.ClickException: when Kafka does not answer, or a topic has another partition count.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap})
    there = partitions(admin, bootstrap)
    for name in TOPICS.keys() & there.keys():
        if there[name] != settings.partitions:
            raise click.ClickException(
                f"topic {name} has {there[name]} partitions, the setting `partitions` says "
                f"{settings.partitions}; set FLOWDROP_PARTITIONS={there[name]}"
            )
    missing = [name for name in TOPICS if name not in there]
    futures = (
        admin.create_topics(
            [
                NewTopic(name, settings.partitions, settings.replication, config=TOPICS[name])
                for name in missing
            ]
        )
        if missing
        else {}
    )
    for name, future in futures.items():
        try:
            future.result(ANSWER_SECONDS_MAX)
        except KafkaException as error:
            if error.args[0].name() != "TOPIC_ALREADY_EXISTS":
                raise click.ClickException(f"topic {name}: {error.args[0].str()}") from error
    _wait_for_leaders(admin, bootstrap)
    return missing


def partitions(admin: AdminClient, bootstrap: str) -> dict[str, int]:
    """Return the number of partitions of every topic there is."""
    return {name: len(topic.partitions) for name, topic in _topics(admin, bootstrap).items()}


def _topics(admin: AdminClient, bootstrap: str) -> dict[str, TopicMetadata]:
    try:
        return dict(admin.list_topics(timeout=ANSWER_SECONDS_MAX).topics)
    except KafkaException as error:
        raise click.ClickException(
            f"Kafka does not answer at {bootstrap}: {error.args[0].str()}; "
            "start it with `flowdrop up` or set FLOWDROP_KAFKA"
        ) from error


def _wait_for_leaders(admin: AdminClient, bootstrap: str) -> None:
    deadline = time.monotonic() + ANSWER_SECONDS_MAX
    while True:
        topics = _topics(admin, bootstrap)
        waiting = [
            name
            for name in TOPICS
            if name not in topics or any(p.leader < 0 for p in topics[name].partitions.values())
        ]
        if not waiting:
            return
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"topic {waiting[0]} has no leader after {ANSWER_SECONDS_MAX:.0f} s; "
                "see Kafka's log"
            )
        time.sleep(0.05)


def reader(bootstrap: str, group: str = "flowdrop-reader") -> Consumer:
    """Return a consumer that reads committed records and commits nothing."""
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,  # the end of a partition is told by a fetch that waited
        }
    )


def ends(consumer: Consumer, topic: str, count: int) -> list[Ends]:
    """Return where each of the topic's `count` partitions begins and ends now."""
    return [
        Ends(*consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=ANSWER_SECONDS_MAX))
        for p in range(count)
    ]
