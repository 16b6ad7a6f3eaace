"""The operations: each checks its event and posts it, or returns the name of a refusal.

All checks, in the order of `refusals.REFUSALS`, stand before the first posting.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from streams import events
from streams.ledger import (
    budgets,
    caps,
    deposits,
    orders,
    packets,
    points,
    redemptions,
    reserves,
    reversals,
    rewards,
    subjects,
    tiers,
    waiting,
)
from streams.ledger.accounts import Account, kind_of
from streams.ledger.payees import may_be_paid, pay_or_send

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from streams.events import Close, Earn, Expire, Freeze, Open, Transfer, Unfreeze, Verify
    from streams.ledger.book import Book
    from streams.programs import Program


def open_wallet(book: Book, event: Open, account: Account | None, program: Program) -> str:
    """Make a wallet: a posting of zero is the beginning of its history, what waited comes next."""
    if kind_of(event.subject) != "wallet":
        return "reserved_name"
    if account is not None:
        return "already_open"
    wallet = Account("wallet", program.name, name=event.subject)
    book.post(wallet)
    waiting.move_in(book, wallet, program)
    return ""


def earn(book: Book, event: Earn, wallet: Account, program: Program) -> str:
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
        book.undo = 2 * amount
    if activity.day_max is None and activity.lifetime_max is None:
        if program.tiers and tiers.is_full(wallet, program, amount):
            return "over_tier_balance"
        if program.reserve is None:  # as `issue` has it: this is the hottest place
            return book.pay(book.issuer(program.name), wallet, amount)
        return reserves.issue(book, wallet, amount, program)
    return _earn_capped(book, event, wallet, program, amount)


def _earn_capped(book: Book, event: Earn, wallet: Account, program: Program, amount: int) -> str:
    reason = caps.refusal_of(event, wallet, program, amount)
    if not reason and tiers.is_full(wallet, program, amount):
        reason = "over_tier_balance"
    reason = reason or reserves.issue(book, wallet, amount, program)
    if not reason:
        caps.count(book, event, wallet, program, amount)
    return reason


def transfer(book: Book, event: Transfer, payer: Account, program: Program) -> str:
    """Wallet to wallet; where that isn't done at once, by the clearing account and a leg."""
    data = event.data
    if program.tiers and (reason := tiers.refusal_of(book, payer, program, data.amount)):
        return reason
    if data.to == event.subject:
        return "to_self"
    if not may_be_paid(book, data.to):
        return "unknown_payee"
    if payer.available < data.amount:
        return "insufficient_balance"
    reason = pay_or_send(book, payer, data.to, data.amount, "transfer", program)
    if program.tiers and not reason:
        tiers.count(book, payer, program, data.amount)
    return reason


def expire(book: Book, event: Expire, wallet: Account, program: Program) -> str:
    """Wallet to issuer: coins that came longer ago than the program keeps them good."""
    data = event.data
    days = program.expiry and program.expiry.days
    if not days:
        return "never_expires"
    if event.time < data.before + timedelta(days=days):
        return "not_due"
    if wallet.available < data.amount:
        return "insufficient_balance"
    return book.pay(wallet, book.issuer(program.name), data.amount)


def freeze(book: Book, _event: Freeze, wallet: Account, _program: Program) -> str:
    """Have a wallet do nothing but receive."""
    wallet.state = "frozen"
    book.post(wallet)
    return ""


def unfreeze(book: Book, _event: Unfreeze, wallet: Account, _program: Program) -> str:
    """Open a frozen wallet again."""
    if wallet.state != "frozen":
        return "not_frozen"
    wallet.state = "open"
    book.post(wallet)
    return ""


def verify(book: Book, event: Verify, wallet: Account, _program: Program) -> str:
    """Set a wallet's tier of verification; its posting of zero tells when."""
    wallet.tier = "" if event.data.tier == "none" else event.data.tier
    book.post(wallet)
    return ""


def close(book: Book, event: Close, wallet: Account, program: Program) -> str:
    """Give what is left to another wallet, and close this one for ever."""
    to = event.data.to
    given = wallet.posted if to is not None else 0
    if given and (reason := tiers.refusal_of(book, wallet, program, given)):
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
        reason = pay_or_send(book, wallet, to, given, "transfer", program)
        if reason:
            return reason
    else:
        book.post(wallet)
    wallet.state = "closed"
    return ""


# By the event's type: the name a program's `operations` lists, what the subject must be, and what
# is done. `Any`: each takes its own type of event, which the key says and the type checker can't
# follow.
OPERATIONS: dict[
    type,
    tuple[str, Callable[[str, Account | None, str], str], Callable[[Book, Any, Any, Program], str]],
] = {
    events.Open: ("open", subjects.anything, open_wallet),
    events.Earn: ("earn", subjects.open_wallet, earn),
    events.Fund: ("fund", subjects.anything, budgets.fund),
    events.Defund: ("defund", subjects.anything, budgets.defund),
    events.Grant: ("grant", subjects.open_wallet, budgets.grant),
    events.Reward: ("reward", subjects.open_wallet, rewards.reward),
    events.Expire: ("expire", subjects.unclosed_wallet, expire),
    events.ReserveAdd: ("reserve_add", subjects.anything, reserves.add),
    events.ReserveRemove: ("reserve_remove", subjects.anything, reserves.remove),
    events.Redeem: ("redeem", subjects.open_wallet, redemptions.redeem),
    events.RedeemSettle: ("redeem_settle", subjects.any_wallet, redemptions.settle),
    events.RedeemFail: ("redeem_fail", subjects.any_wallet, redemptions.fail),
    events.RedeemExpire: ("redeem_expire", subjects.any_wallet, redemptions.expire),
    events.OrderPlace: ("order_place", subjects.open_wallet, orders.place),
    events.OrderFulfil: ("order_fulfil", subjects.any_wallet, orders.fulfil),
    events.OrderCancel: ("order_cancel", subjects.any_wallet, orders.cancel),
    events.OrderRefund: ("order_refund", subjects.any_wallet, orders.refund),
    events.PointsIn: ("points_in", subjects.open_wallet, points.points_in),
    events.PointsOut: ("points_out", subjects.open_wallet, points.points_out),
    events.DepositAdd: ("deposit_add", subjects.open_wallet, deposits.add),
    events.DepositCustody: ("deposit_custody", subjects.unclosed_wallet, deposits.custody),
    events.DepositWithdraw: ("deposit_withdraw", subjects.open_wallet, deposits.withdraw),
    events.DepositReturn: ("deposit_return", subjects.unclosed_wallet, deposits.give_back),
    events.Transfer: ("transfer", subjects.open_wallet, transfer),
    events.PacketSend: ("packet_send", subjects.anything, packets.send),
    events.PacketShare: ("packet_share", subjects.packet, packets.share),
    events.PacketClaim: ("packet_claim", subjects.packet, packets.claim),
    events.PacketExpire: ("packet_expire", subjects.packet, packets.expire),
    events.Reverse: ("reverse", subjects.any_wallet, reversals.reverse),
    events.Freeze: ("freeze", subjects.open_wallet, freeze),
    events.Unfreeze: ("unfreeze", subjects.unclosed_wallet, unfreeze),
    events.Verify: ("verify", subjects.unclosed_wallet, verify),
    events.Close: ("close", subjects.open_wallet, close),
    events.WaitingReturn: ("waiting_return", subjects.anything, waiting.give_back),
    events.WaitingRelease: ("waiting_release", subjects.any_wallet, waiting.release),
}
