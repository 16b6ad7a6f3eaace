"""Deposits: put by in parts less fees, charged once a month, taken out or returned whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.events import (
    Close,
    DepositAdd,
    DepositCustody,
    DepositReturn,
    DepositWithdraw,
    Freeze,
)
from streams.ledger.deposits import month_of
from streams.ledger.results import Posting
from streams.programs import Charge
from tests.streams.ledger_world import RULES, World, at, world_with

if TYPE_CHECKING:
    from tests.streams.ledger_world import Outcome

SAVED, FEES, CARRIER = "deposit:a", "fees:p@0", "carrier:unicom:p@0"


def put_by(world: World, amount: int, days: float = 0) -> Outcome:
    return world.send(world.make(DepositAdd, "a", amount=amount, time=at(days)))


def charge(world: World, month: str, days: float = 0) -> str:
    outcome = world.send(world.make(DepositCustody, "a", month=month, time=at(days)))
    return outcome.reason or outcome.outcome


def test_a_part_is_put_by_less_its_fee() -> None:
    world = world_with("a")
    outcome = put_by(world, 45)
    assert list(outcome.postings) == [
        Posting("issuer:p@0", "issuer", -45, -145, 2, 0),
        Posting(SAVED, "deposit", 45, 45, 1, 0),
        Posting(SAVED, "deposit", -3, 42, 2, 0),  # 1 coin, and 50 of each thousand
        Posting(FEES, "fees", 3, 3, 1, 0),
    ]
    assert outcome.result.amount == 45
    assert world.balance("a") == 100


@pytest.mark.parametrize(("amount", "reason"), [(1, "nothing_left"), (2, "")])
def test_a_part_must_be_more_than_its_fee(amount: int, reason: str) -> None:
    world = world_with("a")
    assert put_by(world, amount).reason == reason


def test_small_parts_come_out_whole_at_any_time() -> None:
    world = world_with("a")
    for _ in range(3):
        put_by(world, 10)
    outcome = world.send(world.make(DepositWithdraw, "a"))
    assert list(outcome.postings) == [
        Posting(SAVED, "deposit", -27, 0, 7, 0),
        Posting("a", "wallet", 27, 127, 3, 0),
    ]
    assert world.send(world.make(DepositWithdraw, "a")).reason == "no_deposit"


def test_a_term_runs_from_the_first_part_and_ends_by_an_event() -> None:
    world = world_with("a")
    put_by(world, 10)
    put_by(world, 10, days=2)
    early = world.make(DepositReturn, "a", time=at(2.999))
    assert world.send(early).reason == "not_due"
    assert world.balance(SAVED) == 18
    outcome = world.send(world.make(DepositReturn, "a", time=at(3)))
    assert [(p.account, p.amount) for p in outcome.postings] == [(SAVED, -18), (CARRIER, 18)]
    put_by(world, 10, days=4)
    assert world.send(world.make(DepositReturn, "a", time=at(6.999))).reason == "not_due"
    assert world.send(world.make(DepositReturn, "a", time=at(7))).outcome == "applied"


def test_custody_is_charged_once_a_month_and_never_in_advance() -> None:
    world = world_with("a")
    put_by(world, 20)  # on 1 March 2026
    assert charge(world, "2026-02") == "already_charged"
    assert charge(world, "2026-04", days=30) == "not_due"
    assert charge(world, "2026-03", days=30) == "applied"
    assert charge(world, "2026-03", days=30) == "already_charged"
    assert charge(world, "2026-04", days=31) == "applied"
    assert world.balance(SAVED) == 20 - 2 - 2 - 2
    assert world.balance(FEES) == 6


def test_a_fee_takes_at_most_what_there_is_and_ends_the_term() -> None:
    world = world_with("a")
    put_by(world, 2)
    outcome = world.send(world.make(DepositCustody, "a", month="2026-03"))
    assert [(p.account, p.amount) for p in outcome.postings] == [(SAVED, -1), (FEES, 1)]
    assert charge(world, "2026-03") == "no_deposit"
    put_by(world, 10, days=2)
    assert charge(world, "2026-03", days=2) == "already_charged"
    assert world.send(world.make(DepositReturn, "a", time=at(4))).reason == "not_due"


def test_a_month_without_a_fee_is_a_posting_of_zero() -> None:
    program = RULES.programs["p"]
    assert program.deposits is not None
    free = msgspec.structs.replace(program.deposits, custody_fee=Charge(per_mille=1))
    programs = {"p": msgspec.structs.replace(program, deposits=free)}
    world = World(rules=replace(RULES, programs=programs))
    world.send(world.open("a"))
    put_by(world, 500)
    outcome = world.send(world.make(DepositCustody, "a", month="2026-03"))
    assert [(p.account, p.amount) for p in outcome.postings] == [(SAVED, 0)]
    assert charge(world, "2026-03") == "already_charged"


def test_a_frozen_wallets_deposit_is_charged_and_returned_and_not_touched_by_its_owner() -> None:
    world = world_with("a")
    put_by(world, 20)
    world.send(world.make(Freeze, "a"))
    assert put_by(world, 20).reason == "frozen"
    assert world.send(world.make(DepositWithdraw, "a")).reason == "frozen"
    assert charge(world, "2026-03") == "applied"
    assert world.send(world.make(DepositReturn, "a", time=at(3))).outcome == "applied"


def test_a_wallet_with_a_deposit_is_not_closed() -> None:
    world = world_with("a", "b")
    put_by(world, 20)
    assert world.send(world.make(Close, "a", to="b")).reason == "has_deposit"
    world.send(world.make(DepositWithdraw, "a"))
    assert world.send(world.make(Close, "a", to="b")).outcome == "applied"


def test_months_are_those_of_the_programs_calendar() -> None:
    program = RULES.programs["p"]  # in China
    last = datetime(2026, 2, 28, 15, 59, 59, tzinfo=UTC)
    after = last + timedelta(seconds=1)
    assert month_of(last, program.calendar) + 1 == month_of(after, program.calendar) == 56 * 12 + 2


@given(coins=st.integers(0, 50), per_mille=st.integers(0, 1000), amount=st.integers(1, 10**15))
def test_a_charge_is_never_more_than_its_share_rounded_down(
    coins: int, per_mille: int, amount: int
) -> None:
    fee = Charge(coins=coins, per_mille=per_mille).on(amount)
    assert 0 <= amount * per_mille - (fee - coins) * 1000 < 1000


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["add", "2026-03", "2026-04", "withdraw", "return"]),
            st.integers(1, 40),
            st.integers(0, 2),
        ),
        max_size=30,
    )
)
def test_what_was_put_by_is_there_or_in_fees_or_came_out(
    steps: list[tuple[str, int, int]],
) -> None:
    world = world_with("a", coins=0)
    put, days, charged = 0, 0, 0
    for what, amount, wait in steps:
        days += wait
        if what == "add":
            put += amount * (put_by(world, amount, days=days).outcome == "applied")
        elif what.startswith("2026"):
            charged += charge(world, what, days=days) == "applied"
        else:
            kind = DepositWithdraw if what == "withdraw" else DepositReturn
            world.send(world.make(kind, "a", time=at(days)))
            saved = world.get(SAVED)
            assert saved is None or saved.posted == 0 or what == "return"
        places = [world.balance(name) for name in (SAVED, FEES, "a", CARRIER)]
        assert sum(places) == put == -world.balance("issuer:p@0")
        assert min(places) >= 0
    assert charged <= 2, "each of two months at most once"
