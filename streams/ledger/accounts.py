"""Accounts: their kinds, names and packed records."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Kind = Literal[
    "wallet",
    "packet",
    "budget",
    "clearing",
    "carrier",
    "issuer",
    "suspense",
    "claim",
    "merchant",
    "order",
    "partner",
    "share",
    "rules",
    "deposit",
    "fees",
    "reward",
    "reserve",
    "backing",
    "bounced",
    "waiting",
    "keys",
    "aside",
    "undone",
    "missing",
]
State = Literal["open", "frozen", "closed"]

FORMAT = b"\x03"
(_FORMAT,) = FORMAT

# No posted balance is further from zero than this. Every coin is minted by an issuer, so at most
# this many of a program exist per partition, and even on 1,024 partitions no sum, not even that of
# a suspense account that may not refuse, leaves 64 bits.
BALANCE_MAX = 10**15

# Legs a record may have made: a fund of a reserve makes one for each of 1,024 partitions.
LEGS_MAX = 2048

# Kinds whose available balance is never negative; an issuer owes what it minted, a partner what its
# points became, a clearing account what is on its way from elsewhere, the backer the backing, and
# `missing` what forged legs brought that has been spent. (That of an issuer whose program was
# always bound to its reserve isn't either.)
NEVER_NEGATIVE: frozenset[Kind] = frozenset(get_args(Kind)) - {
    *("issuer", "partner", "clearing", "backing", "missing"),
}


class FormatError(ValueError):
    """A record of a format that this version does not read."""

    def __init__(self, version: bytes) -> None:
        super().__init__(
            f"account record of format {version.hex() or 'none'}, this version reads "
            f"{FORMAT.hex()} only; start over with `flowdrop reset`, or run the version that wrote "
            "it"
        )


class Account(msgspec.Struct, array_like=True, gc=False):
    """One account: balances, version, chain, and the events it remembers.

    Attributes:
        kind: what it is.
        program: whose coins it holds.
        posted: coins, in the smallest unit of the program.
        pending: coins of `posted` that are held for something not yet settled.
        version: how many postings it has had; a remembered refusal changes the record only.
        state: `frozen` neither pays nor receives by its own events; `closed` is over.
        chain: running 64-bit hash over the event, amount, pending and order of all postings.
        forgotten_us: the latest time (microseconds) of an event dropped from a full `recent`.
        recent: packed entries of the events that named it as subject, see `recent.py`.
        terms: what only its kind has, packed, see `terms.py`.
        caps: what a wallet has earned by activities that have a limit, packed, see `caps.py`.
        tier: of verification; '' for `none`.
        spent: what left a wallet on each day that has a limit, packed, see `tiers.py`.
        name: its key; not part of the record.
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
    terms: bytes = b""
    caps: bytes = b""
    tier: Literal["", "phone", "identity"] = ""
    spent: bytes = b""
    name: str = ""

    @property
    def available(self) -> int:
        """Coins that may be spent."""
        return self.posted - self.pending

    def takes(self, program: str, amount: int = 0) -> bool:
        """Return whether `amount` coins of `program` sent by someone else may be credited here.

        A frozen wallet receives what others send; only what its owner does is refused.
        """
        return (
            self.kind in {"wallet", "budget", "issuer", "reserve"}
            and self.state != "closed"
            and self.program == program
            and self.posted + amount <= BALANCE_MAX
        )


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Account).decode
_KINDS: dict[str, Kind] = {
    "packet": "packet",
    "budget": "budget",
    "clearing": "clearing",
    "carrier": "carrier",
    "issuer": "issuer",
    "suspense": "suspense",
    "claim": "claim",
    "merchant": "merchant",
    "order": "order",
    "partner": "partner",
    "share": "share",
    "rules": "rules",
    "deposit": "deposit",
    "fees": "fees",
    "reward": "reward",
    "reserve": "reserve",
    "backing": "backing",
    "bounced": "bounced",
    "waiting": "waiting",
    "keys": "keys",
    "aside": "aside",
    "undone": "undone",
    "missing": "missing",
}


def pack(account: Account) -> bytes:
    """Return the record as bytes: the format's version (3), then MessagePack, without the name."""
    record: tuple[object, ...] = (
        account.kind,
        account.program,
        account.posted,
        account.pending,
        account.version,
        account.state,
        account.chain,
        account.forgotten_us,
        account.recent,
        account.terms,
    )
    if account.tier or account.spent:  # few have any, and need the bytes
        record = (*record, account.caps, account.tier, account.spent)
    elif account.caps:
        record = (*record, account.caps)
    return FORMAT + _encode(record)


def unpack(name: str, data: bytes) -> Account:
    """Return the account that `pack` wrote.

    Raises:
        FormatError: when the first byte names a format this version does not read.
    """
    if not data or data[0] != _FORMAT:
        raise FormatError(data[:1])
    account = _decode(data[1:])
    account.name = name
    return account


def kind_of(name: str) -> Kind:
    """Return the kind a name stands for: `budget:spring@3` is a budget, `cj:17` a wallet."""
    prefix, colon, _ = name.partition(":")
    return _KINDS.get(prefix, "wallet") if colon else "wallet"


def issuer_name(program: str, partition: int) -> str:
    """Return the account that mints a program's coins on a partition."""
    return f"issuer:{program}@{partition}"


def reserve_name(campaign: str) -> str:
    """Return the reserve of a campaign's budget, from which its shards lease."""
    return f"budget:{campaign}"


def budget_name(campaign: str, partition: int) -> str:
    """Return the shard of a campaign's budget on a partition."""
    return f"budget:{campaign}@{partition}"


def program_reserve_name(program: str) -> str:
    """Return the reserve that backs a program's coins, from which its issuers lease."""
    return f"reserve:{program}"


def backing_name(program: str, partition: int) -> str:
    """Return the account that owes what backs a program's coins, beside their reserve."""
    return f"backing:{program}@{partition}"


def carrier_name(carrier: str, program: str, partition: int) -> str:
    """Return the account of what a carrier has been given to deliver on a partition."""
    return f"carrier:{carrier}:{program}@{partition}"


def merchant_name(merchant: str, program: str, partition: int) -> str:
    """Return the account of what a merchant has been paid on a partition."""
    return f"merchant:{merchant}:{program}@{partition}"


def partner_name(partner: str, program: str, partition: int) -> str:
    """Return the account of what a partner is owed for its points on a partition."""
    return f"partner:{partner}:{program}@{partition}"


def clearing_name(program: str, partition: int) -> str:
    """Return the account of what is on its way between this partition and others."""
    return f"clearing:{program}@{partition}"


def suspense_name(program: str, partition: int) -> str:
    """Return the account of what came back to a budget or an issuer that could not take it."""
    return f"suspense:{program}@{partition}"


def claim_name(packet: str, claimer: str) -> str:
    """Return the account that remembers that `claimer` has drawn from `packet`."""
    return f"claim:{packet}:{claimer}"


def rules_name(program: str, partition: int) -> str:
    """Return the account that keeps the rules by which a partition judges a program's events."""
    return f"rules:{program}@{partition}"


def keys_name(purpose: str, partition: int) -> str:
    """Return the account that keeps which keys of a purpose a partition trusts."""
    return f"keys:{purpose}@{partition}"


def aside_name(program: str, origin: int, sequence: int, partition: int) -> str:
    """Return the account that remembers a leg that was set aside, and may still come once."""
    return f"aside:{origin}:{sequence}:{program}@{partition}"


def undone_name(key: bytes, partition: int) -> str:
    """Return the account that remembers a forged leg that was undone; `key` is of its signature."""
    return f"undone:{key.hex()}@{partition}"


def missing_name(program: str, partition: int) -> str:
    """Return the account that owes what forged legs brought and could not be taken back."""
    return f"missing:{program}@{partition}"


def deposit_name(wallet: str) -> str:
    """Return the account of what a wallet's owner has deposited."""
    return f"deposit:{wallet}"


def fees_name(program: str, partition: int) -> str:
    """Return the account of the fees that a program has taken on a partition."""
    return f"fees:{program}@{partition}"


def reward_name(key: bytes, wallet: str) -> str:
    """Return the account that remembers a reward; `key` hashes what it is given once for."""
    return f"reward:{key.hex()}:{wallet}"


def bounced_name(key: bytes, wallet: str) -> str:
    """Return the account that remembers a gift sent back; `key` hashes its payer and its names."""
    return f"bounced:{key.hex()}:{wallet}"


def waiting_name(program: str, name: str) -> str:
    """Return the account of the coins that wait for `name` while its wallet can't take them."""
    return f"waiting:{program}:{name}"


def share_name(packet: str, share: str) -> str:
    """Return the account that remembers whose share of `packet` that is."""
    return f"share:{packet}:{share}"


def order_name(key: bytes, wallet: str) -> str:
    """Return the account that remembers a delivered order; `key` is the hash of the order's id.

    The id itself would not do: `a:b` of the wallet `c` and `a` of `b:c` would be one account.
    """
    return f"order:{key.hex()}:{wallet}"


def owner_name(name: str) -> str:
    """Return the account by whose name one is placed on a partition.

    What remembers something of a wallet or a packet lives where that does, whatever its own name.
    """
    match kind_of(name):
        case "deposit":
            return name.removeprefix("deposit:")
        case "order" | "reward" | "bounced" | "waiting":
            return name.split(":", 2)[-1]
        case "claim" | "share":  # claim:packet:<id>@<partition>:<claimer>, the id without an @
            packet, at, rest = name.partition(":")[2].partition("@")
            return packet + at + rest.partition(":")[0]
    return name
