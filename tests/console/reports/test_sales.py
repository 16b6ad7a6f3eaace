"""Sales told by the report, by the ledger's accounts, and by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from console.reports.coins import coins
from console.reports.consistency import InconsistentError
from console.reports.refused import NOT_PAID
from console.reports.sales import SalesReport, sales
from console.reports.sales_protected import PROTECTION
from streams.events import PacketClaim, PacketSend, PacketShare, Reward, WaitingReturn
from streams.ledger.results import Postings, Result
from tests.console.world import PROGRAMS
from tests.naive_settlement import insert as store
from tests.simulator.plan import RULES
from tests.streams.ledger_world import START, World, name_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

DAY = timedelta(days=1)
BEGUN = 1_772_323_200_000_000  # microseconds: the day of START
DAY_US = 86_400_000_000
BUYERS = [name_on(0, 2, 100 * n) for n in range(4)]
SHARER, IDLE, NOBODY = name_on(1, 2), name_on(1, 2, 100), name_on(1, 2, 200)
PACKET = "packet:party@0"


def played() -> World:
    """Four buy; one sharer brings two of them, another never opens a wallet; two friends draw."""
    world, at = World(2, RULES), START
    facts = {"campaign": "spring", "time": at}
    for event in (
        *(world.open(name, time=at) for name in (*BUYERS, SHARER, IDLE)),
        world.fund("budget:spring@0", 1_000, time=at),
        *(
            world.make(Reward, buyer, rule="first", conversion=f"c{n}", **facts)
            for n, buyer in enumerate(BUYERS[:3])
        ),
        *(
            world.make(Reward, buyer, rule="friend", conversion=f"c{n}", to=to, **facts)
            for n, (buyer, to) in enumerate(zip(BUYERS, (SHARER, SHARER, NOBODY), strict=False))
        ),
        world.make(
            *(PacketSend, "budget:spring@0"),
            **facts,
            packet=PACKET,
            amount=60,
            claims=3,
            mode="equal",
            expires=at + 2 * DAY,
        ),
        world.make(PacketShare, PACKET, sharer=BUYERS[3], time=at, event_id="s1"),
        world.make(PacketClaim, PACKET, claimer=IDLE, share="s1", time=at + DAY / 2),
        world.make(PacketClaim, PACKET, claimer=BUYERS[2], share="s1", time=at + DAY / 2),
    ):
        assert world.send(event).outcome == "applied", event
    world.drain()
    world.send(world.make(WaitingReturn, NOBODY, time=at + 40 * DAY))
    world.drain()
    return world


def stored(client: Client, insert: Callable[..., None]) -> Client:
    store(client, [each.result for outcomes in played().outcomes for each in outcomes])
    times = [BEGUN, BEGUN, BEGUN + DAY_US, BEGUN]
    insert(client, "conversion", "spring", BUYERS, times, value=[500, None, 700, 0])
    insert(client, "conversion", "autumn", BUYERS[:1], [BEGUN], value=[None])
    return client


@pytest.fixture(scope="module")
def story(fresh: Callable[[], Client], insert: Callable[..., None]) -> Client:
    return stored(fresh(), insert)


def told(client: Client, *campaigns: str, **asked: Any) -> SalesReport:
    given = {"advertiser": "", "begin": None, "end": None, "zone": "UTC", **asked}
    return sales(client, campaigns, **given)


def test_purchases_rewards_sharers_and_friends(story: Client) -> None:
    found = told(story, "spring")
    (own,) = found.sales
    assert (own.purchases, own.value_cents, own.buyers) == (4, 1_200, 4)
    assert (own.rewarded, own.rewards_per_purchase) == (3, (3 * 7 + 3 * 5 - 5) / 4)
    assert (own.sharers, own.friends) == (3, 4)  # two told and one by the packet; BUYERS[2] twice
    assert (own.friends_drew, own.friends_bought, own.friends_bought_share) == (2, 1, 0.5)
    assert own.sharers_by_friends == (1, 2, 0, 0, 0)
    by_rule = {each.rule: each for each in found.rewards}
    first, friend = by_rule["first"], by_rule["friend"]
    assert (first.rewarded, first.rewards, first.coins, first.returned) == ("buyer", 3, 21, 0)
    assert (friend.rewarded, friend.rewards, friend.coins) == ("sharer", 3, 15)
    assert (friend.returned, friend.net) == (5, 10)


def test_it_agrees_with_the_report_of_coins(story: Client) -> None:
    found = told(story, "spring")
    (row,) = coins(story, ["spring"], "", PROGRAMS).by_campaign
    assert sum(each.coins for each in found.rewards) == row.granted
    assert sum(each.returned for each in found.rewards) == row.granted_back


def test_several_are_told_together_and_apart(story: Client) -> None:
    whole, autumn, spring = told(story, "autumn", "spring").sales
    assert (whole.campaign, whole.purchases, whole.buyers) == ("", 5, 4)
    assert (autumn.purchases, autumn.value_cents, autumn.sharers) == (1, None, 0)
    assert autumn.rewards_per_purchase == 0
    assert (spring.friends, whole.friends) == (4, 4)
    assert told(story, advertiser="spring").sales[0] == spring


def test_a_window_of_days(story: Client) -> None:
    (own,) = told(story, "spring", begin="2026-03-02").sales
    assert (own.purchases, own.value_cents, own.rewarded, own.sharers) == (1, 700, 0, 0)
    (own,) = told(story, "spring", end="2026-03-01").sales
    assert (own.purchases, own.friends_drew, own.friends_bought) == (3, 2, 1)


def test_rewards_that_were_refused_are_counted_by_reason(
    fresh: Callable[[], Client], insert: Callable[..., None]
) -> None:
    """Two buyers ask a day later, under another id, for what they had; nobody has a budget left."""
    world = played()
    facts = {"rule": "first", "time": START + DAY}
    asked = [
        *(
            world.make(Reward, buyer, conversion=f"c{n}", campaign="spring", **facts)
            for n, buyer in enumerate(BUYERS[:2])
        ),
        world.make(Reward, BUYERS[3], conversion="c9", campaign="autumn", **facts),
    ]
    reasons = [world.send(event).reason for event in asked]
    assert reasons == ["already_rewarded", "already_rewarded", "budget_exhausted"]
    client = fresh()
    store(client, [each.result for outcomes in world.outcomes for each in outcomes])
    insert(client, "conversion", "spring", BUYERS, [BEGUN] * 4, value=[500, None, 700, 0])
    insert(client, "conversion", "autumn", BUYERS[:1], [BEGUN], value=[None])
    found = told(client, "spring", "autumn")
    shown = [(row.campaign, row.reason, row.events, row.people, row.coins) for row in found.refused]
    assert shown == [
        ("autumn", "budget_exhausted", 1, 1, None),
        ("spring", "already_rewarded", 2, 2, None),
    ]
    assert {row.operation for row in found.refused} == {"reward"}
    assert NOT_PAID in found.notes
    before = told(client, "spring", "autumn", end="2026-03-01")
    assert before.refused == ()
    assert NOT_PAID not in before.notes
    (paid,) = [each for each in found.sales if each.campaign == "spring"]
    assert paid.rewarded == 3, "as without them"
    organisation = PROTECTION.prepare(client, found)
    assert (organisation.refused, NOT_PAID in organisation.notes) == ((), False)


def test_rewards_that_settlement_does_not_have_are_not_shown(
    fresh: Callable[[], Client], insert: Callable[..., None]
) -> None:
    client = stored(fresh(), insert)
    gone = "ALTER TABLE postings DELETE WHERE type = 'reward' AND kind = 'budget'"
    client.command(gone, settings={"mutations_sync": 2})
    with pytest.raises(InconsistentError, match="coins rewarded 21 is not by settlement 0"):
        told(client, "spring")


def test_nothing_sold_is_no_error(fresh: Callable[[], Client], insert: Callable[..., None]) -> None:
    client = fresh()
    insert(client, "contact", "quiet", ["p"], [BEGUN], channel="app")
    (own,) = told(client, "quiet").sales
    assert (own.purchases, own.value_cents, own.rewards_per_purchase) == (0, None, None)
    assert (own.friends_bought_share, sum(own.sharers_by_friends)) == (None, 0)


def test_sharers_are_told_by_how_many_friends_they_brought(fresh: Callable[[], Client]) -> None:
    client, results = fresh(), []
    for sharer, friends in enumerate((1, 1, 2, 3, 5, 6, 10, 11, 40)):
        for friend in range(friends):
            moved = Postings(
                account=(f"budget:spring@{sharer}",),
                kind=("budget",),
                amount=(-5,),
                balance=(0,),
                version=(friend + 1,),
                pending=(0,),
            )
            results.append(
                Result(
                    source_partition=sharer,
                    source_offset=friend,
                    event_id=f"{sharer}-{friend}",
                    event_source="shop",
                    type="reward",
                    subject=f"friend:{friend}",
                    program="p",
                    time=BEGUN,
                    outcome="applied",
                    amount=5,
                    campaign="spring",
                    activity="friend",
                    sharer=f"sharer:{sharer}",
                    posting=moved,
                )
            )
    store(client, results)
    (own,) = told(client, "spring").sales
    assert own.sharers_by_friends == (2, 1, 2, 2, 2)
    assert (own.sharers, own.friends) == (9, 40)
