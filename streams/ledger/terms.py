"""What only one kind of account has, packed into its field `terms`.

| kind | terms |
| --- | --- |
| wallet | its open redemptions and orders, a list of `Hold` |
| order | the delivered orders of one id, a list of `Order` |
| budget | of a shard: `Lease` |
| issuer | of a program that has a reserve: `Lease` |
| packet | `Packet` |
| share | the shares of one id, a list of `Share` |
| reward | the sources of the conversions of one id that were rewarded, '' where none was given |
| rules | `Published` |
| keys | `Keyring` |
| deposit | `Saved` |
| waiting | the gifts that wait, and its owner's own coins, a list of `Gift` |
| clearing | 16 bytes per partition: how many legs have come from there and gone there |
"""

from __future__ import annotations

import msgspec

HOLDS_MAX = 16
GIFTS_MAX = 64  # that may wait for a name
SOURCES_MAX = 16  # that may use one id for what an account of their own remembers


class Hold(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Coins of a wallet held for a redemption or an order.

    Attributes:
        key: `event_key` of the event that holds them.
        amount: coins held.
        payee: who gets them: the carrier `unicom`, the merchant as `merchant:tunes`.
        until_us: when a redemption may expire, microseconds since 1970; 0 for an order.
        source: that event's, by which a reference to its id alone is resolved.
    """

    key: bytes
    amount: int
    payee: str
    until_us: int
    source: str


class Order(msgspec.Struct, array_like=True, gc=False):
    """A delivered order.

    Attributes:
        source: of the event that placed it.
        merchant: who was paid.
        amount: coins paid.
        refunded: they went back.
    """

    source: str
    merchant: str
    amount: int
    refunded: bool = False


class Lease(msgspec.Struct, array_like=True, gc=False):
    """How a budget's shard, or an issuer, stands with its reserve.

    Attributes:
        leased: a lease has come, so there is a reserve to ask.
        asked: it has asked for another and had no answer.
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
        code: `text_hash` of the code that a claim must give, or come through a share; b'' for none.
        key: of the ledger's key that draws from it; '' for the first, `k1`.
    """

    sender: str
    mode: str
    left: int
    made: int
    expires_us: int
    campaign: str = ""
    group: str = ""
    code: bytes = b""
    key: str = ""


_PLAIN_FIELDS = 5  # of a packet for anybody: stored as before there were others


class Share(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A share of a packet.

    Attributes:
        source: of the event that made it.
        sharer: whose it is.
    """

    source: str
    sharer: str


class Published(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The rules by which a partition judges a program's events.

    Attributes:
        time_us: when they were published, microseconds since 1970.
        rules: the program's file as JSON.
    """

    time_us: int
    rules: str


class Gift(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Coins that wait for a name.

    Attributes:
        payer: to whom they go back; '' for the name's own, that came back to a wallet which could
            not take them any more.
        source: of the event that sent them; '' for the name's own.
        id: that event's.
        amount: coins.
        since_us: that event's time, microseconds since 1970.
        campaign: whose coins they are.
    """

    payer: str
    source: str
    id: str
    amount: int
    since_us: int
    campaign: str = ""


class Keyring(msgspec.Struct, array_like=True):
    """What a partition's log has said about the keys of a purpose.

    Attributes:
        trusted: by id, the fingerprints of those whose signatures count; '' for `k1`, which is
            there from the first record on.
        revoked: by id, the fingerprints of those whose signatures count no longer.
        signs: the id of the one to sign with.
    """

    trusted: dict[str, str] = msgspec.field(default_factory=lambda: {"k1": ""})
    revoked: dict[str, str] = msgspec.field(default_factory=dict)
    signs: str = "k1"


class Saved(msgspec.Struct, array_like=True, gc=False):
    """The term and fees of a deposit.

    Attributes:
        until_us: when the term is over, microseconds since 1970; 0 when nothing is deposited.
        charged: the last month whose custody fee was taken, or before which none is due, counted
            from January 1970 as 0.
    """

    until_us: int = 0
    charged: int = -1


_encode = msgspec.msgpack.Encoder().encode
_holds = msgspec.msgpack.Decoder(list[Hold]).decode
_lease = msgspec.msgpack.Decoder(Lease).decode
_packet = msgspec.msgpack.Decoder(Packet).decode
_orders = msgspec.msgpack.Decoder(list[Order]).decode
_shares = msgspec.msgpack.Decoder(list[Share]).decode
_sources = msgspec.msgpack.Decoder(list[str]).decode
_gifts = msgspec.msgpack.Decoder(list[Gift]).decode
_published = msgspec.msgpack.Decoder(Published).decode
_saved = msgspec.msgpack.Decoder(Saved).decode
_keyring = msgspec.msgpack.Decoder(Keyring).decode


def holds_of(terms: bytes) -> list[Hold]:
    """Return a wallet's open redemptions and orders."""
    return _holds(terms) if terms else []


def lease_of(terms: bytes) -> Lease:
    """Return how a shard stands with its reserve."""
    return _lease(terms) if terms else Lease()


def packet_of(terms: bytes) -> Packet:
    """Return a packet's sender and rule."""
    return _packet(terms)


def orders_of(terms: bytes) -> list[Order]:
    """Return the delivered orders of one id."""
    return _orders(terms) if terms else []


def shares_of(terms: bytes) -> list[Share]:
    """Return the shares of one id."""
    return _shares(terms) if terms else []


def sources_of(terms: bytes) -> list[str]:
    """Return the sources of the conversions that were rewarded."""
    return _sources(terms) if terms else []


def gifts_of(terms: bytes) -> list[Gift]:
    """Return the coins that wait for a name."""
    return _gifts(terms) if terms else []


def published_of(terms: bytes) -> Published:
    """Return the rules that an account keeps."""
    return _published(terms)


def saved_of(terms: bytes) -> Saved:
    """Return the term and fees of a deposit."""
    return _saved(terms) if terms else Saved()


def keyring_of(terms: bytes) -> Keyring:
    """Return what is known of the keys of a purpose."""
    return _keyring(terms) if terms else Keyring()


def packed(
    terms: list[Hold]
    | list[Order]
    | list[Share]
    | list[Gift]
    | list[str]
    | Lease
    | Packet
    | Saved
    | Published
    | Keyring,
) -> bytes:
    """Return terms as an account keeps them; a wallet without holds keeps nothing."""
    if type(terms) is Packet and not (terms.campaign or terms.group or terms.code or terms.key):
        return _encode(msgspec.structs.astuple(terms)[:_PLAIN_FIELDS])
    return _encode(terms) if terms else b""
