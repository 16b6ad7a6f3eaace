"""Reserves: a bound program issues what was put up and leased, never more, on any partition."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events import Defund, DepositAdd, ReserveAdd, ReserveRemove, Reverse
from streams.events.times import microseconds
from streams.ledger.rules import Rules
from streams.ledger.terms import Lease, lease_of
from streams.programs import Later, Reserve
from tests import keys
from tests.simulator.proof import differs, judge_of, told_of
from tests.streams.ledger_world import EVERYTHING, RULES, TEST, Outcome, World, at, name_on, program

PARTITIONS = 3
RESERVE = "reserve:backed"
BACKED = {"program": "backed"}


def issuer(number: int) -> str:
    return f"issuer:backed@{number}"


def world_of(*names: str, put: int = 0, partitions: int = PARTITIONS) -> World:
    world = World(partitions)
    for name in names:
        world.send(world.open(name, **BACKED))
    if put:
        assert add(world, put).outcome == "applied"
        world.drain()
    return world


def add(world: World, amount: int) -> Outcome:
    return world.send(world.make(ReserveAdd, RESERVE, amount=amount, **BACKED))


def remove(world: World, subject: str, amount: int | None = None) -> Outcome:
    return world.send(world.make(ReserveRemove, subject, amount=amount, **BACKED))


def earn(world: World, name: str, amount: int, activity: str = "game") -> Outcome:
    return world.send(world.earn(name, activity, amount=amount, **BACKED))


def lease(world: World, number: int) -> Lease:
    account = world.get(issuer(number))
    assert account is not None
    return lease_of(account.terms)


def test_what_is_added_is_owed_by_the_backing_and_half_of_it_leased_at_once() -> None:
    world = World(PARTITIONS)
    outcome = add(world, 100)
    assert [(p.kind, p.amount, p.pending) for p in outcome.postings] == [
        ("backing", -100, 0),
        ("reserve", 100, 0),
        ("reserve", -48, 0),
        ("clearing", 48, 48),
    ]
    assert [(leg.subject, leg.data.step, leg.data.amount) for leg in outcome.legs] == [
        (issuer(number), "lease", 16) for number in range(PARTITIONS)
    ]
    world.drain()
    assert [world.balance(issuer(number)) for number in range(PARTITIONS)] == [16, 16, 16]
    assert (world.balance(RESERVE), world.total("clearing:backed")) == (52, 0)
    assert world.total("backing:backed") == -100
    assert lease(world, 2) == Lease(leased=True, asked=False, dry=False, chunk=16)


def test_an_issuer_pays_out_what_it_leased_and_asks_when_it_runs_low() -> None:
    name = name_on(1, PARTITIONS)
    world = world_of(name, put=100)
    outcome = earn(world, name, 8)
    assert [(p.account, p.amount) for p in outcome.postings] == [(issuer(1), -8), (name, 8)]
    assert outcome.legs == []
    outcome = earn(world, name, 1)
    assert [(leg.data.step, leg.subject, leg.data.amount) for leg in outcome.legs] == [
        ("lease_ask", RESERVE, 0)
    ]
    world.drain()
    assert world.balance(issuer(1)) == 7 + 52 // 6


def test_what_is_more_is_refused_and_a_lease_of_what_was_lacking_comes_if_there_is_one() -> None:
    name = name_on(1, PARTITIONS)
    world = world_of(name, put=100)
    event = world.earn(name, amount=50, **BACKED)
    outcome = world.send(event)
    assert (outcome.outcome, outcome.reason) == ("refused", "reserve_exhausted")
    assert [leg.data.amount for leg in outcome.legs] == [34]
    assert (len(outcome.postings), world.balance(name)) == (0, 0)
    assert earn(world, name, 50).legs == [], "it has asked"
    world.drain()
    assert world.balance(issuer(1)) == 50
    assert world.send(event).outcome == "repeat"
    assert earn(world, name, 50).outcome == "applied"


def test_one_who_lacks_more_than_there_is_does_not_take_what_others_need() -> None:
    name = name_on(1, PARTITIONS)
    world = world_of(name, put=100)
    assert earn(world, name, 1_000).reason == "reserve_exhausted"
    world.drain()
    assert world.balance(RESERVE) == 52 - 52 // 6


def test_without_a_reserve_nothing_is_issued_by_any_operation() -> None:
    world = world_of("a", partitions=1)
    for event in (
        world.earn("a", amount=1, **BACKED),
        world.earn("a", "stamp", amount=1, **BACKED),
        world.fund("budget:spring@0", 1, **BACKED),
        world.make(DepositAdd, "a", amount=2, **BACKED),
    ):
        outcome = world.send(event)
        assert (outcome.reason, outcome.legs) == ("reserve_exhausted", [])
    add(world, 6)
    world.drain()
    assert earn(world, "a", 2, "stamp").outcome == "applied"
    assert world.send(world.fund("budget:spring@0", 2, **BACKED)).reason == "reserve_exhausted"
    world.drain()
    assert world.send(world.make(DepositAdd, "a", amount=2, **BACKED)).outcome == "applied"


def test_burning_gives_back() -> None:
    world = world_of("a", put=20, partitions=1)
    event = world.earn("a", amount=10, **BACKED)
    world.send(event)
    assert world.balance(issuer(0)) == 0
    world.send(world.make(Reverse, "a", original=event, **BACKED))
    assert world.balance(issuer(0)) == 10
    world.send(world.fund("budget:spring", 10, **BACKED))
    world.drain()
    world.send(world.make(Defund, "budget:spring", campaign="spring", amount=5, **BACKED))
    world.drain()
    assert world.balance(RESERVE) + world.balance(issuer(0)) == 15


def test_what_is_not_leased_may_be_taken_out_and_what_is_not_issued_back() -> None:
    world = world_of(put=100)
    assert remove(world, RESERVE, 53).reason == "insufficient_balance"
    assert remove(world, RESERVE, 50).outcome == "applied"
    assert world.total("backing:backed") == -50
    for number in range(PARTITIONS):
        assert remove(world, issuer(number)).outcome == "applied"
        assert remove(world, issuer(number)).reason == "insufficient_balance"
    world.drain()
    assert remove(world, RESERVE).outcome == "applied"
    assert (world.total("backing:backed"), world.balance(RESERVE)) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "subject", "reason"),
    [
        (ReserveAdd, "reserve:p", "wrong_reserve"),
        (ReserveAdd, "issuer:backed@0", "wrong_reserve"),
        (ReserveRemove, "reserve:p", "wrong_reserve"),
        (ReserveRemove, "issuer:backed@1", "wrong_reserve"),
        (ReserveRemove, "w:1", "wrong_reserve"),
        (ReserveRemove, "reserve:backed", "unknown_account"),
        (ReserveRemove, "issuer:backed@0", "unknown_account"),
    ],
)
def test_only_the_programs_reserve_is_added_to_and_removed_from(
    kind: type[Any], subject: str, reason: str
) -> None:
    world = World(1)
    event = world.make(kind, subject, amount=1, **BACKED)
    assert world.send(event, partition=0).reason == reason


def test_a_reserve_that_is_empty_dries_its_issuers_until_more_is_added() -> None:
    world = world_of("a", put=10, partitions=1)
    remove(world, RESERVE)
    assert earn(world, "a", 6).reason == "reserve_exhausted"
    world.drain()
    assert lease(world, 0).dry
    assert earn(world, "a", 6).legs == []
    assert earn(world, "a", 5).outcome == "applied"
    add(world, 10)
    world.drain()
    assert not lease(world, 0).dry
    assert earn(world, "a", 5).outcome == "applied"


def test_a_program_that_becomes_bound_must_first_back_what_it_has_issued() -> None:
    begins = at(1)
    free = program("later", *EVERYTHING)
    bound = msgspec.structs.replace(free, reserve=Reserve(since=begins, assumption=TEST))
    dated = msgspec.structs.replace(free, later=(Later(microseconds(begins), bound),))
    rules = Rules(
        {"later": dated},
        window_us=RULES.window_us,
        tolerance_us=RULES.tolerance_us,
        ledger_keys=keys.LEDGER,
    )
    world = World(1, rules)
    terms = {"program": "later"}
    world.send(world.open("a", **terms))
    assert world.send(world.earn("a", amount=30, **terms)).outcome == "applied"
    after = {**terms, "time": begins}
    world.send(world.make(ReserveAdd, "reserve:later", amount=100, **after))
    world.drain()
    assert world.balance("issuer:later@0") == 20
    assert world.send(world.earn("a", amount=21, **after)).reason == "reserve_exhausted"
    assert world.send(world.earn("a", amount=20, **after)).outcome == "applied"
    late = world.earn("a", amount=1, **terms)
    assert world.send(late).outcome == "applied", "it is judged by the rules of its own time"


steps = st.one_of(
    st.tuples(st.just("add"), st.integers(1, 200)),
    st.tuples(st.just("earn"), st.integers(1, 60)),
    st.tuples(st.just("burn"), st.integers(0, 9)),
    st.tuples(st.just("fund"), st.integers(1, 60)),
    st.tuples(st.just("remove"), st.integers(1, 60)),
    st.tuples(st.just("take back"), st.integers(1, 20)),
    st.tuples(st.just("drain"), st.just(0)),
)


@given(st.lists(steps, max_size=30), st.integers(0, PARTITIONS - 1))
def test_what_is_outstanding_never_passes_what_backs_it(
    plan: list[tuple[str, int]], place: int
) -> None:
    """And what is left, leased, on its way and issued is what backs it; the naive ledger agrees."""
    name = name_on(place, PARTITIONS)
    world = World(PARTITIONS)
    world.send(world.open(name, **BACKED))
    earned = []
    put = 0
    for step, amount in plan:
        if step == "add":
            put += amount
            add(world, amount)
        elif step == "earn":
            event = world.earn(name, amount=amount, **BACKED)
            earned += [event] if world.send(event).outcome == "applied" else []
        elif step == "burn" and earned:
            original = earned.pop(amount % len(earned))
            world.send(world.make(Reverse, name, original=original, **BACKED))
        elif step == "fund":
            world.send(world.fund(f"budget:spring@{place}", amount, **BACKED))
        elif step == "remove":
            put -= amount if remove(world, RESERVE, amount).outcome == "applied" else 0
        elif step == "take back":
            remove(world, issuer(place), amount)
        else:
            world.drain()
        outstanding = world.balance(name) + world.balance(f"budget:spring@{place}")
        leased = [world.balance(issuer(number)) for number in range(PARTITIONS)]
        left = world.balance(RESERVE)
        assert min(left, *leased) >= 0
        assert outstanding <= put
        assert left + sum(leased) + world.total("clearing:backed") + outstanding == put
        assert world.total("backing:backed") == -put
    world.drain()
    assert world.total("clearing:backed") == 0
    for number in range(PARTITIONS):
        judge = judge_of(RULES, number, PARTITIONS)
        told = zip(world.logs[number], world.outcomes[number], strict=True)
        for offset, ((value, arrived_us), outcome) in enumerate(told):
            key = outcome.result.subject.encode()
            verdict = judge.judge(offset, key, value, arrived_us)
            assert differs(verdict, outcome.result) == ""
            assert [told_of(leg) for leg in outcome.legs] == verdict.legs


def test_an_unbound_programs_issuer_asks_nobody() -> None:
    world = World(1)
    world.send(world.open("a"))
    world.send(world.make(ReserveAdd, "reserve:p", amount=4))
    world.drain()
    outcome = world.send(world.earn("a", amount=50))
    assert (outcome.outcome, outcome.legs) == ("applied", [])
    assert world.balance("issuer:p@0") == 2 - 50
