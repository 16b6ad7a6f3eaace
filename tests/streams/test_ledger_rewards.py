"""Rewards and expiry: once each, within the budget, attributed; and only what is old expires."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events import Expire, Freeze, Reward
from streams.ledger.results import Posting
from streams.programs import RewardRule
from tests.streams.ledger_world import NAMED, TEST, World, at, name_on, world_with

SHARD = "budget:spring@0"


def reward(world: World, name: str = "a", **changes: Any) -> Reward:
    facts = {"campaign": "spring", "rule": "first", "conversion": "basket-1"}
    return world.make(Reward, name, **{**facts, **changes})


def funded(*names: str, coins: int = 100) -> World:
    world = world_with(*names)
    world.send(world.fund(SHARD, coins))
    return world


def test_a_conversion_is_rewarded_by_its_value_up_to_a_cap() -> None:
    world = funded("a")
    for number, (value, coins) in enumerate([(1234, 12), (1999, 19), (9_999_999, 20)]):
        terms = {"rule": "purchase", "conversion": f"basket-{number}", "value": value}
        outcome = world.send(reward(world, **terms))
        assert [(p.account, p.amount) for p in outcome.postings] == [(SHARD, -coins), ("a", coins)]
        result = outcome.result
        assert (result.campaign, result.activity, result.spend) == ("spring", "purchase", value)
        assert (result.cause, result.amount) == (f"basket-{number}", coins)


def test_a_sharer_is_rewarded_for_a_friend_wherever_they_live() -> None:
    buyer, near, far = name_on(0, 2), name_on(0, 2, 500), name_on(1, 2)
    world = world_with(buyer, near, far, partitions=2)
    world.send(world.fund(SHARD, 50))
    outcome = world.send(reward(world, buyer, rule="friend", to=far))
    assert [(p.kind, p.amount) for p in outcome.postings] == [("budget", -5), ("clearing", 5)]
    assert (outcome.result.counterparty, outcome.result.sharer) == (far, far)
    arrival, _ = world.drain()
    assert (arrival.result.step, arrival.result.campaign) == ("grant", "spring")
    assert world.balance(far) == 105
    again = reward(world, buyer, rule="friend", to=near, conversion="basket-2")
    assert world.send(again).reason == "already_rewarded", "one sharer for a friend"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "already_rewarded"),
        ({"conversion": "basket-2"}, "already_rewarded"),
        ({"time": at(400), "conversion": "basket-3"}, "already_rewarded"),
        ({"rule": "purchase", "value": 900}, ""),
        ({"campaign": "autumn"}, ""),
    ],
)
def test_a_first_purchase_is_rewarded_once_a_campaign(changes: dict[str, Any], reason: str) -> None:
    world = funded("a")
    world.send(world.fund("budget:autumn@0", 50, campaign="autumn"))
    assert world.send(reward(world)).outcome == "applied"
    assert world.send(reward(world, **changes)).reason == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rule": "lottery"}, "unknown_reward"),
        ({"rule": "purchase"}, "wrong_reward"),
        ({"rule": "friend"}, "wrong_reward"),
        ({"to": "b"}, "wrong_reward"),
        ({"rule": "purchase", "value": 99}, "nothing_earned"),
        ({"rule": "friend", "to": "a"}, "to_self"),
        ({"rule": "friend", "to": "budget:spring"}, "unknown_payee"),
        ({"campaign": "autumn"}, "budget_exhausted"),
    ],
)
def test_a_reward_that_may_not_be(changes: dict[str, Any], reason: str) -> None:
    world = funded("a", "b")
    assert world.send(reward(world, **changes)).reason == reason
    assert world.balance(SHARD) == 100


def test_a_reward_refused_for_want_of_coins_may_be_sent_again() -> None:
    world = funded("a", coins=6)
    assert world.send(reward(world)).reason == "budget_exhausted"
    world.send(world.fund(SHARD, 1))
    assert world.send(reward(world)).outcome == "applied"
    assert (world.balance("a"), world.balance(SHARD)) == (107, 0)


def test_a_reward_that_the_shard_cannot_pay_has_it_ask_for_as_much() -> None:
    buyer = name_on(0, 2)
    world = world_with(buyer, partitions=2)
    world.send(world.fund("budget:spring", 24))  # of which each shard leases 6
    world.drain()
    short = world.send(reward(world, buyer))
    assert (short.reason, len(short.postings)) == ("budget_exhausted", 0)
    assert [(leg.data.step, leg.data.amount) for leg in short.legs] == [("lease_ask", 7)]
    assert world.send(reward(world, buyer)).legs == [], "it has asked"
    world.drain()
    assert world.balance(SHARD) == 6 + 7
    assert world.send(reward(world, buyer)).outcome == "applied", "nothing was remembered as given"
    assert world.balance(buyer) == 107


def test_a_shard_that_a_reward_leaves_low_asks_its_reserve() -> None:
    world = world_with("a")
    world.send(world.fund("budget:spring", 20))  # of which the shard leases 10
    world.drain()
    world.send(reward(world))
    assert [outcome.result.step for outcome in world.drain()] == ["lease_ask", "lease", "ack"]


@given(
    percent=st.integers(1, 100),
    coin_cents=st.integers(1, 1000),
    coins_max=st.integers(1, 10**6),
    value=st.integers(0, 10**13),
)
def test_a_percentage_is_never_more_than_that_nor_than_the_cap(
    percent: int, coin_cents: int, coins_max: int, value: int
) -> None:
    rule = RewardRule(
        title=NAMED,
        once_per="conversion",
        to="buyer",
        percent=percent,
        coin_cents=coin_cents,
        coins_max=coins_max,
        assumption=TEST,
    )
    coins = rule.given(value)
    assert coins is not None
    assert 0 <= coins <= coins_max
    assert coins * coin_cents * 100 <= value * percent
    assert coins == coins_max or (coins + 1) * coin_cents * 100 > value * percent


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["purchase", "first", "friend"]),
            st.sampled_from("ab"),
            st.integers(0, 3),
        ),
        max_size=25,
    )
)
def test_whatever_is_asked_each_is_given_once_and_never_more_than_there_is(
    steps: list[tuple[str, str, int]],
) -> None:
    world = funded("a", "b", "c", coins=40)
    left, given = 40, set()
    for rule, name, number in steps:
        terms: dict[str, Any] = {"rule": rule, "conversion": f"basket-{number}"}
        terms |= {"value": 900} if rule == "purchase" else {"to": "c"} if rule == "friend" else {}
        what = (rule, name, number if rule == "purchase" else "")
        coins = {"purchase": 9, "first": 7, "friend": 5}[rule]
        applied = world.send(reward(world, name, **terms)).outcome == "applied"
        assert applied is (what not in given and coins <= left)
        if applied:
            given.add(what)
            left -= coins
        assert world.balance(SHARD) == left
    assert sum(world.balance(name) for name in "abc") == 300 + 40 - left


# -- expiry -------------------------------------------------------------------------------------


def test_coins_expire_by_an_event_when_they_are_old_enough() -> None:
    world = world_with("a")
    early = world.make(Expire, "a", amount=60, before=at(0), time=at(1.999))
    assert world.send(early).reason == "not_due"
    outcome = world.send(world.make(Expire, "a", amount=60, before=at(0), time=at(2)))
    assert list(outcome.postings) == [
        Posting("a", "wallet", -60, 40, 3, 0),
        Posting("issuer:p@0", "issuer", 60, -40, 2, 0),
    ]


def test_held_coins_do_not_expire_and_a_frozen_wallets_do() -> None:
    world = world_with("a")
    world.send(world.redeem("a", 50, until=at(9)))
    too_many = world.make(Expire, "a", amount=51, before=at(0), time=at(2))
    assert world.send(too_many).reason == "insufficient_balance"
    world.send(world.make(Freeze, "a"))
    expired = world.make(Expire, "a", amount=50, before=at(0), time=at(2))
    assert world.send(expired).outcome == "applied"


def test_in_a_program_without_expiry_coins_never_expire() -> None:
    world = World()
    world.send(world.open("a", program="q"))
    world.send(world.earn("a", amount=9, program="q"))
    event = world.make(Expire, "a", program="q", amount=1, before=at(0), time=at(9))
    assert world.send(event).reason == "never_expires"
