"""Points: a partner's loyalty points into coins and back, at the program's rates.

The partner's account says what it is owed, in coins: negative when it owes us.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import PointsIn, PointsOut
from streams.ledger import subjects, tiers
from streams.ledger.accounts import partner_name
from streams.ledger.operation import Operation

if TYPE_CHECKING:
    from streams.events import PointsData
    from streams.ledger.accounts import Account
    from streams.ledger.book import Book
    from streams.ledger.results import Result
    from streams.ledger.turn import Turn
    from streams.programs import Rate
    from streams.programs.compiled import Compiled


def points_in(turn: Turn, event: PointsIn, wallet: Account, program: Compiled) -> str:
    """Partner to wallet."""
    book, data = turn.book, event.data
    partner = program.partners.get(data.partner)
    reason = _agree(event, partner.points_in) if partner else "unknown_partner"
    if not reason and tiers.is_full(wallet, program, data.amount):
        reason = "over_tier_balance"
    return reason or book.pay(account_of(book, data.partner, program.name), wallet, data.amount)


def points_out(turn: Turn, event: PointsOut, wallet: Account, program: Compiled) -> str:
    """Wallet to partner."""
    data = event.data
    partner = program.partners.get(data.partner)
    reason = _agree(event, partner.points_out) if partner else "unknown_partner"
    if reason:
        return reason
    if wallet.available < data.amount:
        return "insufficient_balance"
    return turn.book.pay(wallet, account_of(turn.book, data.partner, program.name), data.amount)


def _agree(event: PointsIn | PointsOut, rate: Rate | None) -> str:
    """Return why points and coins may not be exchanged as the event says, '' when they may."""
    if rate is None:
        return "no_rate"
    return "" if rate.holds(event.data.amount, event.data.points) else "wrong_rate"


def account_of(book: Book, partner: str, program: str) -> Account:
    """Return the account of what a partner is owed here."""
    return book.ours(partner_name(partner, program, book.number), "partner", program)


def tell_points(result: Result, data: PointsData, _turn: Turn) -> None:
    """Whose points, and how many."""
    result.counterparty = data.partner
    result.points = data.points


OPERATIONS = (
    Operation(
        event=PointsIn,
        subject=subjects.open_wallet,
        run=points_in,
        facts=tell_points,
        refusals=("unknown_partner", "no_rate", "wrong_rate", "over_tier_balance", "balance_limit"),
    ),
    Operation(
        event=PointsOut,
        subject=subjects.open_wallet,
        run=points_out,
        facts=tell_points,
        refusals=(
            "unknown_partner",
            "no_rate",
            "wrong_rate",
            "insufficient_balance",
            "balance_limit",
        ),
    ),
)
