"""`flowdrop replay`: pace, limit, stop, words, and what arrives at a real broker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from flowdrop.cli import main
from scenarios import NOTES, complete_journey, hillstrom, replay
from scenarios.replay import Tally
from scenarios.source import ready
from scenarios.spoil import Spoiler
from streams.events import CAMPAIGN_TOPIC, WALLET_TOPIC
from streams.kafka.publish import records_of
from streams.kafka.publish import topics as publish_topics
from streams.kafka.topics import create_topics
from streams.settings import StreamSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenarios.source import Ready
    from scenarios.spoil import Record

pytestmark = pytest.mark.usefixtures("flowdrop_home")  # where a replay notes how far it came

TOPICS = (WALLET_TOPIC, CAMPAIGN_TOPIC)
Place = tuple[str, int]


# -- without a broker ------------------------------------------------------------------------


class Clock:
    """Stands in for `time`: sleeping moves it, and nothing else does."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= replay.SLEEP_SECONDS_MAX
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(replay, "time", clock)
    return clock


def some_events(count: int) -> Iterator[Ready]:
    return ready(islice(hillstrom.source().events, count), 8)


@pytest.mark.parametrize("rate", [3, 100, 20_000])
def test_a_rate_is_kept_and_never_ahead_by_more_than_a_moment(clock: Clock, rate: int) -> None:
    begin, shown = clock.now, 0

    def advance(count: int) -> None:
        nonlocal shown
        shown += count

    tally = Tally(rate)
    for number, _ in enumerate(tally.over(some_events(600), advance)):
        ahead = number / rate - (clock.now - begin)
        assert -1e-6 <= ahead <= replay.SLEEP_SECONDS_MIN + 1e-6
    assert shown == 600 == sum(tally.by_type().values())


def test_without_a_rate_nothing_sleeps(clock: Clock) -> None:
    begin = clock.now
    assert sum(1 for _ in Tally(None).over(some_events(2_000), lambda _: None)) == 2_000
    assert clock.now == begin


def test_a_stop_ends_between_two_events_and_the_counts_hold() -> None:
    tally, shown = Tally(None), []
    for number, _ in enumerate(tally.over(some_events(5_000), shown.append), 1):
        tally.stopped = number == 1_234
    assert sum(tally.by_type().values()) == sum(shown) == 1_234


def test_a_stop_does_not_wait_for_a_slow_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally(1)

    class StoppingClock(Clock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            tally.stopped = True

    clock = StoppingClock()
    monkeypatch.setattr(replay, "time", clock)
    assert len(list(tally.over(some_events(100), lambda _: None))) == 1
    assert clock.now <= 1_000.0 + replay.SLEEP_SECONDS_MAX


def flowdrop(*words: str, **env: str) -> Result:
    return CliRunner().invoke(main, words, env={f"FLOWDROP_{k}": v for k, v in env.items()})


def test_no_broker_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_topics, "ANSWER_SECONDS_MAX", 0.3)
    result = flowdrop("replay", "hillstrom", KAFKA="127.0.0.1:1")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: Kafka does not answer at 127.0.0.1:1")
    assert result.stderr.rstrip().endswith("start it with `flowdrop up` or set FLOWDROP_KAFKA")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["hillstrom", "--until", "yesterday"], "--until"),
        (["hillstrom", "--rate", "0"], "--rate"),
        (["complete-journey", "--spoil", "1.5"], "--spoil"),
        (["complete-journey", "--limit", "-1"], "--limit"),
        (["city-of-nobody"], "city-of-nobody"),
    ],
)
def test_a_wrong_option_is_named(words: list[str], named: str) -> None:
    result = flowdrop("replay", *words)
    assert result.exit_code == 2
    assert named in result.stderr


@pytest.mark.parametrize("words", [[], ["hillstrom"], ["complete-journey"], ["city"]])
def test_every_help_has_an_example(words: list[str]) -> None:
    result = flowdrop("replay", *words, "--help")
    assert result.exit_code == 0
    assert "Example: flowdrop replay" in result.stdout


# -- with a broker ---------------------------------------------------------------------------


class Log:
    """What arrives in the two topics from now on."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        settings = StreamSettings()
        create_topics(bootstrap, settings)
        self.partitions = settings.partitions
        self._consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "test-replay"})
        self._seen = self._ends()

    def new(self) -> list[Record]:
        """Read what arrived since the last call, in order within each partition."""
        begin, self._seen = self._seen, self._ends()
        left = sum(self._seen.values()) - sum(begin.values())
        if not left:
            return []
        self._consumer.assign([TopicPartition(*place, at) for place, at in begin.items()])
        records: list[Record] = []
        while len(records) < left:
            messages = self._consumer.consume(left - len(records), timeout=10)
            assert messages, f"{left - len(records)} records did not come"
            assert not any(message.error() for message in messages)
            records += [(m.topic(), m.partition(), m.key(), m.value()) for m in messages]
        self._consumer.unassign()
        return records

    def close(self) -> None:
        self._consumer.close()

    def _ends(self) -> dict[Place, int]:
        places = [(topic, number) for topic in TOPICS for number in range(self.partitions)]
        return {place: self._end(place) for place in places}

    def _end(self, place: Place) -> int:
        """Ask for an end; of a new topic Kafka may say for a moment that nobody leads it."""
        while True:
            try:
                return self._consumer.get_watermark_offsets(TopicPartition(*place), timeout=10)[1]
            except KafkaException as error:
                if error.args[0].code() != KafkaError.NOT_LEADER_FOR_PARTITION:
                    raise


@pytest.fixture
def log(kafka: str) -> Iterator[Log]:
    log = Log(kafka)
    yield log
    log.close()


def replayed(log: Log, *words: str) -> dict[str, object]:
    result = flowdrop(
        *("replay", *words, "--no-wait", "--json"),
        KAFKA=log.bootstrap,
        PARTITIONS=str(log.partitions),
    )
    assert result.exit_code == 0, result.stderr
    summary: dict[str, object] = json.loads(result.stdout)
    return summary


def by_place(records: list[Record]) -> dict[Place, list[tuple[bytes | None, bytes | None]]]:
    places: dict[Place, list[tuple[bytes | None, bytes | None]]] = {}
    for topic, partition, key, value in records:
        places.setdefault((topic, partition), []).append((key, value))
    return places


@pytest.mark.kafka
def test_what_arrives_is_what_was_made_and_again_the_same(log: Log) -> None:
    events = list(islice(complete_journey.source().events, 3_000))
    made = by_place(list(records_of(events, log.partitions)))
    summary = replayed(log, "complete-journey", "--limit", "3000")
    assert by_place(log.new()) == made
    assert summary["records"] == 3_000
    assert sum(summary["events"].values()) == 3_000
    assert summary["complete"] is True
    assert summary["spoiled"] is None
    assert summary["first"] == events[0].time.isoformat()
    assert summary["last"] == events[-1].time.isoformat()
    replayed(log, "complete-journey", "--limit", "3000")
    assert by_place(log.new()) == made


@pytest.mark.kafka
def test_broken_copies_arrive_beside_the_good(log: Log) -> None:
    events = islice(complete_journey.source().events, 2_000)
    spoiler = Spoiler(0.05, 3)
    made = by_place(list(spoiler.spoil(records_of(events, log.partitions))))
    words = ("complete-journey", "--limit", "2000", "--spoil", "0.05", "--seed", "3")
    summary = replayed(log, *words)
    assert by_place(log.new()) == made
    assert summary["spoiled"] == dict(spoiler.counts)
    assert min(spoiler.counts.values()) > 0
    assert summary["records"] == 2_000 + spoiler.counts.total()


@pytest.mark.kafka
def test_until_before_the_data_publishes_nothing_and_says_so(log: Log) -> None:
    result = flowdrop(
        *("replay", "hillstrom", "--until", "2008-01-01"),
        KAFKA=log.bootstrap,
        PARTITIONS=str(log.partitions),
    )
    assert result.exit_code == 0
    assert "nothing in that time" in result.stdout
    assert NOTES["hillstrom"] in result.stderr
    assert log.new() == []


@pytest.mark.kafka
def test_another_number_of_partitions_is_refused(log: Log) -> None:
    result = flowdrop(
        "replay", "hillstrom", KAFKA=log.bootstrap, PARTITIONS=str(log.partitions + 1)
    )
    assert result.exit_code == 1
    assert f"has {log.partitions} partitions" in result.stderr
    assert "FLOWDROP_PARTITIONS" in result.stderr
    assert log.new() == []


@pytest.mark.kafka
def test_a_missing_topic_is_named(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "CAMPAIGN_TOPIC", "campaign.of.nobody")
    result = flowdrop("replay", "hillstrom", KAFKA=log.bootstrap, PARTITIONS=str(log.partitions))
    assert result.exit_code == 1
    assert "has no topic campaign.of.nobody" in result.stderr


@pytest.mark.kafka
def test_ctrl_c_ends_in_words_and_everything_counted_has_arrived(log: Log) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "flowdrop", "replay", "hillstrom", "--rate", "200", "--json"],
        env=os.environ
        | {"FLOWDROP_KAFKA": log.bootstrap, "FLOWDROP_PARTITIONS": str(log.partitions)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    arrived = log.new()
    while not arrived and process.poll() is None:
        arrived = log.new()
    process.send_signal(signal.SIGINT)
    out, words = process.communicate(timeout=30)
    assert process.returncode == 130, words
    assert "Traceback" not in words
    summary = json.loads(out)
    assert summary["complete"] is False
    assert summary["records"] == len(arrived) + len(log.new()) > 0
