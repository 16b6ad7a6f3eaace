"""A replay whose broker goes away, or that dies meanwhile, still brings all of the raw files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from streams.events import WALLET_TOPIC, Open, OpenData, partition_of
from streams.kafka.publish import publish
from streams.kafka.topics import ends, reader
from tests import oracles
from tests.stack import Stack, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

PARTITIONS = 4
OUTAGE_SECONDS = 12  # longer than a session; `make faults` has the long ones
FIRST, SECOND, THIRD = "2017-02-01", "2017-03-01", "2017-03-08"
LATER = datetime(2019, 1, 1, tzinfo=UTC)


class Replay:
    """A replay in a process of its own."""

    def __init__(self, stack: Stack, *words: str) -> None:
        self.stack = stack
        self.begun = logged(stack)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flowdrop", "replay", "complete-journey", *words, "--json"],
            env=stack.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_middle(self, records: int) -> None:
        def is_there() -> bool:
            assert self.process.poll() is None, self.end()
            return logged(self.stack) - self.begun > records

        wait_for(is_there, "the middle of the replay", 200)

    def end(self) -> tuple[int, Any, str]:
        """Return its status, what it told as JSON, and its other words."""
        out, words = self.process.communicate(timeout=400)
        return self.process.returncode, json.loads(out) if out else None, words


def logged(stack: Stack) -> int:
    consumer = reader(stack.kafka.bootstrap)
    try:
        return sum(place.end for place in ends(consumer, WALLET_TOPIC, PARTITIONS))
    finally:
        consumer.close()


def pid_of(stack: Stack) -> int:
    return int(json.loads(stack.kafka.part.record.read_text())["pid"])


def coins(stack: Stack) -> dict[str, int]:
    return {
        name: posted for name, (posted, _, _) in stack.accounts().items() if name.startswith("cj:")
    }


def expected(until: str) -> dict[str, int]:
    """Everybody heard of by then, with the coins that the raw files say."""
    end = pd.Timestamp(until)
    heard = oracles.first_moments()
    found = dict.fromkeys(heard[heard < end].index, 0)
    return {**found, **{name: int(n) for name, n in oracles.balances(end).items()}}


def campaign_events(until: str) -> int:
    end = pd.Timestamp(until)
    told_of_people = len(oracles.memberships(end)) + len(oracles.profiles(end))
    return told_of_people + len(oracles.redemptions(end)) + oracles.described(end)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("outage"), {"FLOWDROP_PARTITIONS": str(PARTITIONS)})
    try:
        stack.start_kafka()
        stack.worker()
        yield stack
    finally:
        stack.stop()


def kill_for_a_while(stack: Stack) -> None:
    """Take the broker away; have the worker back that may have ended for it."""
    stack.kafka.kill()
    time.sleep(OUTAGE_SECONDS)
    stack.kafka.start()
    have_worker(stack)


def have_worker(stack: Stack) -> None:
    """Start a worker where the last one ended, as supervision does."""
    if stack.workers[-1].process.poll() is not None:
        stack.worker()


def test_a_broker_that_is_away_is_waited_for_and_an_interrupted_replay_goes_on(
    stack: Stack,
) -> None:
    waiting = Replay(stack, "--until", FIRST, "--rate", "1500")
    waiting.wait_middle(2_000)
    kill_for_a_while(stack)
    status, summary, words = waiting.end()
    assert status == 0, words
    assert "has acknowledged nothing for" in words
    assert "Ctrl-C is safe" in words
    assert summary["told"]["lost"] == {}
    assert coins(stack) == expected(FIRST)

    # the same again while the broker is stopped, and the replay dies of it
    dying = Replay(stack, "--until", SECOND, "--rate", "3000")
    dying.wait_middle(15_000)
    pid = pid_of(stack)
    os.kill(pid, signal.SIGSTOP)
    assert dying.process.poll() is None
    dying.process.kill()
    dying.process.wait()
    os.kill(pid, signal.SIGCONT)
    have_worker(stack)
    status, summary, words = Replay(stack, "--until", SECOND).end()
    assert status == 0, words
    assert "was interrupted after" in words
    assert summary["resumed"] > 0
    assert summary["resumed"] + summary["records"] == sum(summary["events"].values())
    assert coins(stack) == expected(SECOND)

    # from the start once more, since that one came to its end
    status, summary, words = Replay(stack, "--until", SECOND).end()
    assert status == 0, words
    told = summary["told"]
    assert summary["resumed"] == 0
    assert told["explained"]["too_old"] > 0
    assert "none of them is missing" in words
    assert told["outcomes"]["accepted before"] == campaign_events(SECOND)
    assert "applied" not in told["outcomes"]
    assert coins(stack) == expected(SECOND)

    # and what comes too late for the clock of its partition is told as lost
    latecomers = [f"late:{n}" for n in range(100)]
    assert {partition_of(name, PARTITIONS) for name in latecomers} == set(range(PARTITIONS))
    data = OpenData(program="liuliangbao")
    publish(
        [Open(id="o", source="t", time=LATER, subject=name, data=data) for name in latecomers],
        stack.kafka.bootstrap,
        PARTITIONS,
    )
    status, summary, words = Replay(stack, "--until", THIRD).end()
    assert status == 1
    lost = summary["told"]["lost"]["too_old"]
    baskets = len(oracles.baskets(pd.Timestamp(THIRD))) - len(oracles.baskets(pd.Timestamp(SECOND)))
    opened = len(expected(THIRD)) - len(expected(SECOND))
    assert lost == baskets + opened
    assert f"{lost:,} too_old, never judged before: they are lost" in words
    assert "dedup_window_days" in words
    assert coins(stack) == expected(SECOND)
