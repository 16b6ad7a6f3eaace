"""What a wallet may earn by an activity: on one day, ever, and what of it is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from streams.events import Reverse
from streams.ledger.accounts import Account, pack, unpack
from streams.ledger.caps import earned_by
from tests.streams.ledger_world import World, at, world_with

CHINA = timezone(timedelta(hours=8))


def earn(world: World, amount: int, days: float) -> str:
    return world.send(world.earn("a", "stamp", amount=amount, time=at(days))).reason


def kept(world: World) -> dict[int, int]:
    account = world.get("a")
    assert account is not None
    return earned_by(account)["stamp"].days


def test_a_limit_for_a_day_is_for_each_day_and_refuses_whole() -> None:
    world = world_with("a", coins=0)
    assert [earn(world, 10, 0), earn(world, 3, 0.1), earn(world, 2, 0.1)] == ["", "daily_cap", ""]
    assert [earn(world, 1, 0.2), earn(world, 10, 1)] == ["daily_cap", ""]
    assert world.balance("a") == 22


def test_a_day_begins_at_midnight_in_china() -> None:
    world = world_with("a", coins=0)
    midnight = datetime(2026, 3, 2, tzinfo=CHINA)
    before, after = midnight - timedelta(microseconds=1), midnight.astimezone(UTC)
    reasons = [
        world.send(world.earn("a", "stamp", amount=10, time=time)).reason
        for time in (before, after, before, after)
    ]
    assert reasons == ["", "", "daily_cap", "daily_cap"]


def test_an_event_that_comes_late_counts_on_its_own_day() -> None:
    world = world_with("a", coins=0)
    reasons = [earn(world, 10, days) for days in (3, 1, 3, 1)]
    assert reasons == ["", "", "daily_cap", "daily_cap"]


def test_a_limit_for_ever_is_over_all_days() -> None:
    world = world_with("a", coins=0)
    assert [earn(world, 10, days) for days in (0, 20, 40, 60)] == ["", "", "", "lifetime_cap"]
    assert world.balance("a") == 30


def test_a_limit_for_ever_alone_keeps_no_days() -> None:
    world = world_with("a", coins=0)
    reasons = [world.send(world.earn("a", "badge", time=at(days))).reason for days in range(4)]
    assert reasons == ["", "", "lifetime_cap", "lifetime_cap"]
    account = world.get("a")
    assert account is not None
    assert [(one.coins, one.days) for one in earned_by(account).values()] == [(8, {})]


def test_days_for_which_no_event_can_come_are_not_kept() -> None:
    world = world_with("a", coins=0)
    for days in (0, 5, 10, 11):
        assert earn(world, 3, days) == ""
    world.send(world.earn("a", amount=1, time=at(16)))
    assert len(kept(world)) == 4
    assert earn(world, 3, 16) == ""
    assert sorted(kept(world).values()) == [3, 3, 3]  # the 10th, 11th and 16th
    assert earn(world, 10, 10) == "daily_cap"


def test_what_is_taken_back_may_be_earned_again() -> None:
    world = world_with("a", coins=0)
    original = world.earn("a", "stamp", amount=10)
    world.send(original)
    assert earn(world, 10, 0) == "daily_cap"
    world.send(world.make(Reverse, "a", original=original))
    assert earn(world, 10, 0) == ""


@pytest.mark.parametrize("activity", ["game", "purchase", "check-in"])
def test_an_activity_without_a_limit_keeps_nothing(activity: str) -> None:
    world = world_with("a", coins=0)
    basis = {"game": {"amount": 7}, "purchase": {"spend": 700}, "check-in": {}}[activity]
    world.send(world.earn("a", activity, **basis))
    account = world.get("a")
    assert account is not None
    assert account.posted > 0
    assert account.caps == b""


def test_a_refused_earn_counts_nothing() -> None:
    world = world_with("a", coins=0)
    world.change("a", posted=10**15 - 5)
    assert earn(world, 10, 0) == "balance_limit"
    account = world.get("a")
    assert account is not None
    assert earned_by(account) == {}


def test_only_a_wallet_with_a_count_has_the_bytes() -> None:
    plain, counted = Account("wallet", "p"), Account("wallet", "p", caps=b"\x80", name="a")
    assert len(pack(counted)) == len(pack(plain)) + 3
    assert unpack("a", pack(counted)) == counted
    assert unpack("a", pack(plain)).caps == b""
