"""Reading Kafka from outside a worker: committed records only, from anywhere to anywhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click
from confluent_kafka import KafkaException, TopicPartition

from streams.kafka.topics import ANSWER_SECONDS_MAX, ends, reader
from streams.layer.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from confluent_kafka import Consumer, Message

    from streams.kafka.deadletters import Place
    from streams.layer.state import Headers

RECORDS_A_READ = 50_000
BYTES_A_READ = 64 * 1024 * 1024
READ_SECONDS = 0.02
SILENCE_SECONDS_MAX = 30.0
EOF = -191  # librdkafka's RD_KAFKA_RESP_ERR__PARTITION_EOF
LOOK_BACK = (16, 4096, 1 << 62)  # offsets before the end in which to look for the last record
_NONE: Headers = []


def messages(
    bootstrap: str, topic: str, partition: int, start: int = 0, end: int | None = None
) -> Iterator[list[Message]]:
    """Yield the committed messages of a partition, in order, from `start` up to before `end`.

    Without `end`, up to the partition's end as of now.

    Raises:
        click.ClickException: when the broker falls silent or answers with an error.
    """
    consumer = reader(bootstrap)
    try:
        consumer.assign([TopicPartition(topic, partition, start)])
        for records in _until_eof(consumer, bootstrap, f"{topic} partition {partition}", 1):
            if end is not None and (records[-1].offset() or 0) >= end:
                if before := [m for m in records if (m.offset() or 0) < end]:
                    yield before
                return
            yield records
    finally:
        consumer.close()


def last_records(
    bootstrap: str,
    topic: str,
    count: int,
    wanted: Callable[[Message], bool] = lambda _: True,
) -> dict[int, Message]:
    """Return the last committed message of each partition of which `wanted` holds.

    A partition without one is left out.
    """
    consumer = reader(bootstrap)
    found: dict[int, Message] = {}
    try:
        places = {n: place for n, place in enumerate(ends(consumer, topic, count)) if place.end}
        for reach in LOOK_BACK:
            left = {n: place for n, place in places.items() if n not in found}
            starts = {n: max(place.first, place.end - reach) for n, place in left.items()}
            if not starts:
                break
            consumer.assign([TopicPartition(topic, n, start) for n, start in starts.items()])
            for records in _until_eof(consumer, bootstrap, topic, len(starts)):
                found |= {m.partition() or 0: m for m in records if wanted(m)}
    finally:
        consumer.close()
    return found


def records_at(bootstrap: str, places: Iterable[Place]) -> dict[Place, Message]:
    """Return the messages that stand at `places`; those that are gone are left out."""
    consumer = reader(bootstrap)
    found: dict[Place, Message] = {}
    try:
        for place in places:
            consumer.assign([TopicPartition(*place)])
            for message in consumer.consume(1, timeout=ANSWER_SECONDS_MAX):
                if message.error() is None and message.offset() == place.offset:
                    found[place] = message
    finally:
        consumer.close()
    return found


def _until_eof(
    consumer: Consumer, bootstrap: str, place: str, partitions: int
) -> Iterator[list[Message]]:
    """Yield messages until the end of each assigned partition, many at a time."""
    heard = time.monotonic()
    ended: set[int | None] = set()
    records: list[Message] = []
    size = 0
    while len(ended) < partitions:
        try:
            got = consumer.consume(RECORDS_A_READ, timeout=READ_SECONDS)
        except KafkaException as error:
            raise click.ClickException(f"{place}: {error}") from error
        told = [(m.partition(), m.error()) for m in got if m.error() is not None]
        fresh = [m for m in got if m.error() is None] if told else got
        records += fresh
        size += sum(map(len, fresh))
        if got:
            heard = time.monotonic()
        for number, said in told:
            if said is not None and said.code() != EOF:
                raise click.ClickException(f"{place}: {said.str()}")
            ended.add(number)
        full = len(records) >= RECORDS_A_READ or size >= BYTES_A_READ
        if full or (records and len(ended) == partitions):
            yield records
            records, size = [], 0
            heard = time.monotonic()
        if time.monotonic() - heard > SILENCE_SECONDS_MAX:
            raise click.ClickException(
                f"Kafka at {bootstrap} fell silent for {SILENCE_SECONDS_MAX:.0f} s while "
                f"reading {place}; see `flowdrop status`"
            )


def headers(message: Message) -> Headers:
    """Return a message's headers as a list of pairs, whatever form the client gives them in."""
    found = message.headers() or []
    return list(found.items()) if isinstance(found, dict) else found


def batch_of(topic: str, partition: int, records: list[Message]) -> Batch:
    """Return consumed messages as the batch that a worker would have seen, without headers.

    No fold reads headers, and fetching them takes longer than all the rest.
    """
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
        headers=[_NONE] * len(records),
        size_bytes=0,
    )
