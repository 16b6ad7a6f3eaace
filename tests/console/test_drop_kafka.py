from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Consumer, TopicPartition

from console.drops import launch, register
from console.drops.policy import Policy
from console.drops.terms import Terms
from streams.events import CAMPAIGN_TOPIC, WALLET_TOPIC
from streams.kafka.publish import publish
from streams.kafka.topics import create_topics
from streams.settings import StreamSettings
from tests.console.world import NOW, PARTITIONS, PROGRAM, PROGRAMS, Wire, World

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LAX = Policy(over_coins=10**6)  # no approver has to agree
pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]


def make_topics(kafka: str) -> None:
    create_topics(kafka, StreamSettings(partitions=PARTITIONS))


def records(kafka: str, name: str) -> list[tuple[str, int, bytes]]:
    """Everything in both topics that names the drop; each partition's in its order."""
    consumer = Consumer(
        {"bootstrap.servers": kafka, "group.id": "test", "enable.auto.commit": False}
    )
    places = [
        TopicPartition(topic, partition, 0)
        for topic in (WALLET_TOPIC, CAMPAIGN_TOPIC)
        for partition in range(PARTITIONS)
    ]
    left = sum(consumer.get_watermark_offsets(place, timeout=10)[1] for place in places)
    consumer.assign(places)
    found = []
    while left:
        message = consumer.poll(20)
        assert message is not None
        assert message.error() is None
        left -= 1
        value = message.value() or b""
        if f"drop/{name}/".encode() in value:
            found.append((message.topic(), message.partition(), value))
    consumer.close()
    return found


def test_a_launch_reaches_a_real_broker_and_a_second_one_adds_the_same_bytes(
    session: Session, world: World, wire: Wire, kafka: str
) -> None:
    make_topics(kafka)
    people = [f"cj:{n}" for n in range(200)]
    world.open(people)
    world.audience("all", people)
    register.create(
        session,
        world.client,
        Terms(
            name="spring", program=PROGRAM, budget=10**6, amount=500, audience="all", holdout=0.1
        ),
        programs=PROGRAMS,
        partitions=PARTITIONS,
        secret="key",
        who="ann",
        now=NOW,
    )
    go = partial(launch.launch, session, world.client, "spring", who="ann", now=NOW, policy=LAX)

    def broker(published: object, *, on_sent: object) -> int:
        return publish(published, kafka, PARTITIONS, on_sent=on_sent)  # type: ignore[arg-type]

    planned = launch.plan(session, world.client, "spring", NOW).events
    assert go(publisher=broker) == planned
    once = records(kafka, "spring")
    go(publisher=wire)
    assert sorted(value for _, _, value in once) == sorted(wire.sent)
    go(publisher=broker)
    assert sorted(records(kafka, "spring")) == sorted(once * 2)
    for partition in range(PARTITIONS):
        kinds = [v for t, p, v in once if t == WALLET_TOPIC and p == partition]
        assert b"/fund/" in kinds[0]
        assert all(b"/grant/" in value for value in kinds[1:])
