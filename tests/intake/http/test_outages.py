"""A broker that is away, and an intake that is killed: what was answered with 202 is there."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import click
import httpx
import pytest

from intake.http import delivery, keyring
from intake.http.keys import KeyFile, Wish, draw, now
from local.kafka.node import KafkaNode
from streams.kafka.publish import sender
from streams.kafka.topics import create_topics
from streams.settings import StreamSettings
from tests.intake.http.serving import TYPES, Process, Served, event, logged
from tests.stack import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaNode]:
    node = KafkaNode(tmp_path_factory.mktemp("kafka-of-intake"))
    node.start()
    create_topics(node.bootstrap, StreamSettings(partitions=8))
    yield node
    node.stop()


@pytest.fixture
def running(node: KafkaNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(keyring, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(delivery, "ACKNOWLEDGE_SECONDS_MAX", 2.0)
    served = Served(tmp_path, node.bootstrap)
    yield served
    served.stop()


def pid_of(node: KafkaNode) -> int:
    return int(json.loads(node.part.record.read_text())["pid"])


def in_order(found: list[dict[str, Any]]) -> list[int]:
    """Return the numbers of events, having seen that each partition has them in order."""
    first: dict[int, list[int]] = {}
    for one in found:
        numbers = first.setdefault(one["partition"], [])
        number = int(one["id"].removeprefix("order-"))
        if number not in numbers:
            numbers.append(number)
    assert all(numbers == sorted(numbers) for numbers in first.values())
    return sorted(number for numbers in first.values() for number in numbers)


def test_while_the_broker_is_away_nothing_is_answered_as_taken(
    node: KafkaNode, running: Served, source: str
) -> None:
    token = running.key(source)
    assert running.post([event(0, source)], token).status_code == 202
    os.kill(pid_of(node), signal.SIGSTOP)
    try:
        first = running.post([event(1, source), event(2, source)], token)
        assert (first.status_code, first.json()["error"]) == (503, "kafka_silent")
        assert int(first.headers["Retry-After"]) >= 1
        assert "may be written still" in first.json()["detail"]
        began = time.monotonic()
        second = running.post([event(3, source)], token)
        assert (second.status_code, "was taken" in second.json()["detail"]) == (503, True)
        assert time.monotonic() - began < 1, "it is told at once"
        health = httpx.get(f"{running.url}/healthz").json()
        assert health["status"] == "waiting"
        assert "acknowledged nothing" in health["reason"]
    finally:
        os.kill(pid_of(node), signal.SIGCONT)
    wait_for(lambda: len(logged(node.bootstrap, source)) == 3, "what was on its way")
    again = running.post([event(number, source) for number in range(4)], token)
    assert again.status_code == 202
    assert in_order(logged(node.bootstrap, source)) == [0, 1, 2, 3]


def test_whoever_comes_when_too_much_waits_is_told_to_wait(
    node: KafkaNode, running: Served, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "KEPT_RECORDS_MAX", 30)
    token = running.key(source)
    os.kill(pid_of(node), signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(8) as clients:
            answers = list(
                clients.map(
                    lambda start: running.post(
                        [event(start + number, source) for number in range(30)], token
                    ),
                    range(0, 240, 30),
                )
            )
    finally:
        os.kill(pid_of(node), signal.SIGCONT)
    found = Counter((answer.status_code, answer.json()["error"]) for answer in answers)
    assert found.keys() == {(503, "kafka_silent"), (429, "behind")}
    assert all("Retry-After" in answer.headers for answer in answers)
    taken = 30 * found[503, "kafka_silent"]
    wait_for(lambda: len(logged(node.bootstrap, source)) == taken, "what was on its way")


def test_a_broker_that_dies_and_comes_back_has_all_in_order(
    node: KafkaNode, running: Served, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ACKNOWLEDGE_SECONDS_MAX", 30.0)
    token = running.key(source)
    answers: list[int] = []

    def post_all() -> None:
        for start in range(0, 6_000, 100):
            batch = [event(start + number, source) for number in range(100)]
            answers.append(running.post(batch, token).status_code)

    client = threading.Thread(target=post_all)
    client.start()
    wait_for(lambda: len(answers) > 10, "the first answers")
    node.kill()
    time.sleep(2)
    node.start()
    client.join(120)
    assert answers == [202] * 60
    assert in_order(logged(node.bootstrap, source)) == list(range(6_000))


def test_an_intake_that_kafka_takes_nothing_of_ends_to_be_started_again(
    node: KafkaNode, tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "LOOK_SECONDS", 0.0)
    running = Served(tmp_path, node.bootstrap)

    def refuse(*_: object) -> None:
        raise click.ClickException("Kafka refused a record: no permission; give it")

    monkeypatch.setattr(sender.Sender, "serve", refuse)
    answer = running.post(event(1, source), running.key(source))
    assert (answer.status_code, answer.json()["error"]) == (503, "ended")
    assert "no permission; give it" in answer.json()["detail"]
    running.thread.join(30)
    assert not running.thread.is_alive()
    assert "no permission" in running.server.ended


def test_an_intake_that_is_killed_has_lost_nothing_that_it_answered(
    node: KafkaNode, tmp_path: Path, source: str
) -> None:
    key, token = draw(Wish(source=source, types=TYPES, days=1, events_per_second=10**6), now())
    (tmp_path / "home").mkdir(mode=0o700)
    KeyFile(tmp_path / "home" / "intake-keys.json").add(key)
    env = {"FLOWDROP_HOME": str(tmp_path / "home"), "FLOWDROP_KAFKA": node.bootstrap}
    intake = Process(os.environ | env | {"FLOWDROP_CONFIG": str(tmp_path / "none.toml")})
    headers = {"Authorization": f"Bearer {token}"}
    headers |= {"Content-Type": "application/cloudevents-batch+json"}
    taken: set[int] = set()
    over = threading.Event()

    def post(start: int) -> None:
        """Send one batch until it is answered with 202, as a client does."""
        batch = [event(start + number, source) for number in range(50)]
        while not over.is_set():
            try:
                if httpx.post(intake.events, json=batch, headers=headers).status_code == 202:
                    taken.update(range(start, start + 50))
                    return
            except httpx.TransportError:
                time.sleep(0.05)

    with ThreadPoolExecutor(8) as clients:
        sent = [clients.submit(post, start) for start in range(0, 20_000, 50)]
        try:
            for count in (2_000, 6_000, 10_000):
                wait_for(lambda count=count: len(taken) > count, "answers")
                before = set(taken)
                intake.kill()
                found = {int(one["id"][6:]) for one in logged(node.bootstrap, source)}
                assert before <= found, "answered, and not in Kafka"
                intake.start()
            for one in sent:
                one.result(120)
        finally:
            over.set()
            intake.stop()
    names = Counter(one["id"] for one in logged(node.bootstrap, source))
    assert names.keys() == {f"order-{number}" for number in range(20_000)}
