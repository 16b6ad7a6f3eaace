"""Other clients put a record on a partition of their own choice; it is applied once all the same.

Java's client hashes a key by murmur2, librdkafka's default is CRC-32, which is also ours. Both real
clients write the same people's events; what stands on the wrong partition is forwarded once.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import pytest
from confluent_kafka import Producer

from local.kafka.jars import KAFKA, Jar, fetched
from local.kafka.node import command
from streams.events import (
    POSTINGS_TOPIC,
    WALLET_TOPIC,
    Earn,
    EarnData,
    Open,
    OpenData,
    encode,
    partition_of,
)
from streams.kafka.log import messages
from streams.ledger.results import decode_result
from tests.stack import Stack, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from streams.events import WalletEvent
    from streams.ledger.results import Result

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]

# Kafka's command-line tools, among them a producer; a broker does without.
TOOLS = Jar(
    "b88bc6ccc520d648142515526e4042c285612ce94b032434a88e3e936e38b600",
    f"org.apache.kafka:kafka-tools:{KAFKA}",
)
PARTITIONS = 8
PEOPLE = 40
COINS = 7


class Written(NamedTuple):
    """Where a client's records stood, and what the ledger made of each record of the log."""

    places: dict[str, list[int]]
    results: list[Result]
    balances: dict[str, list[int]]


def events_of(client: str) -> list[WalletEvent]:
    now = datetime.now(UTC)
    found: list[WalletEvent] = []
    for number in range(PEOPLE):
        name = f"{client}:{number}"
        head = {"source": client, "time": now, "subject": name}
        found.append(Open(**head, id=f"open-{name}", data=OpenData(program="liuliangbao")))
        data = EarnData(program="liuliangbao", activity="game", amount=COINS)
        found.append(Earn(**head, id=f"earn-{name}", data=data))
    return found


def by_java(bootstrap: str, events: list[WalletEvent], folder: Path) -> None:
    """Write by Java's own producer, with its default partitioner."""
    lines = "".join(f"{event.subject}\t{encode(event).decode()}\n" for event in events)
    settings = folder / "producer.properties"
    # without it batches would stick to a partition: keys decide, as in any keyed application
    settings.write_text("acks=all\npartitioner.ignore.keys=false\n")
    done = subprocess.run(
        [
            *(*command(fetched(TOOLS)), "org.apache.kafka.tools.ConsoleProducer"),
            *("--bootstrap-server", bootstrap, "--topic", WALLET_TOPIC),
            *("--command-config", str(settings)),
            *("--reader-property", "parse.key=true", "--reader-property", "key.separator=\t"),
        ],
        input=lines,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def by_librdkafka(bootstrap: str, events: list[WalletEvent]) -> None:
    """Write by librdkafka's producer, with its default partitioner."""
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    for event in events:
        producer.produce(WALLET_TOPIC, encode(event), event.subject.encode())
    assert producer.flush(60) == 0


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    folder = tmp_path_factory.mktemp("partitioners")
    stack = Stack(folder)
    stack.start()
    try:
        stack.worker()
        by_java(stack.kafka.bootstrap, events_of("java"), folder)
        by_librdkafka(stack.kafka.bootstrap, events_of("librdkafka"))
        wait_for(lambda: len(_people(stack)) == 2 * PEOPLE, "every wallet")
        wait_for(lambda: len(_results(stack)) >= _records(stack), "every result")
        yield Written(_places(stack), _results(stack), _people(stack))
    finally:
        stack.stop()


def _people(stack: Stack) -> dict[str, list[int]]:
    return {
        name: position
        for name, position in stack.accounts().items()
        if name.startswith(("java:", "librdkafka:")) and position[0] == COINS
    }


def _places(stack: Stack) -> dict[str, list[int]]:
    """Return the partition of each record of each subject, in the order of partitions."""
    places: dict[str, list[int]] = {}
    for number in range(PARTITIONS):
        for got in messages(stack.kafka.bootstrap, WALLET_TOPIC, number):
            for record in got:
                places.setdefault((record.key() or b"").decode(), []).append(number)
    return places


def _records(stack: Stack) -> int:
    return sum(len(found) for found in _places(stack).values())


def _results(stack: Stack) -> list[Result]:
    return [
        decode_result(record.value() or b"")
        for number in range(PARTITIONS)
        for got in messages(stack.kafka.bootstrap, POSTINGS_TOPIC, number)
        for record in got
    ]


def test_every_event_is_applied_once(written: Written) -> None:
    applied = Counter(r.event_id for r in written.results if r.outcome == "applied")
    expected = {event.id for client in ("java", "librdkafka") for event in events_of(client)}
    assert applied == Counter(expected)
    assert {position[0] for position in written.balances.values()} == {COINS}


def test_javas_records_on_another_partition_are_forwarded_once(written: Written) -> None:
    wrong = {
        name
        for name, numbers in written.places.items()
        if name.startswith("java:") and set(numbers) != {partition_of(name, PARTITIONS)}
    }
    assert wrong, "murmur2 and CRC-32 agreed on every key: the test tries nothing"
    forwarded = Counter(r.subject for r in written.results if r.outcome == "forwarded")
    # both of a person's events, and nobody else's
    assert forwarded == Counter(dict.fromkeys(wrong, 2))
    for name in wrong:
        assert Counter(written.places[name])[partition_of(name, PARTITIONS)] == 2, name
        assert len(written.places[name]) == 4, name


def test_librdkafkas_records_stand_where_they_belong(written: Written) -> None:
    for number in range(PEOPLE):
        name = f"librdkafka:{number}"
        assert written.places[name] == [partition_of(name, PARTITIONS)] * 2
