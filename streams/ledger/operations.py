"""The operations: each looks at its case and returns its effect, or the name of a refusal.

The checks stand in the order of `refusals.REFUSALS`. A move names where coins come from and where
they go; the fold posts it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import Earn, Fund, Grant, Leg, Open, Redeem, Transfer, partition_of
from streams.ledger.accounts import (
    BALANCE_MAX,
    Account,
    budget_name,
    carrier_name,
    clearing_name,
    issuer_name,
    kind_of,
)
from streams.ledger.case import Case, Effect, Move, Side
from streams.ledger.legs import leg_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def open_wallet(case: Case, event: Open) -> Effect | str:
    """Make an empty wallet; its posting of zero is the beginning of its history."""
    if kind_of(event.subject) != "wallet":
        return "reserved_name"
    if case.account is not None:
        return "already_open"
    wallet = Side(event.subject, Account("wallet", event.data.program))
    return Effect((Move(wallet, 0),))


def earn(case: Case, event: Earn) -> Effect | str:
    """Issuer to wallet, by the activity's rule."""
    data = event.data
    wallet = case.wallet(event.subject)
    if isinstance(wallet, str):
        return wallet
    activity = case.program.earn.get(data.activity)
    if activity is None:
        return "unknown_activity"
    amount = activity.earned(data.amount, data.spend)
    if amount is None:
        return "wrong_basis"
    if activity.given_max is not None and amount > activity.given_max:
        return "over_limit"
    if amount == 0:
        return "nothing_earned"
    issuer = case.ours(issuer_name(data.program, case.shard.number), "issuer")
    return _pay(issuer, wallet, amount)


def fund(case: Case, event: Fund) -> Effect | str:
    """Issuer to the shard of a campaign's budget that is the subject; the first fund opens it."""
    data = event.data
    if event.subject != budget_name(data.campaign, case.shard.number):
        return "wrong_budget"
    budget = case.ours(event.subject, "budget")
    if budget.account.program != data.program:
        return "wrong_program"
    if budget.account.state != "open":
        return budget.account.state
    issuer = case.ours(issuer_name(data.program, case.shard.number), "issuer")
    return _pay(issuer, budget, data.amount)


def grant(case: Case, event: Grant) -> Effect | str:
    """Budget to wallet, out of the budget's shard on the wallet's partition."""
    data = event.data
    wallet = case.wallet(event.subject)
    if isinstance(wallet, str):
        return wallet
    budget = case.ours(budget_name(data.campaign, case.shard.number), "budget")
    if (
        budget.account.program != data.program
        or budget.account.state != "open"
        or budget.account.available < data.amount
    ):
        return "budget_exhausted"
    return _pay(budget, wallet, data.amount)


def redeem(case: Case, event: Redeem) -> Effect | str:
    """Wallet to carrier, at once."""
    data = event.data
    wallet = case.wallet(event.subject)
    if isinstance(wallet, str):
        return wallet
    if data.carrier not in case.program.carriers:
        return "unknown_carrier"
    if wallet.account.available < data.amount:
        return "insufficient_balance"
    carrier = case.ours(carrier_name(data.carrier, data.program, case.shard.number), "carrier")
    return _pay(wallet, carrier, data.amount)


def transfer(case: Case, event: Transfer) -> Effect | str:
    """Wallet to wallet; to another partition by its clearing account and a leg."""
    data = event.data
    payer = case.wallet(event.subject)
    if isinstance(payer, str):
        return payer
    if data.to == event.subject:
        return "to_self"
    payee = case.get(data.to)
    if not _may_be_paid(case, data.to, payee):
        return "unknown_payee"
    if payer.account.available < data.amount:
        return "insufficient_balance"
    if payee is not None:
        return _pay(payer, Side(data.to, payee), data.amount)
    clearing = case.ours(clearing_name(data.program, case.shard.number), "clearing")
    leg = leg_of(event, case.shard.number, case.offset, case.rules.secret)
    return _pay(payer, clearing, data.amount, (leg,))


def _may_be_paid(case: Case, name: str, payee: Account | None) -> bool:
    """Return whether a payee may be paid, as far as this partition knows."""
    if payee is not None:
        return payee.takes(case.program.name)
    is_elsewhere = partition_of(name, case.shard.of) != case.shard.number
    return is_elsewhere and kind_of(name) == "wallet"


def _pay(payer: Side, payee: Side, amount: int, legs: tuple[Leg, ...] = ()) -> Effect | str:
    if payer.account.posted - amount < -BALANCE_MAX or payee.account.posted + amount > BALANCE_MAX:
        return "balance_limit"
    return Effect((Move(payer, -amount), Move(payee, amount)), legs)


# By the event's type: the name a program's `operations` lists, and what it does. `Any`: each takes
# its own type of event, which the key says and the type checker can't follow.
OPERATIONS: dict[type, tuple[str, Callable[[Case, Any], Effect | str]]] = {
    Open: ("open", open_wallet),
    Earn: ("earn", earn),
    Fund: ("fund", fund),
    Grant: ("grant", grant),
    Redeem: ("redeem", redeem),
    Transfer: ("transfer", transfer),
}
