"""Who says when a record arrived: the broker, or nothing starts."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource

from local.ports import HOST, free_port
from local.services import recorded_ports
from streams.events import CAMPAIGN_TOPIC, POSTINGS_TOPIC, WALLET_TOPIC, Open, StopData, encode
from streams.kafka import topics
from streams.kafka.log import messages
from streams.kafka.topics import ABSENT, BY_BROKER, PASSING, STAMPS, ends, stamps
from streams.ledger.results import decode_result
from tests.stack import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

IN_2099_MS = 4_070_908_800_000  # the first of January


def flowdrop(*words: str, status: int = 0) -> str:
    command = [sys.executable, "-m", "flowdrop", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def kafka_of_up(flowdrop_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The broker of `flowdrop up kafka`, with its topics, of one partition each."""
    monkeypatch.setenv("FLOWDROP_PARTITIONS", "1")
    flowdrop("up", "kafka")
    yield f"{HOST}:{recorded_ports(flowdrop_home)['kafka']}"
    flowdrop("down")


def have_stamped(kafka: str, topic: str, by: str) -> None:
    entry = ConfigEntry(STAMPS, by, incremental_operation=AlterConfigOpType.SET)
    change = ConfigResource("topic", topic, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.incremental_alter_configs([change])[change].result(30)
    wait_for(lambda: stamps(admin)[topic] == by, f"{topic} stamped by {by}")


def opened(name: str, time: datetime) -> Open:
    data = StopData(program="liuliangbao")
    return Open(id=name, source="test", time=time, subject=name, data=data)


def send(kafka: str, event: Open, *, stamp_ms: int) -> None:
    producer = Producer({"bootstrap.servers": kafka})
    producer.produce(WALLET_TOPIC, encode(event), event.subject.encode(), 0, timestamp=stamp_ms)
    assert producer.flush(30) == 0


def outcomes(kafka: str) -> dict[str, str]:
    found = (
        message.value() or b"" for got in messages(kafka, POSTINGS_TOPIC, 0) for message in got
    )
    return {
        result.subject: f"{result.outcome} {result.reason}".strip()
        for result in map(decode_result, found)
    }


def test_nothing_starts_on_a_log_whose_writers_stamp_it_until_it_is_mended(
    kafka_of_up: str, flowdrop_home: Path
) -> None:
    kafka = kafka_of_up
    starts = ["up kafka", "worker", "topics show"]
    for topic, commands in ((WALLET_TOPIC, starts), (CAMPAIGN_TOPIC, ["worker"])):
        have_stamped(kafka, topic, "CreateTime")
        for command in commands:
            told = flowdrop(*command.split(), status=1)
            assert f"topic {topic} has {STAMPS}=CreateTime" in told, command
            assert f"it must be {BY_BROKER}: run `flowdrop topics mend`" in told, command
        assert f"mended {topic}" in flowdrop("topics", "mend", "--yes")
    assert "0 topics mended" in flowdrop("topics", "mend", "--yes")

    now = datetime.now(UTC)
    send(kafka, opened("early", now.replace(year=2099)), stamp_ms=IN_2099_MS)
    send(kafka, opened("honest", now), stamp_ms=IN_2099_MS)
    log = (flowdrop_home / "worker.log").open("wb")
    command = [sys.executable, "-m", "flowdrop", "worker", "--port", str(free_port())]
    worker = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: len(outcomes(kafka)) == 2, f"both results, see {log.name}")
    finally:
        worker.terminate()
        worker.wait(60)
    assert outcomes(kafka) == {"early": "refused in_the_future", "honest": "applied"}


class Starting:
    """A consumer whose broker answers with these errors before it knows."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)

    def get_watermark_offsets(self, _: TopicPartition, timeout: float) -> tuple[int, int]:
        assert timeout > 0
        if self.codes:
            raise KafkaException(KafkaError(self.codes.pop(0)))
        return 3, 7


def test_a_broker_that_has_just_started_is_asked_again() -> None:
    broker = Starting(*sorted(PASSING | ABSENT))
    assert ends(broker, WALLET_TOPIC, 2) == [(3, 7), (3, 7)]  # type: ignore[arg-type]


def test_but_not_for_ever_and_not_after_another_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KafkaException, match="TOPIC_AUTHORIZATION_FAILED"):
        ends(Starting(KafkaError.TOPIC_AUTHORIZATION_FAILED), WALLET_TOPIC, 1)  # type: ignore[arg-type]
    monkeypatch.setattr(topics, "ABSENT_SECONDS_MAX", 0.2)
    with pytest.raises(KafkaException, match="UNKNOWN_TOPIC"):
        ends(Starting(*[KafkaError.UNKNOWN_TOPIC_OR_PART] * 100), WALLET_TOPIC, 1)  # type: ignore[arg-type]
    monkeypatch.setattr(topics, "ANSWER_SECONDS_MAX", 0.2)
    with pytest.raises(KafkaException, match="NOT_LEADER"):
        ends(Starting(*[KafkaError.NOT_LEADER_FOR_PARTITION] * 100), WALLET_TOPIC, 1)  # type: ignore[arg-type]
