"""Every coin of a budget, told by the report, by settlement, and by naive sums over the fold."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from console.reporting.viewer import Viewer
from console.reports.basis import NoReportError, UnknownCampaignError
from console.reports.coin_cost import NO_FINITE_COST, NO_PRICE, NOT_RANDOMISED
from console.reports.coin_flows import use
from console.reports.coins import REPORT, CoinReport, coins
from console.reports.consistency import InconsistentError
from console.reports.lift import lift
from console.reports.reach import reach
from console.settings import ConsoleSettings
from console.settlement.month import month
from console.settlement.statement import statement
from streams.events import (
    OrderFulfil,
    OrderPlace,
    PacketClaim,
    PacketExpire,
    PacketSend,
    Reward,
    WaitingReturn,
)
from tests.console.world import PROGRAMS
from tests.naive_settlement import Moved, insert, movements, queues
from tests.simulator.plan import RULES, Clients
from tests.streams.ledger_world import START, World, name_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

PARTITIONS = 3
EVENTS = 4_000
LAST = month("2199-12")  # later than anything
DAY = timedelta(days=1)


class Folded(NamedTuple):
    client: Client
    moved: list[Moved]
    reports: dict[str, CoinReport]  # by campaign; '' for all


def told(client: Client, *campaigns: str, advertiser: str = "") -> CoinReport:
    return coins(client, campaigns, advertiser, PROGRAMS)


def stored(client: Client, world: World) -> Folded:
    results = [outcome.result for outcomes in world.outcomes for outcome in outcomes]
    insert(client, results)
    moved = movements(results)
    names = sorted({each.result.campaign for each in moved} - {""})
    reports = {name: told(client, name) for name in names}
    return Folded(client, moved, {**reports, "": told(client, *names)})


@pytest.fixture(scope="module", params=[2, 6])
def folded(fresh: Callable[[], Client], request: pytest.FixtureRequest) -> Folded:
    """Random clients of every operation, over four months."""
    world = World(PARTITIONS, RULES)
    clients = Clients(random.Random(request.param), PARTITIONS)
    clients.step = timedelta(minutes=40)
    for _ in range(EVENTS):
        clients.time += clients.step
        event = clients.event()
        clients.recall(event)
        world.send(event)
        if clients.random.random() < 0.5:
            world.drain()
    world.drain()
    return stored(fresh(), world)


def campaigns_of(folded: Folded) -> list[str]:
    return sorted(folded.reports.keys() - {""})


def by_place(found: CoinReport, program: str) -> Counter[str]:
    made: Counter[str] = Counter()
    for each in found.places:
        if each.program == program:
            made[each.place] += each.coins
    return made


def naive(folded: Folded, campaign: str, program: str) -> Counter[str]:
    """Where a campaign's coins are by the accounts that they moved to, but for those in wallets."""
    made: Counter[str] = Counter()
    for each in folded.moved:
        result, name = each.result, each.account.partition("@")[0]
        if (result.campaign, result.program) != (campaign, program):
            continue
        if each.kind == "budget":
            made["reserve" if each.account == f"budget:{campaign}" else "shards"] += each.amount
            made["funded"] += each.amount if result.type == "fund" and each.amount > 0 else 0
        elif each.kind == "packet":
            made["undrawn"] += each.amount
        elif each.kind == "issuer" and result.type == "defund":
            made["defunded"] += each.amount
        elif each.kind == "suspense":
            made["suspense"] += each.amount
        elif each.kind in {"wallet", "waiting"} or (
            name.startswith("clearing:") and result.step == "unclaimed"
        ):
            made["given"] += each.amount
        elif name.startswith("clearing:"):
            made["in_flight"] += each.amount
    return made


def test_every_coin_is_somewhere_as_naive_sums_have_it(folded: Folded) -> None:
    seen: Counter[str] = Counter()
    for campaign in campaigns_of(folded):
        found = folded.reports[campaign]
        for row in found.by_campaign:
            ours, theirs = by_place(found, row.program), naive(folded, campaign, row.program)
            assert sum(ours.values()) == row.budget == theirs["funded"]
            for key in ("reserve", "shards", "in_flight", "suspense", "undrawn", "defunded"):
                assert ours[key] == theirs[key], key
            given = ours.total() - sum(
                theirs[key] for key in theirs if key not in {"funded", "given"}
            )
            assert given == theirs["given"]
            seen += ours
    assert {"in_hand", "redeemed", "gifted", "reserve", "shards"} <= set(+seen)


def test_it_agrees_with_settlement_to_the_last_coin(folded: Folded) -> None:
    agreed = 0
    for campaign in campaigns_of(folded):
        found = folded.reports[campaign]
        settled = {own.program: own.budget for own in
                   statement(folded.client, f"advertiser:{campaign}", LAST).programs}  # fmt: skip
        assert {row.program for row in found.by_campaign} == settled.keys()
        for row in found.by_campaign:
            budget = settled[row.program]
            assert budget is not None
            same = ("funded", "defunded", "reserve", "shards", "in_flight")
            assert [getattr(row, key) for key in same] == [getattr(budget, key) for key in same]
            assert row.left == budget.unspent
            own = [each for each in found.places if each.program == row.program]
            granted = {each.place: each.granted or 0 for each in own if each.granted is not None}
            in_hand, spent = queues(folded.moved, campaign, row.program, LAST)
            assert (budget.in_hand, budget.spent) == (in_hand, spent)
            assert granted["in_hand"] == in_hand
            of_uses = sum(
                each.granted or 0 for each in own if each.place not in {"in_hand", "waiting"}
            )
            assert of_uses == sum(spent.values())
            assert granted["waiting"] + row.granted_back + row.suspense == budget.unplaced
            assert row.redeemed >= sum(spent.get(key, 0) for key in ("redeem", "redeem_settle"))
            agreed += row.funded
    assert agreed > 0


def test_several_are_the_sum_of_each(folded: Folded) -> None:
    names = campaigns_of(folded)
    every = folded.reports[""]
    assert len(names) > 1
    for program in {row.program for row in every.by_campaign}:
        whole: Counter[str] = Counter()
        for name in names:
            whole += by_place(folded.reports[name], program)
        assert +by_place(every, program) == +whole


def test_every_place_of_the_chart_balances(folded: Folded) -> None:
    found = folded.reports[""]
    for program in {each.program for each in found.flows}:
        own = [each for each in found.flows if each.program == program]
        came, went = Counter[str](), Counter[str]()
        for each in own:
            came[each.target] += each.coins
            went[each.source] += each.coins
        assert all(came[place] == went[place] for place in came.keys() & went.keys())
        ends = {place: count for place, count in came.items() if place not in went}
        names = {
            f"{each.place}:{each.name}" if each.name else each.place: each.coins
            for each in found.places
            if each.program == program and each.coins
        }
        assert ends == names


# -- one story, reckoned by hand ------------------------------------------------------------------

BUYER, FRIEND, PAL = name_on(0, 2), name_on(1, 2, 100), name_on(0, 2, 200)
PACKET = "packet:party@0"


def told_story() -> World:
    """A campaign gives in every way, and some of it comes back in every way."""
    world, at = World(2, RULES), START
    facts = {"campaign": "spring", "time": at}
    for event in (
        world.open(BUYER, time=at),
        world.fund("budget:spring@0", 1_000, time=at),
        world.grant(BUYER, 100, **facts),
        world.make(Reward, BUYER, rule="friend", conversion="c1", to=FRIEND, **facts),
        world.make(
            *(PacketSend, "budget:spring@0"),
            **facts,
            packet=PACKET,
            amount=60,
            claims=3,
            mode="equal",
            expires=at + 2 * DAY,
        ),
        world.make(PacketClaim, PACKET, claimer=BUYER, time=at + DAY),
        world.make(PacketClaim, PACKET, claimer=PAL, time=at + DAY),
        world.make(PacketExpire, PACKET, time=at + 3 * DAY),
        world.redeem(BUYER, 30, carrier="unicom", time=at + 4 * DAY),
        world.redeem(BUYER, 14, carrier="mobile", time=at + 4 * DAY),
        world.make(
            OrderPlace, BUYER, event_id="o1", item="song", quantity=1, amount=15, time=at + 4 * DAY
        ),
        world.make(OrderFulfil, BUYER, order="o1", time=at + 4 * DAY),
        world.transfer(BUYER, "somebody", 10, time=at + 4 * DAY),
    ):
        assert world.send(event).outcome == "applied", event
    world.drain()
    for name in (FRIEND, PAL):  # nobody opened their wallets in time; one does so later
        world.send(world.make(WaitingReturn, name, time=at + 40 * DAY))
    world.drain()
    world.send(world.open(PAL, time=at + 41 * DAY))
    world.send(world.earn(PAL, amount=7, time=at + 41 * DAY))
    world.send(world.redeem(PAL, 5, carrier="mobile", time=at + 41 * DAY))
    world.drain()
    return world


@pytest.fixture(scope="module")
def story(fresh: Callable[[], Client]) -> Folded:
    return stored(fresh(), told_story())


def test_what_came_back_counts_as_never_given(story: Folded) -> None:
    found = told(story.client, "spring")
    (row,) = found.by_campaign
    assert (row.budget, row.funded, row.announced) == (1_000, 1_000, None)
    assert (row.granted, row.granted_back) == (105, 5)
    assert (row.packets_sent, row.packets_refunded, row.undrawn) == (60, 20, 0)
    assert (row.drawn, row.drawn_back) == (40, 20)
    assert {(each.place, each.name): each.coins for each in found.places if each.coins} == {
        ("shards", ""): 880,
        ("redeemed", "unicom"): 30,
        ("redeemed", "mobile"): 14,
        ("bought", "song"): 15,
        ("gifted", ""): 10,
        ("in_hand", ""): 51,
    }
    assert row.left == 880
    assert (row.redeemed, row.gifted, row.waiting) == (44, 10, 0)


def as_spring(client: Client, database: Path) -> CoinReport:
    """The report as the campaign's advertiser sees it: itself, as nobody described it."""
    asked = {"campaign": ["spring"], "advertiser": ""}
    settings = ConsoleSettings(database=f"sqlite:///{database}", programs=PROGRAMS)
    return REPORT.find(client, asked, settings, viewer=Viewer(organisation="spring")).found


def test_an_organisation_is_not_told_what_a_few_wallets_had(story: Folded, tmp_path: Path) -> None:
    found = as_spring(story.client, tmp_path / "console.sqlite")
    (row,) = found.by_campaign
    assert row.budget == 1_000
    assert row.left is None  # what was given follows from it
    assert row.in_hand is row.redeemed is row.bought is row.gifted is row.granted is None
    told_of = {each.place: each.coins for each in found.places if each.coins}
    assert told_of == {}
    assert found.flows == ()
    assert found.cost[0].cost_cents is None


def test_an_organisation_is_told_what_many_wallets_had(
    fresh: Callable[[], Client], tmp_path: Path
) -> None:
    world, at = World(2, RULES), START
    people = [name_on(0, 2, n) for n in range(0, 20_000, 100)]
    world.send(world.fund("budget:spring@0", 10_000, time=at))
    for n, name in enumerate(people):
        world.send(world.open(name, time=at))
        world.send(world.grant(name, 40, campaign="spring", time=at))
        if n < 60:
            world.send(world.redeem(name, 30, carrier="unicom", time=at + DAY))
        elif n < 63:
            world.send(world.redeem(name, 14, carrier="mobile", time=at + DAY))
    world.drain()
    found = as_spring(stored(fresh(), world).client, tmp_path / "console.sqlite")
    (row,) = found.by_campaign
    assert (row.budget, row.funded, row.left) == (10_000, 10_000, 10_000 - 40 * len(people))
    carriers = {each.name: each.coins for each in found.places if each.place == "redeemed"}
    assert carriers["mobile"] is None
    known = [row.redeemed, carriers["unicom"], row.in_hand]
    assert known.count(None) >= 1  # of the whole, its parts and the rest
    if row.redeemed is not None:
        assert carriers["unicom"] is None


def test_settlement_has_what_came_back_unclaimed(story: Folded) -> None:
    (own,) = statement(story.client, "advertiser:spring", LAST).programs
    assert own.budget is not None
    assert (own.budget.unspent, own.budget.shards, own.budget.in_flight) == (880, 880, 0)
    assert queues(story.moved, "spring", "p", LAST) == (own.budget.in_hand, own.budget.spent)


def test_names_that_are_missing_too_many_or_unknown_are_refused(story: Folded) -> None:
    with pytest.raises(NoReportError, match="name at least one campaign, or an advertiser"):
        told(story.client)
    with pytest.raises(NoReportError, match="not both"):
        told(story.client, "spring", advertiser="spring")
    with pytest.raises(UnknownCampaignError, match="did you mean spring"):
        told(story.client, "sprin")
    with pytest.raises(UnknownCampaignError, match="known advertisers include spring"):
        told(story.client, advertiser="sprin")


def test_a_campaign_that_nobody_described_is_its_own_advertiser(story: Folded) -> None:
    found = told(story.client, advertiser="spring")
    assert found.campaigns == ("spring",)
    assert found.places == told(story.client, "spring").places


def test_items_are_told_by_their_kind_and_one_that_no_file_has_by_its_name() -> None:
    sold = {"taker_kind": "merchant", "taker": "music", "operation": "order_fulfil", "item": "song"}
    assert use(sold, {"song": "content"}) == ("bought", "content")
    assert use(sold, {}) == ("bought", "song")
    assert use({**sold, "taker_kind": "", "operation": "rent"}, {}) == ("otherwise", "rent")


@pytest.mark.parametrize(
    ("corruption", "sentence"),
    [
        (
            f"DELETE WHERE account = '{BUYER}' AND type = 'grant'",
            "p: 1,000 coins came to “Leased to shards or given”, 900 left it or are there",
        ),
        (
            f"DELETE WHERE account = '{PACKET}' AND type = 'packet_claim'",
            "1,000 coins came to “Leased to shards or given”, 1,040 left it or are there",
        ),
        (
            "DELETE WHERE account = 'budget:spring@0' AND type = 'fund'",
            "p: -120 coins went from “Leased to shards or given” to “Left in shards”, fewer than",
        ),
        (
            "UPDATE amount = 900 WHERE account = 'budget:spring@0' AND type = 'fund'",
            "p: “Funded” is 1,000 coins here and 900 by settlement",
        ),
        (
            "UPDATE campaign = 'autumn' WHERE account = 'budget:spring@0' AND type = 'grant'",
            "p: “Left in shards” is 980 coins here and 880 by settlement",
        ),
        (
            f"UPDATE amount = 90 WHERE account = 'waiting:p:{PAL}' AND step = 'claim'",
            "p: 1,000 coins came to “Leased to shards or given”, 1,070 left it or are there",
        ),
    ],
)
def test_coins_that_do_not_add_up_are_not_shown_but_named(
    fresh: Callable[[], Client], corruption: str, sentence: str
) -> None:
    client = stored(fresh(), told_story()).client
    client.command(f"ALTER TABLE postings {corruption}", settings={"mutations_sync": 2})
    with pytest.raises(InconsistentError) as caught:
        told(client, "spring")
    assert sentence in caught.value.message
    assert "flowdrop reconcile" in caught.value.message


# -- announced, priced ----------------------------------------------------------------------------

PEOPLE = [f"person:{number}" for number in range(4_000)]
BEGUN = 1_772_323_200_000_000  # microseconds: the day of START
LATER = BEGUN + 86_400_000_000


@pytest.fixture
def priced(fresh: Callable[[], Client], insert: Callable[..., None]) -> Callable[..., Client]:
    """Makes a warehouse of the story, described, with conversions by people of two arms."""

    def make(converted: tuple[int, int], **description: Any) -> Client:
        client = stored(fresh(), told_story()).client
        says = json.dumps({"campaign": "spring", **description})
        insert(client, "describe", "spring", ["campaign:spring"], BEGUN, description=says)
        arms = {"treated": PEOPLE[::2], "control": PEOPLE[1::2]}
        for (arm, people), count in zip(arms.items(), converted, strict=True):
            ids = [f"{arm}-{number}" for number in range(len(people))]
            insert(
                *(client, "assignment", "spring", people, BEGUN),
                id=ids,
                arm=arm,
                probability=0.5,
            )
            insert(
                *(client, "conversion", "spring", people[:count], LATER),
                id=ids[:count],
                value=100,
            )
        insert(client, "contact", "spring", arms["treated"], BEGUN, channel="app")
        return client

    return make


def test_a_budget_that_was_announced_is_what_the_rows_add_up_to(
    priced: Callable[..., Client],
) -> None:
    for announced, unfunded, budget in ((1_500, 500, 1_500), (600, 0, 1_000)):
        found = told(priced((0, 0), budget=announced, advertiser="acme"), advertiser="acme")
        (row,) = found.by_campaign
        assert (row.announced, row.budget, row.advertiser) == (announced, budget, "acme")
        assert by_place(found, "p")["unfunded"] == unfunded
        assert sum(each.coins for each in found.places) == budget


def test_what_was_only_announced_is_not_funded(
    fresh: Callable[[], Client], insert: Callable[..., None]
) -> None:
    client = fresh()
    says = json.dumps({"campaign": "later", "budget": 700})
    insert(client, "describe", "later", ["campaign:later"], BEGUN, description=says)
    found = told(client, "later")
    assert [(each.place, each.coins) for each in found.places if each.coins] == [("unfunded", 700)]
    assert [(each.source, each.target) for each in found.flows] == [("budget", "unfunded")]


def test_cost_is_that_of_coins_not_come_back_per_person_and_conversion(
    priced: Callable[..., Client],
) -> None:
    client = priced((200, 100), coin_microcents=2_500_000)
    found = told(client, "spring")
    (cost,) = found.cost
    (effect,) = [
        each for each in lift(client, "spring").effects if each.metric == "conversion_rate"
    ]
    given = 100 + 20  # granted; drawn and kept
    assert cost.cost_cents == given * 2.5
    assert cost.reached == reach(client, ["spring"]).reach == 2_000
    assert cost.per_reached_cents == pytest.approx(300 / 2_000)
    assert (cost.caused, cost.caused_low, cost.caused_high) == (
        *(effect.increment, effect.increment_low, effect.increment_high),
    )
    assert cost.caused_low is not None
    assert cost.caused_low > 0
    assert cost.per_caused_cents == pytest.approx(300 / effect.increment)
    assert cost.per_caused_low_cents == pytest.approx(300 / effect.increment_high)
    assert cost.per_caused_high_cents == pytest.approx(300 / effect.increment_low)
    assert cost.why == ()


def test_no_finite_cost_where_the_interval_includes_zero(priced: Callable[..., Client]) -> None:
    (cost,) = told(priced((105, 100), coin_microcents=2_500_000), "spring").cost
    assert cost.caused is not None
    assert cost.caused > 0
    assert (cost.per_caused_cents, cost.why) == (None, (NO_FINITE_COST,))


def test_an_unknown_price_is_said(priced: Callable[..., Client], story: Folded) -> None:
    (cost,) = told(priced((200, 100), budget=1_500), "spring").cost
    assert (cost.cost_cents, cost.per_reached_cents, cost.per_caused_cents) == (None, None, None)
    assert (cost.caused is not None, cost.why) == (True, (NO_PRICE,))
    (cost,) = told(story.client, "spring").cost
    assert {NO_PRICE.en, NOT_RANDOMISED.en} < {why.en for why in cost.why}


def test_the_latest_description_counts_also_where_it_leaves_a_price_out(
    priced: Callable[..., Client], insert: Callable[..., None]
) -> None:
    client = priced((0, 0), coin_microcents=2_500_000, budget=1_500)
    says = json.dumps({"campaign": "spring", "budget": 1_200})
    insert(
        *(client, "describe", "spring", ["campaign:spring"], LATER),
        id="later",
        description=says,
    )
    found = told(client, "spring")
    assert (found.by_campaign[0].announced, found.cost[0].coin_microcents) == (1_200, None)
