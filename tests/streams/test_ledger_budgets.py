"""Budgets: a reserve, shards that lease from it, and grants that never pass what was funded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events import Defund
from streams.ledger.terms import Lease, lease_of
from tests.streams.ledger_world import World, name_on, world_with

PARTITIONS = 3
RESERVE = "budget:spring"


def funded(amount: int, *wallets: str) -> World:
    world = world_with(*wallets, coins=0, partitions=PARTITIONS)
    world.send(world.fund(RESERVE, amount))
    return world


def shard(number: int) -> str:
    return f"{RESERVE}@{number}"


def lease(world: World, number: int) -> Lease:
    account = world.get(shard(number))
    assert account is not None
    return lease_of(account.terms)


def held(world: World) -> int:
    """What is clearing's and not acknowledged."""
    accounts = [world.get(f"clearing:p@{number}") for number in range(PARTITIONS)]
    return sum(account.pending for account in accounts if account is not None)


def test_a_fund_of_the_reserve_leases_half_of_it_to_the_shards_at_once() -> None:
    world = World(PARTITIONS)
    outcome = world.send(world.fund(RESERVE, 100))
    assert [(p.kind, p.amount, p.pending) for p in outcome.postings] == [
        ("issuer", -100, 0),
        ("budget", 100, 0),
        ("budget", -48, 0),
        ("clearing", 48, 48),
    ]
    assert [(leg.subject, leg.data.amount, leg.data.number) for leg in outcome.legs] == [
        (shard(number), 16, number) for number in range(PARTITIONS)
    ]
    world.drain()
    assert [world.balance(shard(number)) for number in range(PARTITIONS)] == [16, 16, 16]
    assert (world.balance(RESERVE), world.total("clearing:p"), held(world)) == (52, 0, 0)
    assert lease(world, 0) == Lease(leased=True, asked=False, dry=False, chunk=16)


def test_a_fund_too_small_to_lease_still_tells_the_shards_that_there_is_a_reserve() -> None:
    world = funded(5)
    (*outcomes,) = world.drain()
    assert [(o.result.step, o.result.amount) for o in outcomes] == [("lease", 0)] * PARTITIONS
    for outcome in outcomes:
        assert [(p.kind, p.amount) for p in outcome.postings] == [("budget", 0)]
    assert lease(world, 1) == Lease(leased=True, asked=False, dry=True, chunk=0)
    assert world.balance(RESERVE) == 5


def test_a_shard_that_runs_low_asks_once_and_gets_a_part_of_what_is_left() -> None:
    name = name_on(1, PARTITIONS)
    world = funded(100, name)
    world.drain()
    outcome = world.send(world.grant(name, 8))
    assert outcome.legs == []
    outcome = world.send(world.grant(name, 1))
    assert [(leg.data.step, leg.subject) for leg in outcome.legs] == [("lease_ask", RESERVE)]
    assert world.send(world.grant(name, 1)).legs == []
    world.drain()
    assert lease(world, 1) == Lease(leased=True, asked=False, dry=False, chunk=52 // 6)
    assert world.balance(shard(1)) == 6 + 52 // 6
    assert held(world) == 0


def test_a_grant_the_shard_can_not_pay_is_paid_by_the_reserve_as_a_leg() -> None:
    name = name_on(1, PARTITIONS)
    world = funded(100, name)
    world.drain()
    grant = world.grant(name, 30)
    outcome = world.send(grant)
    assert (outcome.outcome, outcome.reason, len(outcome.postings)) == ("asked", "", 0)
    assert outcome.result.amount == 30
    assert world.send(grant).outcome == "repeat"
    world.drain()
    (paid,) = [o for p in world.outcomes for o in p if o.result.step == "grant"]
    assert (paid.result.campaign, paid.result.cause) == ("spring", grant.id)
    assert [(p.account, p.amount) for p in paid.postings] == [("clearing:p@1", -30), (name, 30)]
    assert (world.balance(name), world.balance(RESERVE)) == (30, 22)


def test_a_reserve_that_has_too_little_refuses_and_one_that_is_empty_dries_the_shard() -> None:
    name = name_on(1, PARTITIONS)
    world = funded(100, name)
    world.drain()
    world.send(world.grant(name, 60))
    (asked,) = [o for o in world.drain() if o.result.step == "ask"]
    assert (asked.outcome, asked.reason) == ("refused", "budget_exhausted")
    world.send(world.make(Defund, RESERVE, campaign="spring"))
    world.send(world.grant(name, 16))
    world.drain()
    assert lease(world, 1).dry
    assert world.send(world.grant(name, 1)).reason == "budget_exhausted"
    world.send(world.fund(RESERVE, 60))
    world.drain()
    assert not lease(world, 1).dry
    assert world.send(world.grant(name, 1)).outcome == "applied"


def test_a_shard_without_a_reserve_asks_nobody() -> None:
    name = name_on(1, PARTITIONS)
    world = world_with(name, coins=0, partitions=PARTITIONS)
    world.send(world.fund(shard(1), 10))
    assert world.send(world.grant(name, 11)).reason == "budget_exhausted"
    outcome = world.send(world.grant(name, 10))
    assert (outcome.outcome, outcome.legs) == ("applied", [])


def test_a_defund_of_the_reserve_burns_and_of_a_shard_returns_to_the_reserve() -> None:
    world = funded(100)
    world.drain()
    world.send(world.make(Defund, RESERVE, campaign="spring", amount=2))
    assert (world.balance(RESERVE), world.total("issuer:p")) == (50, -98)
    for number in range(PARTITIONS):
        outcome = world.send(world.make(Defund, shard(number), campaign="spring"))
        assert outcome.outcome == "applied"
        assert [p.amount for p in outcome.postings] == [-16, 16]
    steps = {o.result.step for o in world.drain()}
    assert steps == {"return", "ack"}
    assert (world.balance(RESERVE), world.total("clearing:p"), held(world)) == (98, 0, 0)
    assert world.send(world.make(Defund, shard(0), campaign="spring")).reason == (
        "insufficient_balance"
    )


@pytest.mark.parametrize(
    ("subject", "campaign", "reason"),
    [
        ("budget:summer", "spring", "wrong_budget"),
        ("budget:spring@1", "spring", "wrong_budget"),
        ("budget:a@0", "a@0", "wrong_budget"),
        ("budget:spring", "spring", "unknown_account"),
    ],
)
def test_what_is_no_budget_here_is_not_defunded(subject: str, campaign: str, reason: str) -> None:
    world = World(1)
    if subject == "budget:a@0":
        world.send(world.fund("budget:a@0", 5, campaign="a"))
    event = world.make(Defund, subject, campaign=campaign, amount=1)
    assert world.send(event, partition=0).reason == reason


def test_a_campaign_whose_name_has_an_at_has_shards_only() -> None:
    world = World(1)
    assert world.send(world.fund("budget:a@b", 5, campaign="a@b")).reason == "wrong_budget"
    world.send(world.fund("budget:a@b@0", 5, campaign="a@b"))
    outcome = world.send(world.make(Defund, "budget:a@b@0", campaign="a@b"))
    assert [p.account for p in outcome.postings] == ["budget:a@b@0", "issuer:p@0"]


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("fund"), st.integers(1, 200)),
            st.tuples(st.just("grant"), st.integers(1, 60)),
            st.tuples(st.just("drain"), st.just(0)),
        ),
        max_size=25,
    ),
    st.integers(0, PARTITIONS - 1),
)
def test_what_is_granted_never_passes_what_was_funded(
    steps: list[tuple[str, int]], place: int
) -> None:
    name = name_on(place, PARTITIONS)
    world = world_with(name, coins=0, partitions=PARTITIONS)
    total = 0
    for step, amount in steps:
        if step == "fund":
            total += amount
            world.send(world.fund(RESERVE, amount))
        elif step == "grant":
            world.send(world.grant(name, amount))
        else:
            world.drain()
        budgets = sum(world.balance(n) for n in (RESERVE, *map(shard, range(PARTITIONS))))
        assert world.balance(RESERVE) >= 0
        assert budgets + world.balance(name) + world.total("clearing:p") == total
    world.drain()
    assert held(world) == world.total("clearing:p") == 0
