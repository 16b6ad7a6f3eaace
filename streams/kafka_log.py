"""Reading Kafka from outside a worker: a partition from its beginning, committed records only."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click
from confluent_kafka import KafkaException, TopicPartition

from streams.layer.batch import Batch
from streams.topics import reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confluent_kafka import Message

    from streams.layer.state import Headers

RECORDS_A_READ = 50_000
READ_SECONDS = 0.1
SILENCE_SECONDS_MAX = 30.0
EOF = -191  # librdkafka's RD_KAFKA_RESP_ERR__PARTITION_EOF


def messages(bootstrap: str, topic: str, partition: int, start: int = 0) -> Iterator[list[Message]]:
    """Yield the committed messages of a partition, in order, until its end as of now.

    Raises:
        click.ClickException: when the broker falls silent or answers with an error.
    """
    consumer = reader(bootstrap)
    try:
        consumer.assign([TopicPartition(topic, partition, start)])
        heard = time.monotonic()
        while True:
            got = consumer.consume(RECORDS_A_READ, timeout=READ_SECONDS)
            errors = [error for m in got if (error := m.error()) is not None]
            records = [m for m in got if m.error() is None]
            if records:
                heard = time.monotonic()
                yield records
            if any(error.code() == EOF for error in errors):
                return
            if errors:
                raise click.ClickException(f"{topic} partition {partition}: {errors[0].str()}")
            if time.monotonic() - heard > SILENCE_SECONDS_MAX:
                raise click.ClickException(
                    f"Kafka at {bootstrap} fell silent for {SILENCE_SECONDS_MAX:.0f} s while "
                    f"reading {topic} partition {partition}; see `flowdrop status`"
                )
    except KafkaException as error:
        raise click.ClickException(f"{topic} partition {partition}: {error}") from error
    finally:
        consumer.close()


def headers(message: Message) -> Headers:
    """Return a message's headers as a list of pairs, whichever form the client gives."""
    found = message.headers() or []
    return list(found.items()) if isinstance(found, dict) else found


def batch_of(topic: str, partition: int, records: list[Message]) -> Batch:
    """Return consumed messages as the batch that a worker would have seen."""
    offsets = [m.offset() or 0 for m in records]
    return Batch(
        topic=topic,
        partition=partition,
        start=offsets[0],
        end=offsets[-1] + 1,
        keys=[m.key() for m in records],
        values=[m.value() for m in records],
        offsets=offsets,
        timestamps_ms=[m.timestamp()[1] for m in records],
        headers=[headers(m) for m in records],
        size_bytes=0,
    )
