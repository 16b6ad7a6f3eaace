"""Coins that wait for a name, on an account of that name, on the partition where it lives.

A gift waits until its payee opens a wallet of the program, and has then come; 30 days after it was
sent an event may send it back. What comes back to a wallet that can't take it any more, since it
has been closed, waits indefinitely, until an operator says which other wallet is its owner's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import WaitingRelease, WaitingReturn
from streams.events.identity import text_hash
from streams.events.times import DAY_US
from streams.ledger import subjects, tiers
from streams.ledger.accounts import (
    BALANCE_MAX,
    Account,
    bounced_name,
    kind_of,
    owner_name,
    waiting_name,
)
from streams.ledger.operation import Operation
from streams.ledger.payees import pay_or_send
from streams.ledger.terms import GIFTS_MAX, Gift, gifts_of, packed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.events import WaitingReleaseData
    from streams.ledger.book import Book
    from streams.ledger.results import Result
    from streams.ledger.turn import Turn
    from streams.programs.compiled import Compiled

WAITS_US = 30 * DAY_US


def has_room(book: Book, name: str, program: str, amount: int) -> str:
    """Return why a gift may not wait for the name, '' when it may."""
    account = book[waiting_name(program, name)]
    if account is None:
        return ""
    if len(gifts_of(account.terms)) >= GIFTS_MAX:
        return "too_many_waiting"
    return "balance_limit" if account.posted + amount > BALANCE_MAX else ""


def keep(book: Book, giver: Account, name: str, gift: Gift) -> None:
    """Have coins wait for a name; its own are one sum, wherever they came from."""
    account = book.ours(waiting_name(giver.program, name), "waiting", giver.program)
    gifts = gifts_of(account.terms)
    own = next((one for one in gifts if not gift.payer and not one.payer), None)
    if own is not None:
        gifts.remove(own)
        gift = Gift("", "", "", own.amount + gift.amount, own.since_us)
    account.terms = packed([*gifts, gift])
    book.move(giver, account, gift.amount if own is None else gift.amount - own.amount)


def bring_back(turn: Turn, giver: Account, name: str, amount: int) -> None:
    """Give coins back to whose they were: to the account, or, if it can't take them, beside it."""
    book = turn.book
    account = book[name]
    if account is not None and account.takes(giver.program, amount):
        book.move(giver, account, amount)
    elif kind_of(name) == "wallet":
        keep(book, giver, name, Gift("", "", "", amount, turn.time_us))
    else:
        book.move(giver, book.suspense(giver.program), amount)


def pay_back(turn: Turn, giver: Account, wallet: Account, amount: int) -> str:
    """Give a wallet its coins back, if that many are there."""
    if giver.available < amount:
        return "insufficient_balance"
    bring_back(turn, giver, wallet.name, amount)
    return ""


def take_out(book: Book, name: str, program: str, gift_of: tuple[str, str, str]) -> Account | None:
    """End the wait of a gift, named by payer, source and id.

    Returns:
        The account that has its coins, None when no such gift waits.
    """
    account = book[waiting_name(program, name)]
    gifts = [] if account is None else gifts_of(account.terms)
    left = [gift for gift in gifts if (gift.payer, gift.source, gift.id) != gift_of]
    if account is None or len(left) == len(gifts):
        return None
    account.terms = packed(left)
    return account


def move_in(turn: Turn, wallet: Account, program: Compiled) -> None:
    """Give a wallet that was just opened what waited for it; what it may not hold goes back."""
    book = turn.book
    account = book[waiting_name(program.name, wallet.name)]
    if account is None or not account.terms:
        return
    back, coins = [], 0
    for gift in gifts_of(account.terms):
        after = coins + gift.amount
        if gift.payer and (
            not wallet.takes(program.name, after) or tiers.is_full(wallet, program, after)
        ):
            back.append(gift)
        else:
            coins = after
    account.terms = b""
    turn.amount = coins or account.posted
    if coins:
        book.move(account, wallet, coins)
    _send_back(turn, account, back)
    book.keep(account)


def give_back(turn: Turn, event: WaitingReturn, _account: Account | None, program: Compiled) -> str:
    """Send back the gifts that have waited long enough for the subject."""
    if kind_of(event.subject) != "wallet":
        return "reserved_name"
    account = turn.book[waiting_name(program.name, event.subject)]
    gifts = [] if account is None else gifts_of(account.terms)
    due = [gift for gift in gifts if gift.payer and gift.since_us + WAITS_US <= turn.time_us]
    if account is None or not any(gift.payer for gift in gifts):
        return "nothing_waiting"
    if not due:
        return "not_due"
    account.terms = packed([gift for gift in gifts if gift not in due])
    _send_back(turn, account, due)
    return ""


def release(turn: Turn, event: WaitingRelease, wallet: Account, program: Compiled) -> str:
    """Move what came back to a wallet that could not take it to another of the same owner."""
    to = event.data.to
    account = turn.book[waiting_name(program.name, wallet.name)]
    gifts = [] if account is None else gifts_of(account.terms)
    own = next((gift for gift in gifts if not gift.payer), None)
    if account is None or own is None:
        return "nothing_waiting"
    if to == wallet.name:
        return "to_self"
    if kind_of(to) != "wallet":
        return "unknown_payee"
    account.terms = packed([gift for gift in gifts if gift is not own])
    return pay_or_send(turn, account, to, own.amount, "transfer", program)


def gone_back_name(gift_of: tuple[str, str, str], name: str) -> str:
    """Return the account that remembers that a gift to `name` went back to its payer.

    Names hold no line breaks.
    """
    return bounced_name(text_hash("\n".join(gift_of)), name)


def _send_back(turn: Turn, account: Account, gifts: Sequence[Gift]) -> None:
    """Send gifts that waited back to whoever paid them."""
    book = turn.book
    total = sum(gift.amount for gift in gifts)
    if not total:
        return
    name = owner_name(account.name)
    clearing = book.clearing(account.program)
    clearing.pending += total
    book.move(account, clearing, total)
    for gift in gifts:
        cause = gift.source, gift.id
        turn.send("unclaimed", gift.payer, name, gift.amount, gift.campaign, cause=cause)
        if kind_of(gift.payer) == "wallet":
            memory = gone_back_name((gift.payer, *cause), name)
            book.keep(Account("bounced", account.program, name=memory))


def _tell_release(result: Result, data: WaitingReleaseData, _turn: Turn) -> None:
    result.counterparty = data.to


OPERATIONS = (
    Operation(
        event=WaitingReturn,
        run=give_back,
        memory=lambda event: waiting_name(event.data.program, event.subject),
        refusals=("reserved_name", "not_due", "nothing_waiting"),
    ),
    Operation(
        event=WaitingRelease,
        subject=subjects.any_wallet,
        run=release,
        facts=_tell_release,
        refusals=("nothing_waiting", "to_self", "unknown_payee"),
    ),
)
