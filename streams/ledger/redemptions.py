"""Redemptions: coins to a carrier, at once, or held until the carrier has answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import Redeem, RedeemExpire, RedeemFail, RedeemSettle
from streams.events.times import microseconds
from streams.ledger import subjects, tiers
from streams.ledger.accounts import carrier_name, kind_of
from streams.ledger.holds import give_back, hold, holds_meant, pay_out
from streams.ledger.operation import Operation
from streams.ledger.turn import Found

if TYPE_CHECKING:
    from streams.events import HeldData, RedeemData
    from streams.ledger.accounts import Account
    from streams.ledger.book import Book
    from streams.ledger.results import Result
    from streams.ledger.terms import Hold
    from streams.ledger.turn import Turn
    from streams.programs.compiled import Compiled


def redeem(turn: Turn, event: Redeem, wallet: Account, program: Compiled) -> str:
    """Wallet to carrier; with `until` the coins are held instead. The result reports the data."""
    data = event.data
    coin_mb = program.plain.get(data.carrier)
    if coin_mb is None and (reason := _refused_at_carrier(event, program)):
        return reason
    if program.tiers and (reason := tiers.refusal_of(turn, wallet, program, data.amount)):
        return reason
    if data.until is not None:
        until_us = microseconds(data.until)
        if until_us <= microseconds(event.time):
            return "bad_term"
        reason = hold(turn, wallet, data.amount, data.carrier, until_us)
    elif wallet.available < data.amount:
        reason = "insufficient_balance"
    else:
        reason = turn.book.pay(wallet, _carrier(turn.book, data.carrier, program.name), data.amount)
    if reason:
        return reason
    if program.tiers:
        tiers.count(turn, wallet, program, data.amount)
    if coin_mb is None:
        turn.mb = program.carriers[data.carrier].megabytes(data.amount)
    elif coin_mb:
        turn.mb = data.amount
    return ""


def _refused_at_carrier(event: Redeem, program: Compiled) -> str:
    data = event.data
    carrier = program.carriers.get(data.carrier)
    if carrier is None:
        return "unknown_carrier"
    if carrier.is_closed_to(data.network or data.carrier, data.carrier):
        return "carrier_closed"
    if not program.may_redeem_on(event.time):
        return "last_day"
    return "" if carrier.has_price(data.amount) else "no_such_tier"


def settle(turn: Turn, event: RedeemSettle, wallet: Account, program: Compiled) -> str:
    """Pay the carrier with the coins held for it."""
    held = _held(turn, event, wallet)
    if isinstance(held, str):
        return held
    return pay_out(turn, wallet, held, _carrier(turn.book, held.payee, program.name))


def fail(turn: Turn, event: RedeemFail, wallet: Account, _program: Compiled) -> str:
    """Give the held coins back."""
    held = _held(turn, event, wallet)
    if isinstance(held, str):
        return held
    return give_back(turn, wallet, held)


def expire(turn: Turn, event: RedeemExpire, wallet: Account, _program: Compiled) -> str:
    """Give the held coins back once their time is over."""
    held = _held(turn, event, wallet)
    if isinstance(held, str):
        return held
    if microseconds(event.time) < held.until_us:
        return "not_due"
    return give_back(turn, wallet, held)


def _held(
    turn: Turn, event: RedeemSettle | RedeemFail | RedeemExpire, wallet: Account
) -> Hold | str:
    """Return the open redemption that is meant, or why there is none."""
    data = event.data
    meant = [
        held
        for held in holds_meant(wallet, data.redemption, data.redemption_source)
        if kind_of(held.payee) != "merchant"
    ]
    if len(meant) != 1:
        return "ambiguous_reference" if meant else "unknown_hold"
    turn.found = Found(meant[0].source)
    return meant[0]


def _carrier(book: Book, carrier: str, program: str) -> Account:
    return book.ours(carrier_name(carrier, program, book.number), "carrier", program)


def tell_redeem(result: Result, data: RedeemData, turn: Turn) -> None:
    """At which carrier, for a number of which network, and how much data."""
    result.carrier = data.carrier
    if data.network is not None:
        result.network = data.network
    result.mb = turn.mb


def _tell_held(result: Result, data: HeldData, turn: Turn) -> None:
    result.cause = data.redemption
    result.cause_source = turn.found.source or data.redemption_source or ""


OPERATIONS = (
    Operation(
        event=Redeem,
        subject=subjects.open_wallet,
        run=redeem,
        facts=tell_redeem,
        refusals=(
            "unknown_carrier",
            "carrier_closed",
            "last_day",
            "no_such_tier",
            "over_tier_transaction",
            "over_tier_day",
            "bad_term",
            "id_in_use",
            "too_many_holds",
            "insufficient_balance",
            "balance_limit",
        ),
    ),
    Operation(
        event=RedeemSettle,
        subject=subjects.any_wallet,
        run=settle,
        facts=_tell_held,
        refusals=("unknown_hold", "ambiguous_reference", "balance_limit"),
    ),
    Operation(
        event=RedeemFail,
        subject=subjects.any_wallet,
        run=fail,
        facts=_tell_held,
        refusals=("unknown_hold", "ambiguous_reference"),
    ),
    Operation(
        event=RedeemExpire,
        subject=subjects.any_wallet,
        run=expire,
        facts=_tell_held,
        refusals=("unknown_hold", "ambiguous_reference", "not_due"),
    ),
)
