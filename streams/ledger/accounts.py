"""Accounts: their kinds, names and packed records."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["wallet", "packet", "budget", "clearing", "carrier", "issuer", "suspense"]
State = Literal["open", "frozen", "closed"]

FORMAT = b"\x01"

# No posted balance is further from zero than this. Every coin is minted by an issuer, so at most
# this many of a program exist per partition, and even on 1,024 partitions no sum, not even that of
# a suspense account that may not refuse, leaves 64 bits.
BALANCE_MAX = 10**15

# Kinds whose available balance is never negative; an issuer owes what it minted, and a clearing
# account what is on its way from elsewhere.
NEVER_NEGATIVE: frozenset[Kind] = frozenset(
    {"wallet", "packet", "budget", "carrier", "suspense"},
)


class Account(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One account's record: balances, version, chain, and the events it remembers.

    Attributes:
        kind: what it is.
        program: whose coins it holds.
        posted: coins, in the smallest unit of the program.
        pending: coins of `posted` that are held for something not yet settled.
        version: how many postings it has had; a remembered refusal changes the record only.
        state: `frozen` neither pays nor receives by its own events; `closed` is over.
        chain: running 64-bit hash over the event id, amount and order of all postings.
        forgotten_us: the latest time (microseconds) of an event dropped from a full `recent`.
        recent: packed entries of the events that named it as subject, see `recent.py`.
        arrived: clearing only: 8 bytes an origin partition, one more than the highest offset whose
            leg arrived from there.
    """

    kind: Kind
    program: str
    posted: int = 0
    pending: int = 0
    version: int = 0
    state: State = "open"
    chain: int = 0
    forgotten_us: int = 0
    recent: bytes = b""
    arrived: bytes = b""

    @property
    def available(self) -> int:
        """Coins that may be spent."""
        return self.posted - self.pending

    def takes(self, program: str) -> bool:
        """Return whether coins of `program` sent by someone else may be credited here.

        A frozen wallet receives what others send; only what its owner does is refused.
        """
        return self.kind == "wallet" and self.state != "closed" and self.program == program


_encode = msgspec.msgpack.Encoder().encode
_decode_1 = msgspec.msgpack.Decoder(Account).decode
_KINDS: dict[str, Kind] = {
    "packet": "packet",
    "budget": "budget",
    "clearing": "clearing",
    "carrier": "carrier",
    "issuer": "issuer",
    "suspense": "suspense",
}


def pack(account: Account) -> bytes:
    """Return the record as bytes: the format's version (1), then MessagePack."""
    return FORMAT + _encode(account)


def unpack(data: bytes) -> Account:
    """Return the account that `pack` wrote, in this or any earlier format.

    Raises:
        ValueError: when the first byte names a format this version does not know.
    """
    if data[:1] != FORMAT:
        raise ValueError(
            f"account record of format {data[:1].hex() or 'none'}, this version reads 01; "
            "run the version that wrote it, or a newer one"
        )
    return _decode_1(data[1:])


def kind_of(name: str) -> Kind:
    """Return the kind a name stands for: `budget:spring@3` is a budget, `cj:17` a wallet."""
    prefix, colon, _ = name.partition(":")
    return _KINDS.get(prefix, "wallet") if colon else "wallet"


def issuer_name(program: str, partition: int) -> str:
    """Return the account that mints a program's coins on a partition."""
    return f"issuer:{program}@{partition}"


def budget_name(campaign: str, partition: int) -> str:
    """Return the shard of a campaign's budget on a partition."""
    return f"budget:{campaign}@{partition}"


def carrier_name(carrier: str, program: str, partition: int) -> str:
    """Return the account of what a carrier has been given to deliver on a partition."""
    return f"carrier:{carrier}:{program}@{partition}"


def clearing_name(program: str, partition: int) -> str:
    """Return the account of what is on its way between this partition and others."""
    return f"clearing:{program}@{partition}"


def suspense_name(program: str, partition: int) -> str:
    """Return the account of what arrived for a wallet that could not take it."""
    return f"suspense:{program}@{partition}"
