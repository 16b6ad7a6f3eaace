"""What a leg does when it arrives.

A genuine leg is subject to no window and moves no clock: its transaction appended it exactly once.
What becomes of coins that a leg brings to a wallet is decided here alone, whichever partition they
come from: they are credited, wait for a wallet that does not exist yet, or go back. The origin is
told that they have arrived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import Leg, partition_of
from streams.events.identity import event_key
from streams.ledger import tiers, waiting
from streams.ledger.accounts import Account, aside_name, clearing_name
from streams.ledger.legs import arrived_from, is_genuine, with_arrived
from streams.ledger.operation import Ours
from streams.ledger.payees import send_money
from streams.ledger.recent import entry_at, find, mark
from streams.ledger.refusals import (
    APPLIED_CODES,
    CODES,
    RELEASED,
    REVERSED,
    REVERSING,
    UNANSWERED,
)
from streams.ledger.terms import Gift, lease_of, packed, packet_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.events import LegData
    from streams.ledger.book import Book
    from streams.ledger.results import Result
    from streams.ledger.turn import Turn


def arrive(turn: Turn, leg: Leg) -> tuple[str, str]:
    """Do what a leg says; return outcome and reason."""
    book, data = turn.book, leg.data
    if (reason := _distrusted(turn, leg)) != "":
        return "refused", reason
    if book[leg.subject] is None and book.is_elsewhere(leg.subject):
        return turn.forward()
    clearing = book.clearing(data.program)
    expected = arrived_from(clearing.terms, data.partition) + 1
    if data.sequence > expected:
        return "refused", "leg_gap"
    if data.sequence == expected:
        clearing.terms = with_arrived(clearing.terms, data.partition, expected)
        book.keep(clearing)
    elif not _was_aside(book, leg):
        return "refused", "repeated_leg"
    reason = STEPS[data.step](turn, leg, clearing)
    return ("refused", reason) if reason else ("applied", "")


def _distrusted(turn: Turn, leg: Leg) -> str:
    """Return why a leg is not the ledger's, '' when it is."""
    secret = turn.trust["ledger"][leg.data.key]
    if isinstance(secret, str):
        return secret
    return "" if is_genuine(leg, secret) else "forged_leg"


def pass_over(turn: Turn, leg: Leg) -> None:
    """Count a leg as arrived whose fold has failed, so that those after it need not wait for it.

    It may come once more, when what failed has been fixed.
    """
    book, data = turn.book, leg.data
    if _distrusted(turn, leg) or partition_of(leg.subject, book.partitions) != book.number:
        return
    clearing = book.clearing(data.program)
    expected = arrived_from(clearing.terms, data.partition) + 1
    if data.sequence == expected:
        clearing.terms = with_arrived(clearing.terms, data.partition, expected)
        book.keep(clearing)
        book.keep(Account("aside", data.program, name=_aside_name(book, leg)))


def _was_aside(book: Book, leg: Leg) -> bool:
    """Return whether a leg was set aside and has not come since; now it has."""
    account = book[_aside_name(book, leg)]
    if account is None or account.state == "closed":
        return False
    account.state = "closed"
    book.keep(account)
    return True


def _aside_name(book: Book, leg: Leg) -> str:
    data = leg.data
    return aside_name(data.program, data.partition, data.sequence, book.number)


def _gift(turn: Turn, leg: Leg, clearing: Account) -> str:
    """Pay a wallet what the origin sent; without one it waits; what can't be taken goes back."""
    book, data = turn.book, leg.data
    wallet = book[leg.subject]
    reason = _refusal_of(turn, leg, wallet)
    _answer(book, leg, reason)
    if reason:
        turn.send("bounce", data.payer, leg.subject, data.amount, data.campaign)
        if data.step == "transfer":  # one asked back in the meantime isn't taken as well
            memory = waiting.gone_back_name(_gift_of(leg), leg.subject)
            book.keep(Account("bounced", data.program, name=memory))
        return reason
    if wallet is None:
        gift = Gift(*_gift_of(leg), data.amount, turn.time_us, data.campaign)
        waiting.keep(book, clearing, leg.subject, gift)
    else:
        book.move(clearing, wallet, data.amount)
    _acknowledge(turn, leg, clearing)
    return ""


def _refusal_of(turn: Turn, leg: Leg, wallet: Account | None) -> str:
    data = leg.data
    if wallet is None:
        return waiting.has_room(turn.book, leg.subject, data.program, data.amount)
    if wallet.state == "closed":
        return "closed"
    if wallet.program != data.program:
        return "wrong_program"
    program = turn.rulebook.at(data.program, turn.time_us)
    if program is not None and tiers.is_full(wallet, program, data.amount):
        return "over_tier_balance"
    return "" if wallet.takes(data.program, data.amount) else "balance_limit"


def _gift_of(leg: Leg) -> tuple[str, str, str]:
    """Return what names the gift: who paid it, and source and id of the event that did."""
    return leg.data.payer, leg.data.cause_source, leg.data.cause


def _acknowledge(turn: Turn, leg: Leg, clearing: Account) -> None:
    data = leg.data
    origin = clearing_name(data.program, data.partition)
    turn.send("ack", origin, clearing.name, data.amount, data.campaign)


def _answer(book: Book, leg: Leg, reason: str) -> None:
    """Make an event that asked remember what has become of it."""
    account = book[leg.subject]
    if leg.data.asker and account is not None:
        at = find(account.recent, bytes.fromhex(leg.data.asker))
        if at >= 0 and entry_at(account.recent, at).code == UNANSWERED:
            mark(account, at, CODES[reason])
            book.keep(account)


def _reserve(turn: Turn, leg: Leg, clearing: Account) -> str:
    """Add to a budget or an issuer what the origin sent, and acknowledge it."""
    book, data = turn.book, leg.data
    target = book[leg.subject] or book.lender_or_borrower(leg.subject, data.program)
    if not target.takes(data.program, data.amount):
        target = book.suspense(data.program)
    book.move(clearing, target, data.amount)
    _acknowledge(turn, leg, clearing)
    return ""


def _reversal(turn: Turn, leg: Leg, clearing: Account) -> str:
    """Give the payer of a gift its coins, which it has taken back."""
    waiting.bring_back(turn, clearing, leg.subject, leg.data.amount)
    _came_back(turn, leg, REVERSED)
    _answer(turn.book, leg, "")
    _acknowledge(turn, leg, clearing)
    return ""


def _bounce(turn: Turn, leg: Leg, clearing: Account) -> str:
    """Give coins that were sent from here, and could not be taken, to whoever paid them."""
    clearing.pending -= leg.data.amount
    return _sent_back(turn, leg, clearing)


def _unclaimed(turn: Turn, leg: Leg, clearing: Account) -> str:
    """Give coins that have waited in vain to whoever paid them, and acknowledge it."""
    _sent_back(turn, leg, clearing)
    _acknowledge(turn, leg, clearing)
    return ""


def _sent_back(turn: Turn, leg: Leg, clearing: Account) -> str:
    """Give coins to whoever paid them, a packet's to its sender."""
    payer = turn.book[leg.subject]
    name = leg.subject
    if payer is not None and payer.kind == "packet":
        name = packet_of(payer.terms).sender
    waiting.bring_back(turn, clearing, name, leg.data.amount)
    _came_back(turn, leg, RELEASED)
    return ""


def _came_back(turn: Turn, leg: Leg, code: int) -> None:
    """Make the payer of a gift remember that it came back, and no longer count it."""
    payer = turn.book[leg.subject]
    if payer is None or payer.kind != "wallet":
        return
    at = find(payer.recent, _cause_key(leg))
    if at < 0 or (entry := entry_at(payer.recent, at)).code not in APPLIED_CODES:
        return
    if entry.is_counted:
        tiers.uncount(turn, payer, entry.time_us, leg.data.amount)
    mark(payer, at, code)
    turn.book.keep(payer)


def _cause_key(leg: Leg) -> bytes:
    return event_key(leg.data.cause_source, leg.data.cause)


def _lease(turn: Turn, leg: Leg, clearing: Account) -> str:
    """Add to a shard or an issuer what its reserve leased it; a lease of nothing means no more."""
    book, data = turn.book, leg.data
    shard = book.lender_or_borrower(leg.subject, data.program)
    if shard.program == data.program:
        lease = lease_of(shard.terms)
        lease.leased, lease.asked = True, False
        lease.dry, lease.chunk = data.amount == 0, data.amount
        shard.terms = packed(lease)
        if data.amount == 0:
            book.post(shard)
        else:
            book.keep(shard)
    return _reserve(turn, leg, clearing) if data.amount else ""


def _ack(turn: Turn, leg: Leg, clearing: Account) -> str:
    """Note that coins sent from here have arrived."""
    clearing.pending -= leg.data.amount
    turn.amount = leg.data.amount
    turn.book.post(clearing)
    return ""


def _lease_ask(turn: Turn, leg: Leg, _clearing: Account) -> str:
    """Lease the borrower a part of what is left, which may be nothing, or all that it lacks.

    One that lacks more than there is gets the part only: others need the rest.
    """
    data = leg.data
    reserve = turn.book[leg.subject]
    amount = 0
    if reserve is not None and reserve.program == data.program:
        available = reserve.available
        amount = max(available // (2 * turn.book.partitions), min(available, 1))
        if data.amount <= available:
            amount = max(amount, data.amount)
    if reserve is not None and amount:
        send_money(turn, "lease", reserve, data.payer, amount, data.campaign)
    else:
        turn.send("lease", data.payer, leg.subject, 0, data.campaign)
    return ""


def _ask(turn: Turn, leg: Leg, _clearing: Account) -> str:
    """Pay a grant that the shard could not, or say why not."""
    data = leg.data
    reserve = turn.book[leg.subject]
    if reserve is None or reserve.program != data.program or reserve.available < data.amount:
        return _decline(turn, leg, "budget_exhausted")
    amount, asker = data.amount, data.asker
    send_money(turn, "grant", reserve, data.payer, amount, data.campaign, asker)
    return ""


def _reverse_ask(turn: Turn, leg: Leg, _clearing: Account) -> str:
    """Send a gift's coins back from where they are, if that many are there."""
    book, data = turn.book, leg.data
    gift = _gift_of(leg)
    if book[waiting.gone_back_name(gift, leg.subject)] is not None:
        return _decline(turn, leg, "unknown_original")
    giver = waiting.take_out(book, leg.subject, data.program, gift) or book[leg.subject]
    if giver is None or giver.program != data.program or giver.available < data.amount:
        return _decline(turn, leg, "insufficient_balance")
    send_money(turn, "reversal", giver, data.payer, data.amount, asker=data.asker)
    return ""


def _decline(turn: Turn, leg: Leg, reason: str) -> str:
    data = leg.data
    to, amount, asker = data.payer, data.amount, data.asker
    turn.send("declined", to, leg.subject, amount, data.campaign, asker=asker, reason=reason)
    return reason


def _declined(turn: Turn, leg: Leg, _clearing: Account) -> str:
    """Refuse what asked, and let a gift that was to be taken back count as applied again."""
    book = turn.book
    account = book[leg.subject]
    at = -1 if account is None else find(account.recent, _cause_key(leg))
    if account is not None and at >= 0 and entry_at(account.recent, at).code == REVERSING:
        mark(account, at, 0)
        book.keep(account)
    _answer(book, leg, leg.data.reason)
    return ""


def _unack(turn: Turn, leg: Leg, clearing: Account) -> str:
    """Note that coins said to have arrived have not: a forged leg was taken for them."""
    clearing.pending += leg.data.amount
    turn.amount = leg.data.amount
    turn.book.post(clearing)
    return ""


STEPS: dict[str, Callable[[Turn, Leg, Account], str]] = {
    "transfer": _gift,
    "claim": _gift,
    "lease": _lease,
    "return": _reserve,
    "grant": _gift,
    "reversal": _reversal,
    "ack": _ack,
    "lease_ask": _lease_ask,
    "ask": _ask,
    "reverse_ask": _reverse_ask,
    "declined": _declined,
    "bounce": _bounce,
    "unclaimed": _unclaimed,
    "unack": _unack,
}


def _tell(result: Result, data: LegData, _turn: Turn) -> None:
    result.step = data.step
    result.cause = data.cause
    result.cause_source = data.cause_source
    result.campaign = data.campaign
    result.counterparty = data.payer


OURS = (Ours(event=Leg, judge=arrive, facts=_tell),)
