"""What another version wrote is refused in a sentence by the worker, reconcile and ledger due."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Producer

from streams.events import partition_of
from streams.kafka.topics import ACCOUNTS_CHANGELOG, PEOPLE_CHANGELOG
from streams.layer.faults import EXIT_FATAL
from streams.ledger.accounts import Account, pack
from streams.worker.people import Person
from streams.worker.people import pack as pack_person
from tests.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

PARTITIONS = 2
ACCOUNT = Account("wallet", "liuliangbao", 7, version=1, name="cj:1")
# A record as this version writes it, and how the sentence about one of the version before begins.
TOPICS = {
    ACCOUNTS_CHANGELOG: (pack(ACCOUNT), "account record of format 02"),
    PEOPLE_CHANGELOG: (pack_person(Person()), "person's record of format 02"),
}


@pytest.fixture(params=TOPICS)
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Stack, str]]:
    """Kafka of which one changelog was written by another version; and what is to be said."""
    stack = Stack(tmp_path, {"FLOWDROP_PARTITIONS": str(PARTITIONS)})
    record, said = TOPICS[request.param]
    try:
        stack.start_kafka()
        producer = Producer({"bootstrap.servers": stack.kafka.bootstrap})
        place = {"topic": request.param, "partition": partition_of("cj:1", PARTITIONS)}
        producer.produce(**place, key=b"\x00shard", value=b"of the layer's own")
        producer.produce(**place, key=b"cj:1", value=bytes((record[0] - 1,)) + record[1:])
        assert producer.flush(30) == 0
        yield stack, said
    finally:
        stack.stop()


def test_a_worker_ends_with_a_sentence(older: tuple[Stack, str]) -> None:
    stack, said = older
    worker = stack.begin_worker()
    assert worker.process.wait(120) == EXIT_FATAL
    told = worker.log.read_text()
    assert said in told
    assert "start over with `flowdrop reset`" in told


def test_reconcile_ends_with_a_sentence(older: tuple[Stack, str]) -> None:
    stack, said = older
    told = stack.flowdrop("reconcile", status=1)
    assert said in told
    assert "start over with `flowdrop reset`" in told
    assert "Traceback" not in told
