"""Taking back exactly what was given, whatever the rules have become since.

A partition's first publication is held against nothing, so it may say otherwise of the past than
the files by which events were judged before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest

from streams.events import Original, ProgramRules, Redeem, Reverse
from streams.ledger.caps import earned_by
from streams.ledger.published import sign
from streams.ledger.recent import BEHIND, RECENT_MAX, entries, entry_at, find
from streams.ledger.refusals import REVERSED
from streams.ledger.reversals import ORIGINALS
from streams.ledger.tiers import spent_by
from streams.programs import Activity
from tests.streams.ledger_world import (
    NAMED,
    PROGRAMS,
    RULES,
    TEST,
    World,
    at,
    rules_text,
    world_with,
)

if TYPE_CHECKING:
    from streams.events import Earn
    from streams.ledger.accounts import Account
    from streams.programs import Program


def test_what_may_be_taken_back_is_told_of() -> None:
    assert set(ORIGINALS) == set(get_args(Original))


def publish(world: World, rules: Program) -> None:
    facts = {"rules": rules_text(rules), "key": "k1", "signature": "0" * 64, "time": at(1)}
    event = world.make(ProgramRules, f"rules:{rules.name}@0", program=rules.name, **facts)
    assert world.send(sign(event, RULES.rules_keys["k1"]), partition=0).reason == ""


def become(name: str = "p", **earn: Activity | None) -> Program:
    """The program with other activities: None for one that is gone."""
    program = PROGRAMS[name]
    left = {key: one for key, one in program.earn.items() if key not in earn}
    more = {key: one for key, one in earn.items() if one is not None}
    return msgspec.structs.replace(program, earn=left | more)


def activity(**rule: Any) -> Activity:
    return Activity(title=NAMED, assumption=TEST, **rule)


def account(world: World, name: str = "a") -> Account:
    found = world.get(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("basis", "gave", "becomes"),
    [
        ({"activity": "check-in"}, 5, {"check-in": activity(coins=8)}),
        ({"activity": "check-in", "amount": 5}, 5, {"check-in": activity(coins=8)}),
        ({"activity": "check-in"}, 5, {"check-in": activity(given_max=3)}),
        ({"activity": "purchase", "spend": 1_299}, 12, {"purchase": activity(cents_per_coin=50)}),
        ({"activity": "purchase", "spend": 1_299}, 12, {"purchase": activity(coins=1)}),
        ({"activity": "purchase", "spend": 1_299}, 12, {"purchase": None}),
        ({"activity": "game", "amount": 7}, 7, {"game": None}),
        ({"activity": "purchase", "spend": 10**9}, 10**7, {"purchase": None}),
    ],
)
def test_what_was_given_is_taken_and_nothing_else(
    basis: dict[str, Any], gave: int, becomes: dict[str, Activity | None]
) -> None:
    world = world_with("a")
    earned = world.earn("a", **basis)
    assert world.send(earned).result.amount == gave
    publish(world, become(**becomes))
    told = world.send(world.make(Reverse, "a", original=earned, time=at(1)))
    assert [(p.account, p.amount) for p in told.postings] == [("a", -gave), ("issuer:p@0", gave)]
    assert world.balance("a") == 100


def test_rules_that_became_others_count_from_then_on() -> None:
    world = world_with("a", coins=0)
    publish(world, become(**{"check-in": activity(coins=8)}))
    earned = world.earn("a", "check-in", time=at(1))
    assert world.send(earned).result.amount == 8
    assert world.send(world.make(Reverse, "a", original=earned, time=at(1))).result.amount == 8
    assert world.balance("a") == 0


def test_what_counted_against_no_limit_is_taken_off_none() -> None:
    world = world_with("a", coins=0)
    early = world.earn("a", amount=6)
    world.send(early)
    publish(world, become(game=activity(given_max=10, lifetime_max=10)))
    later = world.earn("a", amount=9, time=at(1))
    assert world.send(later).reason == ""
    assert world.send(world.make(Reverse, "a", original=early, time=at(1))).reason == ""
    assert earned_by(account(world))["game"].coins == 9
    assert world.send(world.earn("a", amount=2, time=at(1))).reason == "lifetime_cap"
    assert world.send(world.make(Reverse, "a", original=later, time=at(1))).reason == ""
    assert earned_by(account(world))["game"].coins == 0


def test_what_counted_is_taken_off_though_the_limit_or_the_activity_is_gone() -> None:
    world = world_with("a", coins=0)
    events = [world.earn("a", "stamp", amount=4), world.earn("a", "badge")]
    for event in events:
        assert world.send(event).reason == ""
    publish(world, become(stamp=activity(given_max=10), badge=None))
    for event in events:
        assert world.send(world.make(Reverse, "a", original=event, time=at(1))).reason == ""
    assert {name: one.coins for name, one in earned_by(account(world)).items()} == {
        "stamp": 0,
        "badge": 0,
    }
    assert world.balance("a") == 0


def test_a_redemption_that_counted_on_no_day_takes_none_off() -> None:
    """The tiers came to bind after it, and another had counted by then."""
    world = world_with("a")
    early: Redeem = world.redeem("a", 30)
    world.send(early)
    publish(
        world, msgspec.structs.replace(PROGRAMS["p"], verification=PROGRAMS["tiered"].verification)
    )
    assert world.send(world.redeem("a", 40)).reason == ""
    assert world.send(world.make(Reverse, "a", original=early, time=at(1))).reason == ""
    assert list(spent_by(account(world)).values()) == [40]


# -- how it is remembered -------------------------------------------------------------------------


def great(world: World, coins: int, days: float = 0) -> Earn:
    event = world.earn("a", "purchase", spend=100 * coins, time=at(days))
    assert world.send(event).result.amount == coins
    return event


@pytest.mark.parametrize("coins", [1, 2**15 - 1, 2**15, 10**11])
def test_any_number_of_coins_is_remembered(coins: int) -> None:
    world = world_with("a", coins=0)
    event = great(world, coins)
    recent = account(world).recent
    found = entry_at(recent, find(recent, world_key(world, event)))
    assert (found.coins, found.is_counted, found.code) == (coins, False, 0)
    assert len(entries(recent)) == (2 if 2 * coins < BEHIND else 3)
    world.send(world.make(Reverse, "a", original=event))
    assert entry_at(account(world).recent, 22).code == REVERSED
    assert world.balance("a") == 0


def world_key(world: World, event: Earn) -> bytes:
    return entries(account(world, event.subject).recent)[1].key


def test_a_memory_full_of_great_ones_is_as_long_as_any() -> None:
    world = world_with("a", coins=0)
    events = [great(world, 2**15 + number, number / 1_000) for number in range(RECENT_MAX)]
    memory = account(world)
    assert len(entries(memory.recent)) == RECENT_MAX
    assert memory.forgotten_us > 0
    assert world.send(events[-1]).outcome == "repeat"
    last, first = (
        world.send(world.make(Reverse, "a", original=event, time=at(1)))
        for event in (events[-1], events[0])
    )
    assert last.result.amount == 2**15 + RECENT_MAX - 1
    assert first.reason == "forgotten_original"
