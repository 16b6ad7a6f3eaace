"""The book: a partition's accounts while one batch is folded, and posting to them.

It knows no rules. An operation first checks everything and then posts, so that an event is applied
whole or not at all. What the book holds at the batch's end is stored together; a book that is
thrown away has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec
from xxhash import xxh3_64_intdigest as hashed

from streams.events import partition_of
from streams.ledger.accounts import (
    BALANCE_MAX,
    Account,
    Kind,
    clearing_name,
    issuer_name,
    kind_of,
    suspense_name,
    unpack,
)
from streams.ledger.results import NO_POSTINGS, Postings

Read: TypeAlias = Callable[[bytes], bytes | None]

_NO_LIMIT = 2**63
PENDING_FACTOR = 0x9E3779B97F4A7C15


class Shard(msgspec.Struct, gc=False):
    """A partition's own record.

    Attributes:
        number: the partition.
        of: how many there are.
        clock_us: the latest time (microseconds since 1970) of an event applied here.
        key: fingerprint of the ledger's first key: with a different one nothing is folded.
    """

    number: int
    of: int
    clock_us: int = 0
    key: str = ""


class Book(dict[str, Account | None]):
    """Accounts by name, read when first asked for; `None` for one that does not exist.

    Args:
        number: the partition.
        partitions: how many there are.
        read: gives a packed record by its key.
        clock_us: the latest time of an event applied before.

    Attributes:
        changed: every account to store, in the order of their first change.
        sent: `(partition, key, value)` of each leg to append to wallet.events.
        strays: offsets of records that belong on another partition.
        key: `event_key` of the event that posts.
        postings: what it has posted so far.
    """

    __slots__ = (
        *("changed", "clock_us", "key", "number", "partitions", "postings", "read", "sent"),
        *("strays", "_clearings", "_issuers"),
    )

    key: bytes
    postings: Postings

    def __init__(self, number: int, partitions: int, read: Read, clock_us: int = 0) -> None:
        super().__init__()
        self.number = number
        self.partitions = partitions
        self.read = read
        self.clock_us = clock_us
        self.changed: dict[str, Account] = {}
        self.sent: list[tuple[int, bytes | None, bytes | None]] = []
        self.strays: set[int] = set()
        self._clearings: dict[str, Account] = {}
        self._issuers: dict[str, Account] = {}

    def __missing__(self, name: str) -> Account | None:
        """Read an account, once per batch."""
        packed = self.read(name.encode())
        account = self[name] = None if packed is None else unpack(name, packed)
        return account

    # -- accounts ------------------------------------------------------------------------------

    def is_elsewhere(self, name: str) -> bool:
        """Return whether an account that does not exist here belongs on another partition."""
        return partition_of(name, self.partitions) != self.number

    def ours(self, name: str, kind: Kind, program: str) -> Account:
        """Return one of the ledger's own accounts; it comes into existence when first posted to."""
        return self[name] or Account(kind, program, name=name)

    def issuer(self, program: str) -> Account:
        """Return the account that mints the program's coins here."""
        issuer = self._issuers.get(program)
        if issuer is None:
            issuer = self.ours(issuer_name(program, self.number), "issuer", program)
            self._issuers[program] = issuer
        return issuer

    def lender_or_borrower(self, name: str, program: str) -> Account:
        """Return a reserve, or an account here that leases from one."""
        if name == issuer_name(program, self.number):
            return self.issuer(program)
        return self.ours(name, kind_of(name), program)

    def clearing(self, program: str) -> Account:
        """Return the account of what is on its way between this partition and others."""
        clearing = self._clearings.get(program)
        if clearing is None:
            clearing = self.ours(clearing_name(program, self.number), "clearing", program)
            self._clearings[program] = clearing
        return clearing

    def suspense(self, program: str) -> Account:
        """Return the account of what a budget or an issuer could not take."""
        return self.ours(suspense_name(program, self.number), "suspense", program)

    def keep(self, account: Account) -> None:
        """Store an account at the batch's end."""
        self[account.name] = self.changed[account.name] = account

    # -- posting -------------------------------------------------------------------------------

    def may_pay(self, payer: Account, payee: Account, amount: int) -> bool:
        """Return whether neither balance would exceed its limit."""
        return payer.posted - amount >= -BALANCE_MAX and payee.posted + amount <= BALANCE_MAX

    def pay(self, payer: Account, payee: Account, amount: int, limit: int = BALANCE_MAX) -> str:
        """Move coins from one account to another, or say that a balance would exceed its limit."""
        payer_posted, payee_posted = payer.posted - amount, payee.posted + amount
        if payer_posted < -limit or payee_posted > limit:
            return "balance_limit"
        key, changed = self.key, self.changed
        payer_name, payer_pending = payer.name, payer.pending
        payee_name, payee_pending = payee.name, payee.pending
        payer.posted, payee.posted = payer_posted, payee_posted
        payer.version = payer_version = payer.version + 1
        payee.version = payee_version = payee.version + 1
        # As `link` has it; most accounts have nothing pending, and this is the hottest place.
        payer.chain = hashed(
            key, payer.chain - amount + (payer_pending and payer_pending * PENDING_FACTOR)
        )
        payee.chain = hashed(
            key, payee.chain + amount + (payee_pending and payee_pending * PENDING_FACTOR)
        )
        changed[payer_name] = payer
        changed[payee_name] = payee
        if payer_version == 1:
            self[payer_name] = payer
        if payee_version == 1:
            self[payee_name] = payee
        posted = Postings(
            (payer_name, payee_name),
            (payer.kind, payee.kind),
            (-amount, amount),
            (payer_posted, payee_posted),
            (payer_version, payee_version),
            (payer_pending, payee_pending),
        )
        self.postings = posted if self.postings is NO_POSTINGS else self.postings.and_then(posted)
        return ""

    def move(self, payer: Account, payee: Account, amount: int) -> None:
        """Move coins from one account to another, whatever the balances."""
        self.pay(payer, payee, amount, _NO_LIMIT)

    def post(self, account: Account) -> None:
        """Post zero coins: what changed is a state, or what is pending."""
        account.version += 1
        account.chain = link(account.chain, self.key, 0, account.pending)
        self.keep(account)
        self.postings = self.postings.and_then(
            Postings(
                (account.name,),
                (account.kind,),
                (0,),
                (account.posted,),
                (account.version,),
                (account.pending,),
            )
        )


def link(chain: int, key: bytes, amount: int, pending: int) -> int:
    """Return an account's chain after a posting by the event of that `event_key`.

    64 bits, and not keyed: it finds what was lost, altered or swapped by accident or by a bug;
    whoever can write the changelog can write the chain as well.

    Args:
        chain: before it.
        key: the event's `event_key`.
        amount: coins posted.
        pending: coins pending after it.
    """
    return hashed(key, chain + amount + pending * PENDING_FACTOR)
