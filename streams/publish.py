"""Publish events to Kafka: keyed by subject, on the account's partition, in the order given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from streams.events import Event, encode, partition_of, topic_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from confluent_kafka import Message

FLUSH_SECONDS_MAX = 60.0
ANSWER_SECONDS_MAX = 5.0
POLL_RECORDS = 500


def publish_records(
    records: Iterable[tuple[str, int, bytes | None, bytes | None]],
    bootstrap: str,
    *,
    on_sent: Callable[[int], object] | None = None,
) -> int:
    """Send `(topic, partition, key, value)` records and wait until the broker has them all.

    Args:
        records: what to send, in order; order is kept within a partition.
        bootstrap: Kafka's address.
        on_sent: called now and then with how many more were handed over (for a progress bar).

    Returns:
        How many records the broker acknowledged.

    Raises:
        click.ClickException: when the broker refuses a record or can't be reached.
    """
    refused: list[KafkaError] = []

    def delivered(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            refused.append(error)

    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "compression.type": "lz4",
            "linger.ms": 20,
            "log_level": 2,  # what it retries is not news; what fails is said below
            "message.max.bytes": 4_000_000,
            "message.timeout.ms": int(FLUSH_SECONDS_MAX * 1000),
            "queue.buffering.max.messages": 200_000,
        }
    )
    sent = reported = 0
    for topic, partition, key, value in records:
        while True:
            try:
                producer.produce(
                    topic, value=value, key=key, partition=partition, on_delivery=delivered
                )
                break
            except BufferError:
                producer.poll(0.1)
        sent += 1
        if sent - reported >= POLL_RECORDS:
            producer.poll(0)
            _raise_first(refused, bootstrap)
            if on_sent:
                on_sent(sent - reported)
            reported = sent
    left = producer.flush(FLUSH_SECONDS_MAX)
    _raise_first(refused, bootstrap)
    if left:
        raise click.ClickException(
            f"Kafka at {bootstrap} did not acknowledge {left:,} of {sent:,} records in "
            f"{FLUSH_SECONDS_MAX:.0f} s; see `flowdrop status`"
        )
    if on_sent:
        on_sent(sent - reported)
    return sent


def publish(
    events: Iterable[Event],
    bootstrap: str,
    partitions: int,
    *,
    on_sent: Callable[[int], object] | None = None,
) -> int:
    """Send events to their topics; see `publish_records`."""
    return publish_records(records_of(events, partitions), bootstrap, on_sent=on_sent)


def records_of(
    events: Iterable[Event], partitions: int
) -> Iterator[tuple[str, int, bytes | None, bytes | None]]:
    """Yield the `(topic, partition, key, value)` record of each event."""
    return (record_of(event, partitions) for event in events)


def record_of(event: Event, partitions: int) -> tuple[str, int, bytes, bytes]:
    """Return the `(topic, partition, key, value)` record of an event."""
    subject = event.subject
    return topic_of(event), partition_of(subject, partitions), subject.encode(), encode(event)


def require_topics(bootstrap: str, partitions: int, *topics: str) -> None:
    """Return if Kafka answers and has `topics` with `partitions` partitions each.

    Raises:
        click.ClickException: when it does not, within `ANSWER_SECONDS_MAX`.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        found = admin.list_topics(timeout=ANSWER_SECONDS_MAX).topics
    except KafkaException as error:
        raise click.ClickException(
            f"Kafka does not answer at {bootstrap}: {error.args[0].str()}; "
            "start it with `flowdrop up` or set FLOWDROP_KAFKA"
        ) from error
    for topic in topics:
        if topic not in found:
            raise click.ClickException(
                f"Kafka at {bootstrap} has no topic {topic}; "
                "create it with `flowdrop topics create`"
            )
        if len(found[topic].partitions) != partitions:
            raise click.ClickException(
                f"topic {topic} has {len(found[topic].partitions)} partitions, but the setting "
                f"partitions is {partitions}; set FLOWDROP_PARTITIONS to the topic's number"
            )


def _raise_first(refused: list[KafkaError], bootstrap: str) -> None:
    if refused:
        raise click.ClickException(
            f"Kafka at {bootstrap} refused a record: {refused[0].str()}; see `flowdrop status`"
        ) from KafkaException(refused[0])
