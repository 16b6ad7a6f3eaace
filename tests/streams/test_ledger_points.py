"""Partner points: exchanged exactly at the rate, and owed to or by the partner to the coin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events import Close, PointsIn, PointsOut, Reverse
from streams.ledger.results import Posting
from streams.programs import Rate
from tests.streams.ledger_world import World, world_with

if TYPE_CHECKING:
    from streams.events import WalletEvent

PARTNER = "partner:tianyi:p@0"


def exchange(world: World, kind: type, points: int, amount: int) -> WalletEvent:
    event: WalletEvent = world.make(kind, "a", partner="tianyi", points=points, amount=amount)
    return event


def test_points_in_are_owed_by_the_partner_and_points_out_to_it() -> None:
    world = world_with("a")
    outcome = world.send(exchange(world, PointsIn, 50, 20))
    assert list(outcome.postings) == [
        Posting(PARTNER, "partner", -20, -20, 1, 0),
        Posting("a", "wallet", 20, 120, 3, 0),
    ]
    result = outcome.result
    assert (result.counterparty, result.points, result.amount) == ("tianyi", 50, 20)
    outcome = world.send(exchange(world, PointsOut, 60, 30))
    assert list(outcome.postings) == [
        Posting("a", "wallet", -30, 90, 4, 0),
        Posting(PARTNER, "partner", 30, 10, 2, 0),
    ]


@pytest.mark.parametrize(
    ("kind", "points", "amount", "reason"),
    [
        (PointsIn, 51, 20, "wrong_rate"),
        (PointsIn, 50, 21, "wrong_rate"),
        (PointsIn, 1, 1, "wrong_rate"),
        (PointsOut, 50, 20, "wrong_rate"),  # the rate of the other direction
        (PointsOut, 202, 101, "insufficient_balance"),
    ],
)
def test_an_exchange_that_may_not_be(kind: type, points: int, amount: int, reason: str) -> None:
    world = world_with("a")
    assert world.send(exchange(world, kind, points, amount)).reason == reason
    assert (world.balance("a"), world.get(PARTNER)) == (100, None)


def test_an_exchange_is_taken_back() -> None:
    world = world_with("a")
    for kind, points, amount in ((PointsIn, 50, 20), (PointsOut, 60, 30)):
        event = exchange(world, kind, points, amount)
        world.send(event)
        outcome = world.send(world.make(Reverse, "a", original=event))
        assert (outcome.outcome, outcome.result.counterparty) == ("applied", "tianyi")
        assert (world.balance("a"), world.balance(PARTNER)) == (100, 0)
        assert world.send(world.make(Reverse, "a", original=event)).reason == "already_reversed"


def test_coins_that_are_spent_are_not_taken_back() -> None:
    world = world_with("a", coins=0)
    event = exchange(world, PointsIn, 50, 20)
    world.send(event)
    assert world.send(world.redeem("a", 1)).outcome == "applied"
    assert world.send(world.make(Reverse, "a", original=event)).reason == "insufficient_balance"


def test_points_that_a_closed_wallet_never_got_wait_for_its_owner() -> None:
    world = world_with("a", "b")
    event = exchange(world, PointsOut, 60, 30)
    world.send(event)
    world.send(world.make(Close, "a", to="b"))
    assert world.send(world.make(Reverse, "a", original=event)).outcome == "applied"
    assert (world.balance("waiting:p:a"), world.balance(PARTNER)) == (30, 0)


@given(
    coins=st.integers(1, 1000),
    points=st.integers(1, 1000),
    amount=st.integers(1, 10**15),
    asked=st.integers(1, 10**15),
)
def test_a_rate_holds_for_whole_multiples_of_it_only(
    coins: int, points: int, amount: int, asked: int
) -> None:
    rate = Rate(coins=coins, points=points)
    assert rate.holds(coins * asked, points * asked)
    assert not rate.holds(coins * asked + 1, points * asked)
    assert rate.holds(amount, asked) is (amount * points == asked * coins)


@given(steps=st.lists(st.tuples(st.booleans(), st.integers(1, 30)), max_size=30))
def test_what_a_partner_is_owed_is_what_went_out_less_what_came_in(
    steps: list[tuple[bool, int]],
) -> None:
    world = world_with("a", coins=40)
    wallet, owed = 40, 0
    for inward, often in steps:
        if inward:
            world.send(exchange(world, PointsIn, 5 * often, 2 * often))
            wallet, owed = wallet + 2 * often, owed - 2 * often
        elif world.send(exchange(world, PointsOut, 2 * often, often)).outcome == "applied":
            wallet, owed = wallet - often, owed + often
        else:
            assert often > wallet
        assert (world.balance("a"), world.balance(PARTNER)) == (wallet, owed)
