"""Where accepted events end, and that nobody waits for a Kafka that is away."""

from __future__ import annotations

import socket
import time

import pytest
from confluent_kafka import Producer

from streams.events import ACCEPTED_TOPIC
from streams.kafka.publish.ends import accepted_ends
from streams.kafka.topics import create_topics, ends, reader
from streams.settings import StreamSettings


def test_ends_are_those_of_kafka(kafka: str) -> None:
    create_topics(kafka, StreamSettings())
    count = StreamSettings().partitions
    consumer = reader(kafka)
    ends(consumer, ACCEPTED_TOPIC, count)  # returns once the broker leads its partitions
    consumer.close()
    before = accepted_ends(kafka, count)
    assert before is not None
    assert len(before) == count
    producer = Producer({"bootstrap.servers": kafka})
    for partition in (0, 0, 3):
        producer.produce(ACCEPTED_TOPIC, b"{}", partition=partition)
    producer.flush(30)
    after = accepted_ends(kafka, count)
    assert after is not None
    more = [a - b for a, b in zip(after, before, strict=True)]
    assert more == [2, 0, 0, 1, *[0] * (count - 4)]


@pytest.mark.parametrize("address", ["127.0.0.1:9", "nowhere.invalid:9092", "", "x:y"])
def test_one_that_is_away_is_none(address: str) -> None:
    started = time.monotonic()
    assert accepted_ends(address, 8) is None
    assert time.monotonic() - started < 20


def test_one_that_listens_and_never_answers_is_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert accepted_ends(f"127.0.0.1:{silent.getsockname()[1]}", 8) is None
