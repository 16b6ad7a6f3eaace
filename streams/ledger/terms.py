"""What only one kind of account has, packed into its field `terms`.

| kind | terms |
| --- | --- |
| wallet | its open redemptions and orders, a list of `Hold` |
| order | `Order` |
| budget | of a shard: `Lease` |
| issuer | of a program that has a reserve: `Lease` |
| packet | `Packet` |
| share | `Share` |
| rules | `Published` |
| deposit | `Saved` |
| clearing | 8 bytes an origin partition: one more than the highest number of a leg from there |
"""

from __future__ import annotations

import msgspec

HOLDS_MAX = 16


class Hold(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Coins of a wallet held for a redemption or an order.

    Attributes:
        key: `key_of` the id of the event that holds them.
        amount: coins held.
        payee: who gets them: the carrier `unicom`, the merchant as `merchant:tunes`.
        until_us: when a redemption may expire, microseconds since 1970; 0 for an order.
    """

    key: bytes
    amount: int
    payee: str
    until_us: int


class Order(msgspec.Struct, array_like=True, gc=False):
    """A delivered order.

    Attributes:
        merchant: who was paid.
        amount: coins paid.
        refunded: they went back.
    """

    merchant: str
    amount: int
    refunded: bool = False


class Lease(msgspec.Struct, array_like=True, gc=False):
    """How a budget's shard, or an issuer, stands with its reserve.

    Attributes:
        leased: a lease has come, so there is a reserve to ask.
        asked: it has asked for another and not heard.
        dry: the last lease was of 0 coins: the reserve has no more.
        chunk: coins of the last lease.
    """

    leased: bool = False
    asked: bool = False
    dry: bool = False
    chunk: int = 0


class Packet(msgspec.Struct, array_like=True, gc=False):
    """A red packet's sender and rule.

    Attributes:
        sender: the wallet that gets back what nobody claims.
        mode: `equal` or `lucky`.
        left: claims that are still to draw.
        made: claims that have drawn.
        expires_us: when it is over, microseconds since 1970.
        campaign: whose budget sent it; '' for a person's.
        group: for its members only; '' for anybody.
        code: `key_of` the code that a claim must give, or come through a share; b'' for none.
    """

    sender: str
    mode: str
    left: int
    made: int
    expires_us: int
    campaign: str = ""
    group: str = ""
    code: bytes = b""


_PLAIN_FIELDS = 5  # of a packet for anybody: stored as before there were others


class Share(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Whose share of a packet it is."""

    sharer: str


class Published(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The rules by which a partition judges a program's events.

    Attributes:
        time_us: when they were published, microseconds since 1970.
        rules: the program's file as JSON.
    """

    time_us: int
    rules: str


class Saved(msgspec.Struct, array_like=True, gc=False):
    """Of what is put by, its term and its fees.

    Attributes:
        until_us: when the term is over, microseconds since 1970; 0 when nothing is put by.
        charged: the last month whose custody fee was taken, or before which none is due, counted
            from January 1970 as 0.
    """

    until_us: int = 0
    charged: int = -1


_encode = msgspec.msgpack.Encoder().encode
_holds = msgspec.msgpack.Decoder(list[Hold]).decode
_lease = msgspec.msgpack.Decoder(Lease).decode
_packet = msgspec.msgpack.Decoder(Packet).decode
_order = msgspec.msgpack.Decoder(Order).decode
_share = msgspec.msgpack.Decoder(Share).decode
_published = msgspec.msgpack.Decoder(Published).decode
_saved = msgspec.msgpack.Decoder(Saved).decode


def holds_of(terms: bytes) -> list[Hold]:
    """Return a wallet's open redemptions and orders."""
    return _holds(terms) if terms else []


def lease_of(terms: bytes) -> Lease:
    """Return how a shard stands with its reserve."""
    return _lease(terms) if terms else Lease()


def packet_of(terms: bytes) -> Packet:
    """Return a packet's sender and rule."""
    return _packet(terms)


def order_of(terms: bytes) -> Order:
    """Return a delivered order."""
    return _order(terms)


def share_of(terms: bytes) -> Share:
    """Return whose share it is."""
    return _share(terms)


def published_of(terms: bytes) -> Published:
    """Return the rules that an account keeps."""
    return _published(terms)


def saved_of(terms: bytes) -> Saved:
    """Return the term and fees of what is put by."""
    return _saved(terms) if terms else Saved()


def packed(terms: list[Hold] | Lease | Packet | Order | Share | Saved | Published) -> bytes:
    """Return terms as an account keeps them; a wallet without holds keeps nothing."""
    if type(terms) is Packet and not (terms.campaign or terms.group or terms.code):
        return _encode(msgspec.structs.astuple(terms)[:_PLAIN_FIELDS])
    return _encode(terms) if terms else b""
