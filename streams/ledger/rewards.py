"""Rewards: what a campaign gives for a conversion, once, out of its budget.

The subject is the person who converted, so that what is given once is remembered in one place,
whoever gets it; and permanently, on an account of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import Reward
from streams.events.identity import text_hash
from streams.ledger import subjects, tiers
from streams.ledger.accounts import budget_name, reward_name
from streams.ledger.budgets import ask_when_low
from streams.ledger.operation import Operation
from streams.ledger.payees import may_be_paid, pay_or_send
from streams.ledger.terms import SOURCES_MAX, lease_of, packed, sources_of

if TYPE_CHECKING:
    from streams.events import RewardData
    from streams.ledger.accounts import Account
    from streams.ledger.book import Book
    from streams.ledger.results import Result
    from streams.ledger.turn import Turn
    from streams.programs import RewardRule
    from streams.programs.compiled import Compiled


def reward(turn: Turn, event: Reward, wallet: Account, program: Compiled) -> str:
    """Shard to buyer, or to the sharer who brought them."""
    book, data = turn.book, event.data
    rule = program.rewards.get(data.rule)
    if rule is None:
        return "unknown_reward"
    amount = rule.given(data.value)
    if amount is None or (data.to is None) is (rule.to == "sharer"):
        return "wrong_reward"
    if amount == 0:
        return "nothing_earned"
    memory = book.ours(reward_name(_once_for(event, rule), wallet.name), "reward", program.name)
    payee = data.to or wallet.name
    reason = _given_before(book, event, rule, memory)
    if reason or (reason := _refusal_of(turn, event, payee, program, amount)):
        return reason
    shard = book[budget_name(data.campaign, book.number)]
    if shard is None or shard.program != program.name:
        return "budget_exhausted"
    if shard.available < amount:
        # Unlike a grant it is not passed on: what the reserve refused would be remembered as given.
        ask_when_low(turn, shard, lease_of(shard.terms), data.campaign, lacks=amount)
        return "budget_exhausted"
    if data.to is None:
        reason = book.pay(shard, wallet, amount)
    else:
        reason = pay_or_send(turn, shard, data.to, amount, "grant", program, data.campaign)
    if not reason:
        if rule.once_per == "conversion":
            memory.terms = packed([*sources_of(memory.terms), data.conversion_source or ""])
        book.keep(memory)
        ask_when_low(turn, shard, lease_of(shard.terms), data.campaign)
    return reason


def _given_before(book: Book, event: Reward, rule: RewardRule, memory: Account) -> str:
    """Return why this may have been given before, '' when it has not.

    Conversions are not ledger events: which exist is known from what was rewarded.
    """
    if book[memory.name] is None:
        return ""
    given, source = sources_of(memory.terms), event.data.conversion_source
    if rule.once_per != "conversion" or source in given or (source is None and len(given) == 1):
        return "already_rewarded"
    unclear = source is None or "" in given or len(given) >= SOURCES_MAX
    return "ambiguous_reference" if unclear else ""


def _refusal_of(turn: Turn, event: Reward, payee: str, program: Compiled, amount: int) -> str:
    if event.data.to == event.subject:
        return "to_self"
    if not may_be_paid(turn.book, payee):
        return "unknown_payee"
    # The subject lives here, wherever that is; if a sharer may too, the answer must not reveal
    # more.
    is_full = payee == event.subject and tiers.is_full(turn.book[payee], program, amount)
    return "over_tier_balance" if is_full else ""


def _once_for(event: Reward, rule: RewardRule) -> bytes:
    """Return the hash of what this is given once for; names hold no line breaks."""
    data = event.data
    conversion = data.conversion if rule.once_per == "conversion" else ""
    return text_hash(f"{data.campaign}\n{data.rule}\n{conversion}")


def _tell(result: Result, data: RewardData, _turn: Turn) -> None:
    result.campaign = data.campaign
    result.activity = data.rule
    result.cause = data.conversion
    result.cause_source = data.conversion_source or ""
    result.spend = data.value
    result.counterparty = result.sharer = data.to or ""


OPERATIONS = (
    Operation(
        event=Reward,
        subject=subjects.open_wallet,
        run=reward,
        facts=_tell,
        refusals=(
            "unknown_reward",
            "wrong_reward",
            "nothing_earned",
            "already_rewarded",
            "to_self",
            "over_tier_balance",
            "budget_exhausted",
            "balance_limit",
        ),
    ),
)
