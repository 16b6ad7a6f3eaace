"""Disturbed cities through the real parts: what every report says of them is exactly the truth."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.parquet as pq
import pytest

from console.reporting.found import reports
from console.reporting.report import plain
from console.reporting.viewer import STAFF
from console.settings import ConsoleSettings
from scenarios.city.marketing import VIEWABLE_PIXELS, VIEWABLE_SECONDS
from scenarios.city.records import TEXTS
from sql.client import connect
from streams.events import WALLET_TOPIC
from streams.kafka.log import messages
from streams.settings import StreamSettings
from streams.worker.agents import rules_of
from tests import keys
from tests.long import sized
from tests.naive_attribution import DAY as DAY_US
from tests.naive_attribution import KINDS, Bought, Key, Touch, attributed
from tests.simulator.proof import judge_of
from tests.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

CITIES = sized(
    {7: "01-01", 8: "02-05"},
    {7: "01-01", 8: "02-05", 9: "03-12", 10: "04-16", 11: "05-21"},
)
"""Each seed's first day in 2026: one log holds them all, one after the other."""
SIZE = ("--people", "400", "--days", "24")
DISORDER = (
    *("--late", "0.02", "--reorder", "0.05", "--duplicate", "0.03", "--skew", "0.05"),
    *("--spoil", "0.02"),
)
EXPOSURES = """
SELECT
    campaign, person, toDate(time) AS day, format, pixels, seconds,
    (campaign, person, source, id) IN
    (
        SELECT campaign, person, source, id FROM invalid_verdicts WHERE kind = 'exposure'
    ) AS is_invalid
FROM campaign_events FINAL WHERE type = 'exposure'
"""
TOUCHES = """
SELECT
    type, if(l.owner = '', person, l.owner), toUnixTimestamp64Micro(time), channel, creative, value,
    format, pixels, seconds, paid,
    (campaign, type, person, source, id) IN
    (SELECT campaign, kind, person, source, id FROM invalid_verdicts)
FROM campaign_events AS e FINAL
LEFT JOIN linked_people AS l ON l.other = e.person
WHERE campaign = {campaign:String} AND type IN ('contact', 'exposure', 'click', 'conversion')
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


class World(NamedTuple):
    """Everything that is stored of all cities."""

    client: Client
    summaries: dict[int, dict[str, Any]]
    reconciled: dict[str, Any]
    accounts: dict[str, list[int]]
    naive: dict[str, list[int]]
    truths: dict[int, dict[str, Rows]]


class Lived(NamedTuple):
    """What flowdrop says of one city, and what is true."""

    campaigns: tuple[str, ...]
    reach: dict[str, dict[str, Any]]
    union: dict[str, Any]
    lift: dict[str, dict[str, Any]]
    frequency: dict[str, dict[str, Any]]
    duplication: dict[str, Any]
    attribution: dict[str, dict[str, Any]]
    sales: dict[str, dict[str, Any]]
    coins: dict[str, dict[str, Any]]
    exposures: list[tuple[Any, ...]]
    verdicts: list[tuple[Any, ...]]
    forgotten: list[tuple[Any, ...]]
    truth: dict[str, Rows]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("city")
    stack = Stack(folder)
    stack.start()
    try:
        stack.worker()
        stack.feed()
        summaries, truths = {}, {}
        for seed, day in CITIES.items():
            truth = folder / f"truth-{seed}"
            city = ("city", *SIZE, "--seed", str(seed), "--start", f"2026-{day}")
            summaries[seed] = stack.facts("replay", *city, *DISORDER, "--truth", str(truth))
            truths[seed] = {
                path.stem: pq.read_table(path).to_pylist() for path in truth.glob("*.parquet")
            }
        reconciled = stack.facts("reconcile", "--wait", "200")
        stack.facts("invalid", "judge")
        client = connect(stack.clickhouse)
        yield World(client, summaries, reconciled, stack.accounts(), judged(stack), truths)
        client.close()
    finally:
        stack.stop()


@pytest.fixture(scope="module", params=CITIES)
def lived(world: World, request: pytest.FixtureRequest) -> Lived:
    seed = request.param
    names = tuple(row["campaign"] for row in world.truths[seed]["campaigns"])
    assert names == (f"city-{seed}-1", f"city-{seed}-2")

    def told(name: str, *campaigns: str, **asked: Any) -> dict[str, Any]:
        report = reports()[name]
        values = {each.name: each.default for each in report.parameters} | asked
        values["campaign"] = campaigns if report.is_of_campaigns else campaigns[0]
        return plain(report.find(world.client, values, ConsoleSettings(), viewer=STAFF).found)

    def stored(query: str, at: int) -> list[tuple[Any, ...]]:
        return [row for row in world.client.query(query).result_rows if row[at] in names]

    return Lived(
        names,
        *({name: told("reach", name) for name in names}, told("reach", *names)),
        *({name: told(of, name) for name in names} for of in ("lift", "frequency")),
        told("duplication", *names, counted="viewable"),
        *({name: told(of, name) for name in names} for of in ("attribution", "sales", "coins")),
        *(stored(EXPOSURES, 0), stored(VERDICTS, 1), stored(FORGOTTEN, 0)),
        world.truths[seed],
    )


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


def test_every_city_was_disturbed_in_every_way(world: World) -> None:
    for summary in world.summaries.values():
        assert min(summary["disordered"].values()) > 50
        assert min(summary["spoiled"].values()) > 5
        assert summary["complete"]


def test_everything_stored_agrees(world: World) -> None:
    assert world.reconciled["ok"], [c for c in world.reconciled["checks"] if not c["held"]]


def test_every_account_holds_what_the_naive_ledger_says(world: World) -> None:
    assert world.accounts == world.naive
    kinds = Counter(name.partition(":")[0] for name in world.accounts)
    assert kinds["city"] > 250 * len(CITIES)
    assert kinds["packet"] > 50 * len(CITIES)
    assert kinds["budget"] == 2 * 9 * len(CITIES)  # a campaign has a reserve and eight shards


def test_reach_and_contacts_are_the_true_ones(lived: Lived) -> None:
    for name in lived.campaigns:
        assert lived.reach[name]["reach"] == true(lived, name)["contacted"] > 50
        assert lived.reach[name]["contacts"] == true(lived, name)["contacted"]
    people = {row["person"] for row in lived.truth["outcomes"] if row["contacted"]}
    assert lived.union["reach"] == len(people)


def test_arms_hold_whom_they_should_and_who_converted(lived: Lived) -> None:
    for name in lived.campaigns:
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
    for name in lived.campaigns:
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
    for name in lived.campaigns:
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
            assert list(own["reached_times"]) == [times.get(n, 0) for n in range(1, 11)]


def test_what_campaigns_have_in_common_is_the_truth(lived: Lived) -> None:
    """Of what nobody was paid to look at: the truth has all viewable impressions together."""
    paid = sum(own["incentivised"] for of in lived.frequency.values() for own in of["bases"])
    seen = {
        name: {
            row["person"]
            for row in lived.truth["outcomes"]
            if row["campaign"] == name and row["impressions_viewable"]
        }
        for name in lived.campaigns
    }
    one, other = (seen[name] for name in lived.campaigns)
    found = lived.duplication
    [both] = {pair["both"] for pair in found["pairs"]}
    if paid:
        assert found["union"] <= len(one | other)
        assert both <= len(one & other)
    else:
        assert (found["union"], both) == (len(one | other), len(one & other))


def test_sales_and_attribution_count_every_true_conversion(lived: Lived) -> None:
    for name in lived.campaigns:
        arms = [row for row in lived.truth["arms"] if row["campaign"] == name]
        people = sum(row["converted"] for row in arms)
        cents = sum(row["value_cents"] for row in arms)
        [own] = lived.sales[name]["sales"]
        assert (own["purchases"], own["buyers"], own["value_cents"] or 0) == (people, people, cents)
        found = lived.attribution[name]
        assert (found["conversions"], found["value_cents"] or 0) == (people, cents)


def test_attribution_is_that_of_a_plain_reading(world: World, lived: Lived) -> None:
    for name in lived.campaigns:
        found = lived.attribution[name]
        [own] = found["windows"]
        bought, touched = read(world.client, name, own["click_days"], own["view_days"])
        told = attributed(bought, touched, "channel", found["half_life_days"])
        assert 0 < told.attributed == found["attributed"]
        for model in ("last", "first", "position", "decay", "data_driven"):
            for each in found["credits"][:-1]:
                conversions, cents = told.credit[model].get(each["part"], (0, 0))
                assert each[model] == pytest.approx(float(conversions), abs=1e-6)
                assert each[f"{model}_value_cents"] == pytest.approx(float(cents), abs=1e-2)


def read(
    client: Client, campaign: str, click_days: int, view_days: int
) -> tuple[dict[Key, list[Bought]], dict[Key, list[Touch]]]:
    """Read a campaign's conversions and touches one at a time, as they are stored."""
    bought: dict[Key, list[Bought]] = defaultdict(list)
    touched: dict[Key, list[Touch]] = defaultdict(list)
    for row in client.query(TOUCHES, {"campaign": campaign}).result_rows:
        kind, person, us, channel, creative, value, shape, pixels, seconds, paid, invalid = row
        if kind == "conversion":
            bought[person, ""].append(Bought(us, value or 0, is_counted=True))
        elif (
            not invalid and not paid and (kind != "exposure" or is_viewable(shape, pixels, seconds))
        ):
            days = click_days if kind == "click" else view_days
            touch = (campaign, channel, creative, us + days * DAY_US)
            touched[person, ""].append(Touch(us, KINDS.index(kind), *touch))
    return bought, touched


def test_coins_left_are_those_of_the_budgets_accounts(world: World, lived: Lived) -> None:
    for name in lived.campaigns:
        held = sum(
            posted
            for account, (posted, *_) in world.naive.items()
            if account.partition("@")[0] == f"budget:{name}"
        )
        [own] = lived.coins[name]["by_campaign"]
        assert own["reserve"] + own["shards"] == held
        assert own["budget"] == true(lived, name)["budget"]
        assert sum(place["coins"] for place in lived.coins[name]["places"]) == own["budget"]


def is_viewable(shape: str, pixels: float | None, seconds: float | None) -> bool:
    number = TEXTS["format"].index(shape)
    return (
        pixels is not None
        and seconds is not None
        and pixels >= VIEWABLE_PIXELS[number]
        and seconds >= VIEWABLE_SECONDS[number]
    )
