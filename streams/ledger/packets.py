"""Red packets: coins that one sends and the first so many draw from, all on the sender's partition.

A draw depends on the packet's name, how many drew before and the ledger's key, so that nobody can
foresee it and everybody who folds the log again gets the same.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import msgspec

from streams.ledger.accounts import Account, claim_name
from streams.ledger.payees import may_be_paid, pay_or_send
from streams.ledger.terms import Packet, packed, packet_of
from streams.ledger.times import microseconds

if TYPE_CHECKING:
    from streams.events import PacketClaim, PacketExpire, PacketSend
    from streams.ledger.book import Book
    from streams.programs import Program

_encode = msgspec.msgpack.Encoder().encode


def send(book: Book, event: PacketSend, sender: Account, program: Program) -> str:
    """Wallet to packet."""
    data = event.data
    expires_us = microseconds(data.expires)
    if not _is_packet_here(data.packet, book.number):
        return "wrong_packet"
    if book[data.packet] is not None:
        return "already_open"
    if expires_us <= microseconds(event.time):
        return "bad_term"
    if data.amount < data.claims:
        return "too_small"
    if sender.available < data.amount:
        return "insufficient_balance"
    packet = Account("packet", program.name, name=data.packet)
    packet.terms = packed(Packet(sender.name, data.mode, data.claims, 0, expires_us))
    return book.pay(sender, packet, data.amount)


def _is_packet_here(name: str, partition: int) -> bool:
    """Return whether `name` is `packet:<id>@<partition>`.

    An id holds no `@`, so that no two packets have the same account for a claimer.
    """
    packet_id, _, place = name.removeprefix("packet:").partition("@")
    return name == f"packet:{packet_id}@{partition}" and packet_id != "" and place != ""


def claim(book: Book, event: PacketClaim, packet: Account, program: Program) -> str:
    """Packet to claimer, once a person."""
    claimer = event.data.claimer
    memory = claim_name(packet.name, claimer)
    terms = packet_of(packet.terms)
    if book[memory] is not None:
        return "already_claimed"
    if (packet.state == "closed" and terms.left) or microseconds(event.time) >= terms.expires_us:
        return "packet_expired"
    if not terms.left:
        return "packet_empty"
    if not may_be_paid(book, claimer, program.name):
        return "unknown_payee"
    amount = draw(packet.name, terms, packet.posted, book.rules.secret)
    reason = pay_or_send(book, packet, claimer, amount, "claim")
    if reason:
        return reason
    terms.left -= 1
    terms.made += 1
    packet.terms = packed(terms)
    if not terms.left:
        packet.state = "closed"
    book.keep(Account("claim", program.name, name=memory))
    return ""


def draw(name: str, terms: Packet, remaining: int, secret: bytes) -> int:
    """Return the coins of the next claim: at least one, and at least one left for each after it.

    By luck it is uniform between one and twice the mean of what remains; the last takes the rest.
    """
    if terms.left == 1:
        return remaining
    if terms.mode == "equal":
        return remaining // terms.left
    most = min(2 * remaining // terms.left, remaining - (terms.left - 1))
    luck = hmac.digest(secret, _encode([name, terms.made]), "sha256")
    return 1 + int.from_bytes(luck, "big") % most  # 256 bits: what modulo favours is negligible


def expire(book: Book, event: PacketExpire, packet: Account, program: Program) -> str:
    """Packet to sender: what nobody claimed."""
    terms = packet_of(packet.terms)
    if packet.state == "closed":
        return "packet_expired" if terms.left else "packet_empty"
    if microseconds(event.time) < terms.expires_us:
        return "not_due"
    packet.state = "closed"
    book.move(packet, book.taker(terms.sender, program.name, packet.posted), packet.posted)
    return ""
