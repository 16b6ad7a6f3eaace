"""Red packets: the first so many claimers draw coins; all on the sender's partition.

A draw depends on the packet's name, how many drew before and the ledger's key, so nobody can
foresee it, and everybody who folds the log again gets the same result.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import msgspec

from streams.events import PacketClaim, PacketExpire, PacketSend, PacketShare
from streams.events.identity import text_hash
from streams.events.times import microseconds
from streams.ledger import subjects, tiers
from streams.ledger.accounts import Account, claim_name, share_name
from streams.ledger.budgets import ask_when_low, no_budget
from streams.ledger.operation import Operation
from streams.ledger.payees import may_be_paid, pay_or_send
from streams.ledger.terms import (
    SOURCES_MAX,
    Packet,
    Share,
    lease_of,
    packed,
    packet_of,
    shares_of,
)
from streams.ledger.trust import GENESIS
from streams.ledger.turn import Found
from streams.ledger.waiting import bring_back

if TYPE_CHECKING:
    from streams.events import PacketClaimData, PacketExpireData, PacketSendData, PacketShareData
    from streams.ledger.book import Book
    from streams.ledger.results import Result
    from streams.ledger.turn import Turn
    from streams.programs.compiled import Compiled

_encode = msgspec.msgpack.Encoder().encode


def send(turn: Turn, event: PacketSend, sender: Account | None, program: Compiled) -> str:
    """Wallet, or a campaign's budget, to packet."""
    book, data = turn.book, event.data
    campaign = data.campaign or ""
    expires_us = microseconds(data.expires)
    if campaign:
        reason = no_budget(book, event.subject, sender, campaign, program.name)
    else:
        reason = subjects.open_wallet(event.subject, sender, program.name)
    reason = reason or _refusal_of_name(book, data.packet)
    if reason or sender is None:
        return reason
    if not campaign and (reason := tiers.refusal_of(turn, sender, program, data.amount)):
        return reason
    if expires_us <= microseconds(event.time):
        return "bad_term"
    if data.amount < data.claims:
        return "too_small"
    if sender.available < data.amount:
        return "budget_exhausted" if campaign else "insufficient_balance"
    packet = Account("packet", program.name, name=data.packet)
    terms = Packet(sender.name, data.mode, data.claims, 0, expires_us, campaign, data.group or "")
    terms.key = turn.trust["ledger"].drawing
    if data.code is not None:
        terms.code = text_hash(data.code)
    packet.terms = packed(terms)
    reason = book.pay(sender, packet, data.amount)
    if campaign:
        ask_when_low(turn, sender, lease_of(sender.terms), campaign)
    elif not reason:
        tiers.count(turn, sender, program, data.amount)
    return reason


def _refusal_of_name(book: Book, name: str) -> str:
    """Return why `name` is not the `packet:<id>@<partition>` of a new packet here, '' when it is.

    An id holds no `@`, so that no two packets have the same account for a claimer.
    """
    packet_id, _, place = name.removeprefix("packet:").partition("@")
    if name != f"packet:{packet_id}@{book.number}" or not packet_id or not place:
        return "wrong_packet"
    return "" if book[name] is None else "already_open"


def share(turn: Turn, event: PacketShare, packet: Account, program: Compiled) -> str:
    """Remember whose share it is; it moves nothing."""
    book = turn.book
    account = book.ours(share_name(packet.name, event.id), "share", program.name)
    shares = shares_of(account.terms)
    if len(shares) >= SOURCES_MAX or any(own.source == event.source for own in shares):
        return "id_in_use"
    if (reason := _is_over(packet, packet_of(packet.terms), event)) != "":
        return reason
    if not may_be_paid(book, event.data.sharer):
        return "unknown_payee"
    shares.append(Share(event.source, event.data.sharer))
    account.terms = packed(shares)
    book.post(account)
    return ""


def _is_over(packet: Account, terms: Packet, event: PacketClaim | PacketShare) -> str:
    if (packet.state == "closed" and terms.left) or microseconds(event.time) >= terms.expires_us:
        return "packet_expired"
    return "" if terms.left else "packet_empty"


def claim(turn: Turn, event: PacketClaim, packet: Account, program: Compiled) -> str:
    """Packet to claimer, once per person; the result says through whose share."""
    book, data = turn.book, event.data
    claimer = data.claimer
    memory = claim_name(packet.name, claimer)
    terms = packet_of(packet.terms)
    is_through = data.share is not None or data.share_source is not None
    shares = _shares_meant(book, event) if is_through else []
    if (reason := _is_for_others(event, terms, shares, is_through=is_through)) != "":
        return reason
    through = shares[0] if shares else None
    if through is not None:
        turn.found = Found(through.source)
    if book[memory] is not None:
        return "already_claimed"
    if (reason := _is_over(packet, terms, event)) != "":
        return reason
    if not may_be_paid(book, claimer):
        return "unknown_payee"
    secret = turn.trust["ledger"].secret(terms.key or GENESIS)  # revoked or not: draws stay
    amount = draw(packet.name, terms, packet.posted, secret)
    reason = pay_or_send(turn, packet, claimer, amount, "claim", program, terms.campaign)
    if reason:
        return reason
    if through is not None and through.sharer != claimer:  # of their own: brought by nobody
        turn.found = Found(through.source, terms.campaign, through.sharer)
    elif terms.campaign:
        turn.found = Found(turn.found.source, terms.campaign)
    terms.left -= 1
    terms.made += 1
    packet.terms = packed(terms)
    if not terms.left:
        packet.state = "closed"
    book.keep(Account("claim", program.name, name=memory))
    return ""


def _shares_meant(book: Book, event: PacketClaim) -> list[Share]:
    """Return the shares that a claim may have come through: none of a source without an id."""
    data = event.data
    account = None if data.share is None else book[share_name(event.subject, data.share)]
    shares = [] if account is None else shares_of(account.terms)
    return [own for own in shares if data.share_source in {None, own.source}]


def _is_for_others(
    event: PacketClaim, terms: Packet, shares: list[Share], *, is_through: bool
) -> str:
    data = event.data
    if terms.group and data.group != terms.group:
        return "wrong_group"
    if is_through and len(shares) != 1:
        return "ambiguous_reference" if shares else "unknown_share"
    if terms.code and not shares and (data.code is None or text_hash(data.code) != terms.code):
        return "wrong_code"
    return ""


def draw(name: str, terms: Packet, remaining: int, secret: bytes) -> int:
    """Return the coins of the next claim: at least one, and at least one left for each after it.

    Equal parts differ by at most one, the smaller ones first. A lucky share is uniform between one
    and twice the mean of what remains. The last takes the rest.
    """
    if terms.left == 1:
        return remaining
    if terms.mode == "equal":
        return remaining // terms.left
    most = min(2 * remaining // terms.left, remaining - (terms.left - 1))
    luck = hmac.digest(secret, _encode([name, terms.made]), "sha256")
    return 1 + int.from_bytes(luck, "big") % most  # 256 bits: the modulo bias is negligible


def expire(turn: Turn, event: PacketExpire, packet: Account, _program: Compiled) -> str:
    """Packet to sender: what nobody claimed."""
    terms = packet_of(packet.terms)
    if packet.state == "closed":
        return "packet_expired" if terms.left else "packet_empty"
    if microseconds(event.time) < terms.expires_us:
        return "not_due"
    packet.state = "closed"
    turn.found = Found(campaign=terms.campaign)
    bring_back(turn, packet, terms.sender, packet.posted)
    return ""


def _tell_send(result: Result, data: PacketSendData, _turn: Turn) -> None:
    result.counterparty = data.packet
    result.campaign = data.campaign or ""


def _tell_share(result: Result, data: PacketShareData, _turn: Turn) -> None:
    result.sharer = data.sharer


def _tell_claim(result: Result, data: PacketClaimData, turn: Turn) -> None:
    result.counterparty = data.claimer
    result.cause = data.share or ""
    result.cause_source = turn.found.source or data.share_source or ""
    result.campaign = turn.found.campaign
    result.sharer = turn.found.sharer


def _tell_expire(result: Result, _data: PacketExpireData, turn: Turn) -> None:
    result.campaign = turn.found.campaign


OPERATIONS = (
    Operation(
        event=PacketSend,
        run=send,
        facts=_tell_send,
        refusals=(
            "reserved_name",
            "wrong_budget",
            "unknown_account",
            "wrong_program",
            "frozen",
            "closed",
            "wrong_packet",
            "already_open",
            "over_tier_transaction",
            "over_tier_day",
            "bad_term",
            "too_small",
            "insufficient_balance",
            "budget_exhausted",
        ),
    ),
    Operation(
        event=PacketShare,
        subject=subjects.packet,
        run=share,
        facts=_tell_share,
        memory=lambda event: share_name(event.subject, event.id),
        refusals=("packet_expired", "packet_empty"),
    ),
    Operation(
        event=PacketClaim,
        subject=subjects.packet,
        run=claim,
        facts=_tell_claim,
        memory=lambda event: claim_name(event.subject, event.data.claimer),
        refusals=(
            "wrong_group",
            "unknown_share",
            "ambiguous_reference",
            "wrong_code",
            "already_claimed",
            "packet_expired",
            "packet_empty",
        ),
    ),
    Operation(
        event=PacketExpire,
        subject=subjects.packet,
        run=expire,
        facts=_tell_expire,
        refusals=("packet_expired", "packet_empty", "not_due"),
    ),
)
