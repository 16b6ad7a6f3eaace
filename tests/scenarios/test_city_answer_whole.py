"""A drop for a city through the real parts: launched, answered, killed, answered again, read."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from scenarios.city.answers import Asked, answers
from scenarios.city.plan import name
from sql.client import connect
from streams.events import CAMPAIGN_TOPIC, WALLET_TOPIC, Open, OpenData
from streams.kafka.publish import publish
from streams.kafka.topics import ends, reader
from tests.stack import Stack, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

PEOPLE = [name(7, number) for number in range(240)]
STRANGERS = ["cj:1", "cj:2"]
TERMS = (
    *("--program", "liuliangbao", "--budget", "100000", "--amount", "10"),
    *("--audience", "all", "--holdout", "0.4"),
)
ASKED = """
SELECT person, arm, toUnixTimestamp64Micro(time)
FROM campaign_events FINAL
WHERE campaign = 'spring' AND type = 'assignment'
"""
STORED = """
SELECT id FROM campaign_events FINAL WHERE source = 'scenarios/city' AND campaign = 'spring'
UNION ALL
SELECT event_id FROM ledger_results FINAL
WHERE event_source = 'scenarios/city' AND type = 'redeem' AND outcome = 'applied'
"""


class Answered(NamedTuple):
    """What the city was asked, and what is stored of its answers."""

    asked: list[tuple[str, str, int]]
    killed: int  # records that a killed answer had brought
    told: Any
    again: Any
    stored: list[str]
    lift: Any
    refused: str


def logged(stack: Stack) -> int:
    consumer = reader(stack.kafka.bootstrap)
    try:
        return sum(
            place.end
            for topic in (CAMPAIGN_TOPIC, WALLET_TOPIC)
            for place in ends(consumer, topic, 8)
        )
    finally:
        consumer.close()


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answered]:
    stack = Stack(tmp_path_factory.mktemp("answer"))
    stack.start()
    try:
        yield _answered(stack)
    finally:
        stack.stop()


def _answered(stack: Stack) -> Answered:
    stack.worker()
    stack.feed()
    opened, data = datetime(2026, 1, 1, tzinfo=UTC), OpenData(program="liuliangbao")
    publish(
        [
            Open(id=f"o/{p}", source="t", time=opened, subject=p, data=data)
            for p in (*PEOPLE, *STRANGERS)
        ],
        stack.kafka.bootstrap,
        8,
    )
    stack.facts("reconcile", "--wait", "100")
    stack.freeze("all", [*PEOPLE, *STRANGERS])
    stack.facts("drop", "create", "spring", *TERMS)
    refused = stack.flowdrop("city", "answer", "spring", status=1)
    stack.facts("drop", "launch", "spring", "--yes")
    begun = logged(stack)
    process = subprocess.Popen(
        [sys.executable, "-m", "flowdrop", "city", "answer", "spring", "--rate", "60"],
        env=stack.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: logged(stack) - begun > 50, "the middle of the answer", 200)
    process.send_signal(signal.SIGKILL)
    process.wait()
    killed = logged(stack) - begun
    told = stack.facts("city", "answer", "spring")
    again = stack.facts("city", "answer", "spring")
    stack.facts("reconcile", "--wait", "100")
    client = connect(stack.clickhouse)
    asked = [tuple(row) for row in client.query(ASKED).result_rows]
    stored = [row[0] for row in client.query(STORED).result_rows]
    lift = json.loads(stack.flowdrop("report", "lift", "spring", "--json"))
    client.close()
    return Answered(asked, killed, told, again, stored, lift, refused)


def test_what_is_stored_is_what_the_formula_says_of_who_got_what(answered: Answered) -> None:
    own = [
        Asked(person, arm, at, arm == "drop", "liuliangbao", 10 if arm == "drop" else 0)
        for person, arm, at in answered.asked
        if person in PEOPLE
    ]
    assert {arm for _, arm, _ in answered.asked} == {"drop", "holdout"}
    wanted = answers("spring", own, "seen")
    assert sorted(answered.stored) == sorted(event.id for event in wanted)


def test_a_kill_and_a_repeat_change_nothing(answered: Answered) -> None:
    assert 50 < answered.killed < sum(answered.told["events"].values())
    assert answered.told["events"] == answered.again["events"]
    assert answered.told["arms"] == answered.again["arms"]
    for told in (answered.told, answered.again):
        assert not told["told"]["lost"]
        assert not told["told"]["untold"]


def test_lift_counts_what_the_city_did(answered: Answered) -> None:
    arms = {arm["arm"]: arm for arm in answered.lift["arms"]}
    own = [e for e in answered.stored if "/conversion/" in e]
    assert sum(arm["conversions"] for arm in arms.values()) == len(own)
    assert answered.told["people"] == len(PEOPLE)
    true = {arm["arm"]: arm for arm in answered.told["arms"]}
    assert true["drop"]["effect"] > 0 == true["holdout"]["effect"]


def test_a_drop_that_nobody_has_launched_is_not_answered(answered: Answered) -> None:
    assert "launch one for them" in answered.refused
