"""A disturbed city through the real parts: reach, frequency and coins are exactly the true ones."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.parquet as pq
import pytest

from scenarios.city.marketing import VIEWABLE_PIXELS, VIEWABLE_SECONDS
from scenarios.city.records import TEXTS
from sql.client import connect
from streams.events import WALLET_TOPIC
from streams.kafka.log import messages
from streams.settings import StreamSettings
from streams.worker.agents import rules_of
from tests import keys
from tests.simulator.proof import judge_of
from tests.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

SEED = 7
CITY = ("city", "--people", "400", "--days", "24", "--seed", str(SEED))
DISORDER = (
    *("--late", "0.02", "--reorder", "0.05", "--duplicate", "0.03", "--skew", "0.05"),
    *("--spoil", "0.02"),
)
CAMPAIGNS = (f"city-{SEED}-1", f"city-{SEED}-2")
EXPOSURES = """
SELECT
    campaign, person, toDate(time) AS day, format, pixels, seconds,
    (campaign, person, source, id) IN
    (
        SELECT campaign, person, source, id FROM invalid_verdicts WHERE kind = 'exposure'
    ) AS is_invalid
FROM campaign_events FINAL WHERE type = 'exposure'
"""
VERDICTS = "SELECT rule, campaign, kind, person FROM invalid_verdicts"
FORGOTTEN = """
SELECT DISTINCT
    JSONExtractString(value, 'data', 'campaign') AS campaign,
    key AS person,
    JSONExtractString(value, 'id') AS id
FROM deadletters FINAL
WHERE
    reason = 'forgotten'
    AND JSONExtractString(value, 'type') = 'flowdrop.campaign.exposure'
    AND id NOT IN (SELECT id FROM campaign_events)
"""

Rows = list[dict[str, Any]]


class Lived(NamedTuple):
    """What flowdrop says of the city, and what is true."""

    summary: dict[str, Any]
    reconciled: dict[str, Any]
    reach: dict[str, dict[str, Any]]
    union: dict[str, Any]
    lift: dict[str, dict[str, Any]]
    frequency: dict[str, dict[str, Any]]
    exposures: list[tuple[Any, ...]]
    verdicts: list[tuple[Any, ...]]
    forgotten: list[tuple[Any, ...]]
    accounts: dict[str, list[int]]
    naive: dict[str, list[int]]
    truth: dict[str, Rows]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("city")
    stack = Stack(folder)
    stack.start()
    try:
        stack.worker()
        stack.feed()
        truth = folder / "truth"
        summary = stack.facts("replay", *CITY, *DISORDER, "--truth", str(truth))
        reconciled = stack.facts("reconcile", "--wait", "200")
        stack.facts("invalid", "judge")
        client = connect(stack.clickhouse)
        verdicts = client.query(VERDICTS).result_rows
        exposures = client.query(EXPOSURES).result_rows
        forgotten = client.query(FORGOTTEN).result_rows
        client.close()
        yield Lived(
            summary,
            reconciled,
            {name: stack.facts("report", "reach", name) for name in CAMPAIGNS},
            stack.facts("report", "reach", *CAMPAIGNS),
            {name: stack.facts("report", "lift", name) for name in CAMPAIGNS},
            {name: stack.facts("report", "frequency", name) for name in CAMPAIGNS},
            list(exposures),
            list(verdicts),
            list(forgotten),
            stack.accounts(),
            judged(stack),
            {path.stem: pq.read_table(path).to_pylist() for path in truth.glob("*.parquet")},
        )
    finally:
        stack.stop()


def judged(stack: Stack) -> dict[str, list[int]]:
    """What the naive ledger says each account holds, told the log as Kafka holds it."""
    settings = StreamSettings(**keys.SETTINGS)
    rules = rules_of(settings)
    books: dict[str, list[int]] = {}
    for number in range(settings.partitions):
        judge = judge_of(rules, number, settings.partitions)
        for batch in messages(stack.kafka.bootstrap, WALLET_TOPIC, number):
            for message in batch:
                arrived_us = message.timestamp()[1] * 1000
                judge.judge(message.offset() or 0, message.key(), message.value(), arrived_us)
        for name, account in judge.accounts.items():
            books[name] = [account[field] for field in ("posted", "pending", "version")]
    return books


def true(lived: Lived, name: str) -> dict[str, Any]:
    [row] = [row for row in lived.truth["campaigns"] if row["campaign"] == name]
    return row


def test_the_city_was_disturbed_in_every_way(lived: Lived) -> None:
    assert min(lived.summary["disordered"].values()) > 50
    assert min(lived.summary["spoiled"].values()) > 5
    assert lived.summary["complete"]


def test_everything_stored_agrees(lived: Lived) -> None:
    assert lived.reconciled["ok"], [c for c in lived.reconciled["checks"] if not c["held"]]


def test_every_account_holds_what_the_naive_ledger_says(lived: Lived) -> None:
    assert lived.accounts == lived.naive
    kinds = Counter(name.partition(":")[0] for name in lived.accounts)
    assert kinds["city"] > 250
    assert kinds["packet"] > 50
    assert kinds["budget"] == 2 * 9  # two campaigns with a reserve and eight shards each


def test_reach_and_contacts_are_the_true_ones(lived: Lived) -> None:
    for name in CAMPAIGNS:
        assert lived.reach[name]["reach"] == true(lived, name)["contacted"] > 50
        assert lived.reach[name]["contacts"] == true(lived, name)["contacted"]
    people = {row["person"] for row in lived.truth["outcomes"] if row["contacted"]}
    assert lived.union["reach"] == len(people)


def test_arms_hold_whom_they_should_and_who_converted(lived: Lived) -> None:
    for name in CAMPAIGNS:
        found = {arm["arm"]: arm for arm in lived.lift[name]["arms"]}
        expected = [row for row in lived.truth["arms"] if row["campaign"] == name]
        assert set(found) == {row["arm"] for row in expected}
        for row in expected:
            arm = found[row["arm"]]
            assert arm["people"] == row["people"]
            assert arm["probability"] == row["probability"]
            assert arm["visits"] == row["visited"]
            assert arm["conversions"] == row["converted"]
            assert (arm["value_cents"] or 0) == row["value_cents"]


def test_conversions_after_contact_are_those_of_the_people_contacted(lived: Lived) -> None:
    for name in CAMPAIGNS:
        arms = [row["arm"] for row in lived.truth["arms"] if row["campaign"] == name]
        converted = [
            row
            for row in lived.truth["outcomes"]
            if row["campaign"] == name and row[f"converts_{arms.index(row['arm'])}"]
        ]
        assert lived.reach[name]["conversions"]["people"] == sum(
            row["contacted"] for row in converted
        )
        assert lived.reach[name]["conversions"]["outside"] == sum(
            not row["contacted"] for row in converted
        )


def test_each_rule_finds_its_machines_and_nobody_else(lived: Lived) -> None:
    """Some that is late is set aside: a machine sees more than is remembered of a person."""
    kinds = {row["person"]: row["machine"] for row in lived.truth["people"]}
    assert {(rule, kinds[person]) for rule, _, _, person in lived.verdicts} == {
        (rule, rule) for rule in ("rate", "robots", "data_centre", "faster", "packet_farm")
    }
    for row in lived.truth["invalid"]:
        own = [v for v in lived.verdicts if v[:2] == (row["rule"], row["campaign"])]
        late = [p for name, p, _ in lived.forgotten if name == row["campaign"]]
        shown = sum(kind == "exposure" for _, _, kind, _ in own)
        hidden = sum(kinds[p] == row["rule"] for p in late)
        assert shown + hidden == row["exposures"]
        assert sum(kind == "click" for _, _, kind, _ in own) == row["clicks"]


def test_viewable_reach_and_frequency_are_the_true_ones(lived: Lived) -> None:
    """Net of what the rules hold for machines'."""
    machines = {row["person"] for row in lived.truth["people"] if row["is_bot"]}
    for name in CAMPAIGNS:
        row = true(lived, name)
        shown = [e for e in lived.exposures if e[0] == name]
        invalid = [e for e in shown if e[-1]]
        assert {e[1] for e in invalid} <= machines
        seen = Counter(e[1] for e in shown if not e[-1] and is_viewable(*e[3:6]))
        late = [person for campaign, person, _ in lived.forgotten if campaign == name]
        assert set(late) <= machines
        assert len(shown) + len(late) == row["impressions"]
        assert len(invalid) + len(late) == row["impressions_invalid"] > 0
        assert sum(seen.values()) == row["impressions_viewable"]
        assert len(seen) == row["reach"] > 50
        bins = Counter(min(count, 10) for count in seen.values())
        frequency = [r for r in lived.truth["frequency"] if r["campaign"] == name]
        assert {r["impressions"]: r["people"] for r in frequency if r["people"]} == bins
        assert sum(r["people"] for r in frequency) == row["reach"]
        people = {
            r["person"]: r["impressions_viewable"]
            for r in lived.truth["outcomes"]
            if r["campaign"] == name and r["impressions_viewable"]
        }
        assert people == seen


def test_the_report_of_frequency_is_the_truth(lived: Lived) -> None:
    for name, found in lived.frequency.items():
        row = true(lived, name)
        late = sum(campaign == name for campaign, *_ in lived.forgotten)
        of = {
            own["basis"]: [b for b in found["bases"] if b["basis"] == own["basis"]]
            for own in found["bases"]
        }
        served = sum(own["impressions"] for own in of["served"])
        assert served == row["impressions"] - row["impressions_invalid"]
        assert sum(own["impressions"] for own in of["viewable"]) == row["impressions_viewable"]
        any_rule = [own for own in found["invalid"] if own["rule"] == "any rule"]
        invalid = sum(own["invalid"] for own in any_rule if own["basis"] == "served")
        assert invalid + late == row["impressions_invalid"]
        if len(of["viewable"]) == 1:  # nobody was paid to look: the truth has them together
            [own] = of["viewable"]
            assert own["reach"] == row["reach"]
            frequency = [r for r in lived.truth["frequency"] if r["campaign"] == name]
            times = {r["impressions"]: r["people"] for r in frequency}
            assert own["reached_times"] == [times.get(n, 0) for n in range(1, 11)]


def is_viewable(shape: str, pixels: float | None, seconds: float | None) -> bool:
    number = TEXTS["format"].index(shape)
    return (
        pixels is not None
        and seconds is not None
        and pixels >= VIEWABLE_PIXELS[number]
        and seconds >= VIEWABLE_SECONDS[number]
    )
