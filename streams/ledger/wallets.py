"""Wallets: opened and closed, frozen and verified; what they earn, give and lose."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from streams.events import Close, Earn, Expire, Freeze, Open, Transfer, Unfreeze, Verify
from streams.ledger import caps, deposits, reserves, subjects, tiers, waiting
from streams.ledger.accounts import Account, kind_of
from streams.ledger.operation import Operation
from streams.ledger.payees import may_be_paid, pay_or_send

if TYPE_CHECKING:
    from streams.events import CloseData, EarnData, TransferData, VerifyData
    from streams.ledger.results import Result
    from streams.ledger.turn import Turn
    from streams.programs.compiled import Compiled


def open_wallet(turn: Turn, event: Open, account: Account | None, program: Compiled) -> str:
    """Open a wallet: a posting of zero begins its history, then comes what waited."""
    if kind_of(event.subject) != "wallet":
        return "reserved_name"
    if account is not None:
        return "already_open"
    wallet = Account("wallet", program.name, name=event.subject)
    turn.book.post(wallet)
    waiting.move_in(turn, wallet, program)
    return ""


def earn(turn: Turn, event: Earn, wallet: Account, program: Compiled) -> str:
    """Issuer to wallet, by the activity's rule."""
    data = event.data
    activity = program.earn.get(data.activity)
    if activity is None:
        return "unknown_activity"
    amount = activity.earned(data.amount, data.spend)
    if amount is None:
        return "wrong_basis"
    if activity.given_max is not None and amount > activity.given_max:
        return "over_limit"
    if amount == 0:
        return "nothing_earned"
    if data.amount is None:
        turn.undo = 2 * amount
    if activity.day_max is None and activity.lifetime_max is None:
        if program.tiers and tiers.is_full(wallet, program, amount):
            return "over_tier_balance"
        if not program.is_backed:  # as `issue` has it: this is the hottest place
            return turn.book.pay(turn.book.issuer(program.name), wallet, amount)
        return reserves.issue(turn, wallet, amount, program)
    return _earn_capped(turn, event, wallet, program, amount)


def _earn_capped(turn: Turn, event: Earn, wallet: Account, program: Compiled, amount: int) -> str:
    reason = caps.refusal_of(event, wallet, program, amount)
    if not reason and tiers.is_full(wallet, program, amount):
        reason = "over_tier_balance"
    reason = reason or reserves.issue(turn, wallet, amount, program)
    if not reason:
        caps.count(turn, event, wallet, program, amount)
    return reason


def transfer(turn: Turn, event: Transfer, payer: Account, program: Compiled) -> str:
    """Wallet to wallet; where that isn't done at once, by the clearing account and a leg."""
    data = event.data
    if program.tiers and (reason := tiers.refusal_of(turn, payer, program, data.amount)):
        return reason
    if data.to == event.subject:
        return "to_self"
    if not may_be_paid(turn.book, data.to):
        return "unknown_payee"
    if payer.available < data.amount:
        return "insufficient_balance"
    reason = pay_or_send(turn, payer, data.to, data.amount, "transfer", program)
    if program.tiers and not reason:
        tiers.count(turn, payer, program, data.amount)
    return reason


def expire(turn: Turn, event: Expire, wallet: Account, program: Compiled) -> str:
    """Wallet to issuer: coins that came longer ago than the program keeps them valid."""
    data = event.data
    if not program.expiry_days:
        return "never_expires"
    if event.time < data.before + timedelta(days=program.expiry_days):
        return "not_due"
    if wallet.available < data.amount:
        return "insufficient_balance"
    return turn.book.pay(wallet, turn.book.issuer(program.name), data.amount)


def freeze(turn: Turn, _event: Freeze, wallet: Account, _program: Compiled) -> str:
    """Freeze a wallet: it can only receive."""
    wallet.state = "frozen"
    turn.book.post(wallet)
    return ""


def unfreeze(turn: Turn, _event: Unfreeze, wallet: Account, _program: Compiled) -> str:
    """Open a frozen wallet again."""
    if wallet.state != "frozen":
        return "not_frozen"
    wallet.state = "open"
    turn.book.post(wallet)
    return ""


def verify(turn: Turn, event: Verify, wallet: Account, _program: Compiled) -> str:
    """Set a wallet's tier of verification; its posting of zero records when."""
    wallet.tier = "" if event.data.tier == "none" else event.data.tier
    turn.book.post(wallet)
    return ""


def close(turn: Turn, event: Close, wallet: Account, program: Compiled) -> str:
    """Give what is left to another wallet, and close this one for ever."""
    book = turn.book
    to = event.data.to
    given = wallet.posted if to is not None else 0
    if given and (reason := tiers.refusal_of(turn, wallet, program, given)):
        return reason
    if wallet.pending:
        return "has_pending"
    if deposits.has_deposit(book, wallet):
        return "has_deposit"
    if wallet.posted and to is None:
        return "balance_left"
    if to == event.subject:
        return "to_self"
    if to is not None and not may_be_paid(book, to):
        return "unknown_payee"
    if to is not None and given:
        reason = pay_or_send(turn, wallet, to, given, "transfer", program)
        if reason:
            return reason
    else:
        book.post(wallet)
    wallet.state = "closed"
    return ""


def tell_earn(result: Result, data: EarnData, _turn: Turn) -> None:
    """By which activity, and for which purchase."""
    result.activity = data.activity
    result.spend = data.spend


def tell_transfer(result: Result, data: TransferData, _turn: Turn) -> None:
    """To whom."""
    result.counterparty = data.to


def _tell_verify(result: Result, data: VerifyData, _turn: Turn) -> None:
    result.activity = data.tier
    result.counterparty = data.by


def _tell_close(result: Result, data: CloseData, _turn: Turn) -> None:
    result.counterparty = data.to or ""


OPERATIONS = (
    Operation(event=Open, run=open_wallet, refusals=("reserved_name", "already_open")),
    Operation(
        event=Earn,
        subject=subjects.open_wallet,
        run=earn,
        facts=tell_earn,
        refusals=(
            "unknown_activity",
            "wrong_basis",
            "over_limit",
            "nothing_earned",
            "daily_cap",
            "lifetime_cap",
            "over_tier_balance",
            "reserve_exhausted",
            "balance_limit",
        ),
    ),
    Operation(
        event=Expire,
        subject=subjects.unclosed_wallet,
        run=expire,
        refusals=("never_expires", "not_due", "insufficient_balance"),
    ),
    Operation(
        event=Transfer,
        subject=subjects.open_wallet,
        run=transfer,
        facts=tell_transfer,
        refusals=(
            "over_tier_transaction",
            "over_tier_day",
            "to_self",
            "unknown_payee",
            "insufficient_balance",
        ),
    ),
    Operation(event=Freeze, subject=subjects.open_wallet, run=freeze),
    Operation(
        event=Unfreeze, subject=subjects.unclosed_wallet, run=unfreeze, refusals=("not_frozen",)
    ),
    Operation(event=Verify, subject=subjects.unclosed_wallet, run=verify, facts=_tell_verify),
    Operation(
        event=Close,
        subject=subjects.open_wallet,
        run=close,
        facts=_tell_close,
        refusals=(
            "over_tier_transaction",
            "over_tier_day",
            "has_pending",
            "has_deposit",
            "balance_left",
            "to_self",
        ),
    ),
)
