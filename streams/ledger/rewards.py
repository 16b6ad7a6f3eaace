"""Rewards: what a campaign gives for a conversion, once, out of its budget.

The subject is who converted, so that what is given once is remembered in one place, whoever gets
it; and for good, on an account of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ledger import tiers
from streams.ledger.accounts import Account, budget_name, reward_name
from streams.ledger.budgets import ask_when_low
from streams.ledger.payees import may_be_paid, pay_or_send
from streams.ledger.recent import key_of
from streams.ledger.terms import lease_of

if TYPE_CHECKING:
    from streams.events import Reward
    from streams.ledger.book import Book
    from streams.programs import Program, RewardRule


def reward(book: Book, event: Reward, wallet: Account, program: Program) -> str:
    """Shard to buyer, or to the sharer who brought them."""
    data = event.data
    rule = program.rewards.get(data.rule)
    if rule is None:
        return "unknown_reward"
    amount = rule.given(data.value)
    if amount is None or (data.to is None) is (rule.to == "sharer"):
        return "wrong_reward"
    if amount == 0:
        return "nothing_earned"
    memory = reward_name(_once_for(event, rule), wallet.name)
    if book[memory] is not None:
        return "already_rewarded"
    if data.to == wallet.name:
        return "to_self"
    payee = data.to or wallet.name
    if (reason := _refusal_of(book, payee, program, amount)) != "":
        return reason
    shard = book[budget_name(data.campaign, book.number)]
    if shard is None or shard.program != program.name:
        return "budget_exhausted"
    if shard.available < amount:
        # Unlike a grant it is not passed on: what the reserve refused would be remembered as given.
        ask_when_low(book, shard, lease_of(shard.terms), data.campaign, lacks=amount)
        return "budget_exhausted"
    reason = pay_or_send(book, shard, payee, amount, "grant", data.campaign)
    if not reason:
        book.keep(Account("reward", program.name, name=memory))
        ask_when_low(book, shard, lease_of(shard.terms), data.campaign)
    return reason


def _refusal_of(book: Book, payee: str, program: Program, amount: int) -> str:
    if not may_be_paid(book, payee, program.name):
        return "unknown_payee"
    return "over_tier_balance" if tiers.is_full(book[payee], program, amount) else ""


def _once_for(event: Reward, rule: RewardRule) -> bytes:
    """Return the hash of what this is given once for; names hold no line breaks."""
    data = event.data
    conversion = data.conversion if rule.once_per == "conversion" else ""
    return key_of(f"{data.campaign}\n{data.rule}\n{conversion}")
