"""Campaigns' budgets: a reserve, and a shard on each partition that leases from it.

A grant is paid by the shard of the wallet's partition, and so needs no other partition. A shard
that runs low asks the reserve for more; one that has too little while the reserve may have enough
passes the grant on. What a reserve leases has left it, so no campaign spends more than it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import Defund, Fund, Grant
from streams.ledger import leases, subjects, tiers
from streams.ledger.accounts import budget_name, reserve_name
from streams.ledger.leases import lease_to_all, take_back
from streams.ledger.operation import Operation
from streams.ledger.reserves import issue
from streams.ledger.results import ASKED
from streams.ledger.terms import lease_of

if TYPE_CHECKING:
    from streams.events import DefundData, FundData, GrantData
    from streams.ledger.accounts import Account
    from streams.ledger.book import Book
    from streams.ledger.results import Result
    from streams.ledger.terms import Lease
    from streams.ledger.turn import Turn
    from streams.programs.compiled import Compiled


def fund(turn: Turn, event: Fund, budget: Account | None, program: Compiled) -> str:
    """Issuer to the reserve, which leases half of it out at once, or to one shard."""
    book, data = turn.book, event.data
    to_reserve = is_reserve(event.subject, data.campaign)
    if not to_reserve and event.subject != budget_name(data.campaign, book.number):
        return "wrong_budget"
    if budget is None:
        budget = book.ours(event.subject, "budget", program.name)
    if budget.program != program.name:
        return "wrong_program"
    reason = issue(turn, budget, data.amount, program)
    if not reason and to_reserve:
        shards = (budget_name(data.campaign, number) for number in range(book.partitions))
        lease_to_all(turn, budget, shards, data.amount, data.campaign)
    return reason


def has_reserve(campaign: str) -> bool:
    """Return whether a campaign may have a reserve: not if its name would be another's shard's."""
    return "@" not in campaign


def is_reserve(name: str, campaign: str) -> bool:
    """Return whether `name` is the campaign's reserve."""
    return has_reserve(campaign) and name == reserve_name(campaign)


def defund(turn: Turn, event: Defund, budget: Account | None, program: Compiled) -> str:
    """Reserve to issuer; shard to reserve."""
    book, data = turn.book, event.data
    reserve = reserve_name(data.campaign)
    reason = no_budget(book, event.subject, budget, data.campaign, program.name)
    if reason or budget is None:
        return reason
    amount = budget.available if data.amount is None else data.amount
    if not 0 < amount <= budget.available:
        return "insufficient_balance"
    if event.subject == reserve or not has_reserve(data.campaign):
        return book.pay(budget, book.issuer(program.name), amount)
    return take_back(turn, budget, reserve, amount, data.campaign)


def no_budget(book: Book, name: str, budget: Account | None, campaign: str, program: str) -> str:
    """Return why `budget` is not the campaign's, reserve or shard here, '' when it is."""
    if not is_reserve(name, campaign) and name != budget_name(campaign, book.number):
        return "wrong_budget"
    if budget is None:
        return "unknown_account"
    return "" if budget.program == program else "wrong_program"


def grant(turn: Turn, event: Grant, wallet: Account, program: Compiled) -> str:
    """Shard to wallet; the reserve is asked when the shard has too little and it may have more."""
    book, data = turn.book, event.data
    if program.tiers and tiers.is_full(wallet, program, data.amount):
        return "over_tier_balance"
    shard = book[budget_name(data.campaign, book.number)]
    if shard is None or shard.program != program.name:
        return "budget_exhausted"
    lease = lease_of(shard.terms)
    if shard.available >= data.amount:
        reason = book.pay(shard, wallet, data.amount)
    elif lease.leased and not lease.dry:
        reserve = reserve_name(data.campaign)
        asker = book.key.hex()
        turn.send("ask", reserve, wallet.name, data.amount, data.campaign, asker=asker)
        reason = ASKED
    else:
        return "budget_exhausted"
    if reason != "balance_limit":
        ask_when_low(turn, shard, lease, data.campaign)
    return reason


def ask_when_low(turn: Turn, shard: Account, lease: Lease, campaign: str, lacks: int = 0) -> None:
    """Have a shard that `lacks` coins, or has less than half of its last lease, ask for another."""
    leases.ask_when_low(turn, shard, lease, reserve_name(campaign), campaign, lacks)


def tell_campaign(result: Result, data: FundData | DefundData | GrantData, _turn: Turn) -> None:
    """Whose budget."""
    result.campaign = data.campaign


OPERATIONS = (
    Operation(
        event=Fund,
        run=fund,
        facts=tell_campaign,
        refusals=("wrong_budget", "wrong_program", "reserve_exhausted", "balance_limit"),
    ),
    Operation(
        event=Defund,
        run=defund,
        facts=tell_campaign,
        refusals=(
            "wrong_budget",
            "unknown_account",
            "wrong_program",
            "insufficient_balance",
            "balance_limit",
        ),
    ),
    Operation(
        event=Grant,
        subject=subjects.open_wallet,
        run=grant,
        facts=tell_campaign,
        refusals=("over_tier_balance", "budget_exhausted", "balance_limit"),
    ),
)
