"""One event before the ledger: what is fixed, where it happens, what it would do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

import msgspec

from streams.events import Leg  # noqa: TC001 - msgspec reads a struct's annotations
from streams.ledger.accounts import Account, Kind, kind_of
from streams.programs import Program  # noqa: TC001 - likewise

Get: TypeAlias = Callable[[str], Account | None]


class Rules(msgspec.Struct, frozen=True):
    """What is fixed while a ledger runs.

    Attributes:
        programs: by name.
        window_us: microseconds an event may be older than its partition's clock.
        tolerance_us: microseconds an event's time may be after its arrival in the log.
        secret: key that signs legs.
    """

    programs: Mapping[str, Program]
    window_us: int
    tolerance_us: int
    secret: bytes


class Shard(msgspec.Struct, gc=False):
    """A partition's own record.

    Attributes:
        number: the partition.
        of: how many there are.
        clock_us: the latest time (microseconds since 1970) of an event applied here.
    """

    number: int
    of: int
    clock_us: int = 0


class Side(msgspec.Struct, frozen=True, gc=False):
    """One side of a payment: an account's name, and the account as it was before."""

    name: str
    account: Account


class Move(msgspec.Struct, frozen=True, gc=False):
    """Coins added to (or, negative, taken from) an account."""

    side: Side
    amount: int


class Effect(msgspec.Struct, frozen=True, gc=False):
    """What an accepted event does: moves that sum to zero, and legs for other partitions."""

    moves: tuple[Move, ...]
    legs: tuple[Leg, ...] = ()


class Case(msgspec.Struct, frozen=True, gc=False):
    """An event with everything its operation may look at.

    Attributes:
        get: reads an account of this partition.
        shard: the partition.
        rules: what is fixed.
        program: the one that the event names.
        account: the subject's, None when there is none.
        offset: where the event stands in the partition's log.
    """

    get: Get
    shard: Shard
    rules: Rules
    program: Program
    account: Account | None
    offset: int

    def wallet(self, name: str) -> Side | str:
        """Return the subject as an open wallet of the program, or why it is none."""
        account = self.account
        if account is None:
            return "reserved_name" if kind_of(name) != "wallet" else "unknown_account"
        if account.kind != "wallet":
            return "reserved_name"
        if account.program != self.program.name:
            return "wrong_program"
        return Side(name, account) if account.state == "open" else account.state

    def ours(self, name: str, kind: Kind) -> Side:
        """Return one of the ledger's own accounts; it begins to exist when first posted to."""
        return Side(name, self.get(name) or Account(kind, self.program.name))


class Posting(NamedTuple):
    """What one event did to one account; `balance` and `version` are those after it."""

    account: str
    kind: str
    amount: int
    balance: int
    version: int


class Postings(msgspec.Struct, frozen=True, gc=False):
    """The postings of one event as parallel lists, the shape of ClickHouse's `posting.*`.

    Iterating gives one `Posting` after the other.
    """

    account: list[str] = []
    kind: list[str] = []
    amount: list[int] = []
    balance: list[int] = []
    version: list[int] = []

    def __len__(self) -> int:
        return len(self.account)

    def __iter__(self) -> Iterator[Posting]:
        return map(Posting, self.account, self.kind, self.amount, self.balance, self.version)


NO_POSTINGS = Postings()


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What the ledger made of one event.

    Attributes:
        outcome: `applied`, `refused`, or `repeat` (seen before; nothing happens again).
        reason: the refusal's name, '' when applied; of a repeat, that of the first time.
        postings: what was posted; they sum to zero.
        changed: every account to store, by name, together or not at all.
        legs: signed events for other partitions' logs, to append with `changed`.
        time_us: the event's time, microseconds since 1970.
        clock_us: the partition's clock after the event.
    """

    outcome: str
    reason: str
    time_us: int
    clock_us: int
    postings: Postings
    changed: dict[str, Account]
    legs: tuple[Leg, ...] = ()
