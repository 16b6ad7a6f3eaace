"""The Kafka topics: their names, how they are retained, and how they are created."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

import click
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.cimpl import NewTopic

from streams.events import (
    ACCEPTED_TOPIC,
    CAMPAIGN_TOPIC,
    DEADLETTER_TOPIC,
    POSTINGS_TOPIC,
    WALLET_TOPIC,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

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
# What a broker says of a partition while it starts, or hands it over.
PASSING = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_LEADER_EPOCH,
    KafkaError.OFFSET_NOT_AVAILABLE,
    KafkaError.KAFKA_STORAGE_ERROR,
}
# What it says of a topic that doesn't exist; one that has just started, or was stopped for a while,
# briefly says it of topics that do.
ABSENT = {
    KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
    KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}
ABSENT_SECONDS_MAX = 5.0

STAMPS = "message.timestamp.type"
BY_BROKER = "LogAppendTime"

_KEPT = {"retention.ms": "-1", "max.message.bytes": str(MESSAGE_BYTES_MAX)}
_LOG = {**_KEPT, STAMPS: BY_BROKER}  # "future" is judged by arrival
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
    """Create the topics that are missing and wait until each partition has a leader.

    Returns:
        The names of those created now.

    Raises:
        click.ClickException: when Kafka does not answer, a topic has another partition count, or
        one of the logs takes its writers' timestamps.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap})
    there = partitions(admin, bootstrap)
    for name in TOPICS.keys() & there.keys():
        if there[name] != settings.partitions:
            raise click.ClickException(
                f"topic {name} has {there[name]} partitions, but the setting `partitions` is "
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
    require_stamps(stamps(admin))
    return missing


def stamps(admin: AdminClient) -> dict[str, str]:
    """Return who timestamps each log's records: the broker if `LogAppendTime`, else the writer."""
    logs = [ConfigResource("topic", name) for name, wanted in TOPICS.items() if STAMPS in wanted]
    found = admin.describe_configs(logs, request_timeout=ANSWER_SECONDS_MAX)
    try:
        return {
            topic.name: future.result(ANSWER_SECONDS_MAX)[STAMPS].value
            for topic, future in found.items()
        }
    except KafkaException as error:
        raise click.ClickException(f"how the logs are kept: {error.args[0].str()}") from error


def require_stamps(found: Mapping[str, str]) -> None:
    """Refuse a log whose writers timestamp its records.

    Whether an event is too early or too old depends on when it arrived. A record that its writer
    had dated 2099 would move the partition's clock there, and every honest event after it would be
    refused.

    Raises:
        click.ClickException: naming the topic, the setting, and the command that fixes it.
    """
    for topic, by in found.items():
        if by != BY_BROKER:
            raise click.ClickException(
                f"topic {topic} has {STAMPS}={by}, so its writers decide when its records arrived; "
                f"it must be {BY_BROKER}: run `flowdrop topics mend`"
            )


def mend_stamps(bootstrap: str) -> list[str]:
    """Have the broker timestamp what is written to the logs from now on.

    Returns:
        The names of the topics that had to be changed.

    Raises:
        click.ClickException: when Kafka does not answer, or refuses.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap})
    there = partitions(admin, bootstrap)
    if lacking := [
        name for name, wanted in TOPICS.items() if STAMPS in wanted and name not in there
    ]:
        raise click.ClickException(
            f"there is no topic {lacking[0]}; create it with `flowdrop topics create`"
        )
    wrong = [topic for topic, by in stamps(admin).items() if by != BY_BROKER]
    entry = ConfigEntry(STAMPS, BY_BROKER, incremental_operation=AlterConfigOpType.SET)
    changes = [ConfigResource("topic", name, incremental_configs=[entry]) for name in wrong]
    for topic, future in (admin.incremental_alter_configs(changes) if changes else {}).items():
        try:
            future.result(ANSWER_SECONDS_MAX)
        except KafkaException as error:
            raise click.ClickException(f"topic {topic.name}: {error.args[0].str()}") from error
    return wrong


def partitions(
    admin: AdminClient, bootstrap: str, seconds: float = ANSWER_SECONDS_MAX
) -> dict[str, int]:
    """Return the number of partitions of every topic.

    Raises:
        click.ClickException: when Kafka does not answer within `seconds`.
    """
    found = _topics(admin, bootstrap, seconds)
    return {name: len(topic.partitions) for name, topic in found.items()}


def _topics(
    admin: AdminClient, bootstrap: str, seconds: float = ANSWER_SECONDS_MAX
) -> dict[str, TopicMetadata]:
    try:
        return dict(admin.list_topics(timeout=seconds).topics)
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
            "log_level": 2,  # the reader reports by itself what is wrong
            "fetch.wait.max.ms": 20,  # a fetch that waited reports the end of a partition
        }
    )


def ends(consumer: Consumer, topic: str, count: int) -> list[Ends]:
    """Return where each of the topic's `count` partitions begins and ends now.

    A broker that has just started does not yet know which partitions it leads: it is asked again,
    for as long as it may take to answer. One that knows no such partition is asked again for
    `ABSENT_SECONDS_MAX`.

    Raises:
        KafkaException: when Kafka does not answer, or keeps saying so.
    """
    return [_ends(consumer, TopicPartition(topic, number)) for number in range(count)]


def _ends(consumer: Consumer, partition: TopicPartition) -> Ends:
    began = time.monotonic()
    while True:
        try:
            return Ends(*consumer.get_watermark_offsets(partition, timeout=ANSWER_SECONDS_MAX))
        except KafkaException as error:
            code, seconds = error.args[0].code(), time.monotonic() - began
            passes = code in PASSING and seconds < ANSWER_SECONDS_MAX
            appears = code in ABSENT and seconds < ABSENT_SECONDS_MAX
            if not passes and not appears:
                raise
        time.sleep(0.05)
