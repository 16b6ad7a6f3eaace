"""A small world for ledger tests: partitions in memory, their logs, and legs on their way."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar, get_args

import msgspec

from streams.events import (
    Earn,
    Envelope,
    Fund,
    Grant,
    Leg,
    Open,
    Redeem,
    Transfer,
    WalletEvent,
    decode_wallet,
    encode,
    partition_of,
)
from streams.events.times import microseconds
from streams.ledger.accounts import Account, owner_name, pack, unpack
from streams.ledger.book import Book, Shard
from streams.ledger.fold import fold
from streams.ledger.results import Postings, Result  # noqa: TC001 - a named tuple reads them
from streams.ledger.rules import Rules
from streams.ledger.turn import Turn
from streams.programs import (
    Activity,
    Carrier,
    Charge,
    Coin,
    Deposits,
    Expiry,
    Gate,
    Item,
    Operation,
    Operations,
    Partner,
    Program,
    Rate,
    Redemption,
    Reserve,
    RewardRule,
    Text,
    Tier,
    Verification,
)
from tests import keys
from tests.operations.clients import event_of

E = TypeVar("E", bound=Envelope)

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY_US = 86_400_000_000
NAMED = Text(zh="甲", en="A")
TEST = "made for tests"
TIERS = (Tier(mb=10, coins=5), Tier(mb=30, coins=14))
ALL = Gate(closed="all", assumption=TEST)
OTHERS = Gate(closed="others", assumption=TEST)
VERIFICATION = {
    "none": Verification(
        title=NAMED, transaction_max=40, day_max=70, balance_max=110, assumption=TEST
    ),
    "phone": Verification(
        title=NAMED, transaction_max=80, day_max=150, balance_max=200, assumption=TEST
    ),
    "identity": Verification(title=NAMED, transaction_max=300, assumption=TEST),
}


def program(name: str, *operations: str, quiz_max: int = 10) -> Program:
    return Program(
        name=name,
        title=NAMED,
        owner=NAMED,
        coin=Coin(zh="币", en="coin", unit="coin", assumption=TEST),
        operations=Operations(open=frozenset(operations), assumption=TEST),  # type: ignore[arg-type]
        earn={
            "purchase": Activity(title=NAMED, cents_per_coin=100, assumption=TEST),
            "check-in": Activity(title=NAMED, coins=5, assumption=TEST),
            "game": Activity(title=NAMED, given_max=10**15, assumption=TEST),
            "quiz": Activity(title=NAMED, given_max=quiz_max, assumption=TEST),
            "stamp": Activity(
                title=NAMED, given_max=10, day_max=12, lifetime_max=30, assumption=TEST
            ),
            "badge": Activity(title=NAMED, coins=4, lifetime_max=10, assumption=TEST),
        },
        carriers={
            "unicom": Carrier(title=NAMED, assumption=TEST),
            "mobile": Carrier(title=NAMED, tiers=TIERS, assumption=TEST),
            "telecom": Carrier(title=NAMED, gates=(OTHERS,), coins_per_mb=2, assumption=TEST),
            "radio": Carrier(title=NAMED, gates=(ALL,), assumption=TEST),
        },
        redemption=Redemption(on_last_day=False, assumption=TEST),
        catalogue={
            "comic": Item(title=NAMED, kind="content", price=6, merchant="comics", assumption=TEST),
            "song": Item(title=NAMED, kind="content", price=15, merchant="music", assumption=TEST),
        },
        rewards={
            "purchase": RewardRule(
                title=NAMED,
                once_per="conversion",
                to="buyer",
                percent=10,
                coin_cents=10,
                coins_max=20,
                assumption=TEST,
            ),
            "first": RewardRule(
                title=NAMED, once_per="person", to="buyer", coins=7, assumption=TEST
            ),
            "friend": RewardRule(
                title=NAMED, once_per="person", to="sharer", coins=5, assumption=TEST
            ),
        },
        expiry=None if name == "q" else Expiry(coins="days", days=2, assumption=TEST),
        reserve=Reserve(assumption=TEST) if name == "backed" else None,
        verification=VERIFICATION if name == "tiered" else {},
        deposits=Deposits(
            function_fee=Charge(coins=1, per_mille=50),
            custody_fee=Charge(coins=2),
            term_days=3,
            carrier="unicom",
            assumption=TEST,
        ),
        partners={
            "tianyi": Partner(
                title=NAMED,
                points_in=Rate(coins=2, points=5),
                points_out=Rate(coins=1, points=2),
                assumption=TEST,
            ),
            "air": Partner(title=NAMED, points_in=Rate(coins=1, points=1), assumption=TEST),
            "books": Partner(title=NAMED, points_out=Rate(coins=9, points=1), assumption=TEST),
        },
    )


def rules_text(program: Program) -> str:
    """What `flowdrop programs publish` would publish of a program made for tests."""
    values = msgspec.to_builtins(program)
    del values["later"]
    values["operations"]["open"].sort()  # a set has no order
    return msgspec.json.encode(values, order="sorted").decode()


EVERYTHING = get_args(Operation)
PROGRAMS = {
    "p": program("p", *EVERYTHING),
    "q": program("q", *EVERYTHING),
    "saving": program("saving", "open", "earn"),
    "backed": program("backed", *EVERYTHING),
    "tiered": program("tiered", *EVERYTHING),
}
RULES = Rules(
    PROGRAMS,
    window_us=10 * DAY_US,
    tolerance_us=DAY_US,
    ledger_keys=keys.LEDGER | {"k2": b"\x33" * 32},
    rules_keys=keys.RULES,
)


def at(days: float = 0) -> datetime:
    return START + timedelta(days=days)


class Outcome(NamedTuple):
    """What the fold of one record told and did."""

    result: Result
    changed: dict[str, Account]
    legs: list[Leg]
    clock_us: int

    @property
    def outcome(self) -> str:
        return self.result.outcome

    @property
    def reason(self) -> str:
        return self.result.reason

    @property
    def postings(self) -> Postings:
        return self.result.posting


class World:
    """Partitions of packed accounts; legs wait in order per origin until delivered."""

    def __init__(self, partitions: int = 1, rules: Rules = RULES) -> None:
        self.rules = rules
        self.shards = [Shard(number, partitions) for number in range(partitions)]
        self.accounts: list[dict[str, bytes]] = [{} for _ in self.shards]
        self.logs: list[list[tuple[bytes, int]]] = [[] for _ in self.shards]
        self.outcomes: list[list[Outcome]] = [[] for _ in self.shards]
        self.legs: dict[tuple[int, int], deque[Leg]] = {}
        self.count = 0

    def get(self, name: str) -> Account | None:
        return self.on(partition_of(owner_name(name), len(self.shards)), name)

    def on(self, partition: int, name: str) -> Account | None:
        data = self.accounts[partition].get(name)
        return None if data is None else unpack(name, data)

    def put(self, name: str, account: Account) -> None:
        self.accounts[partition_of(owner_name(name), len(self.shards))][name] = pack(account)

    def change(self, name: str, **fields: Any) -> None:
        account = self.get(name)
        assert account is not None
        self.put(name, msgspec.structs.replace(account, **fields))

    def balance(self, name: str) -> int:
        account = self.get(name)
        return 0 if account is None else account.posted

    def total(self, prefix: str) -> int:
        """The posted coins of one of the ledger's accounts, over all partitions."""
        return sum(self.balance(f"{prefix}@{number}") for number in range(len(self.shards)))

    def send(
        self, event: WalletEvent, *, arrived: datetime | None = None, partition: int | None = None
    ) -> Outcome:
        """Append an event to its partition's log and fold it, as a worker would."""
        if partition is None:
            partition = partition_of(event.subject, len(self.shards))
        arrived_us = microseconds(arrived or event.time)
        return self.fold_record(partition, encode(event), arrived_us)

    def fold_record(self, partition: int, value: bytes, arrived_us: int) -> Outcome:
        shard, accounts = self.shards[partition], self.accounts[partition]
        offset = len(self.logs[partition])
        self.logs[partition].append((value, arrived_us))
        book = Book(
            partition,
            len(self.shards),
            lambda key: accounts.get(key.decode()),
            shard.clock_us,
        )
        before = dict(accounts)
        result = fold(Turn(book, self.rules), decode_wallet(value), offset, arrived_us)
        assert accounts == before
        accounts.update({name: pack(account) for name, account in book.changed.items()})
        shard.clock_us = book.clock_us
        legs = []
        for target, _, sent in book.sent:
            leg = decode_wallet(sent)
            assert isinstance(leg, Leg)
            legs.append(leg)
            self.legs.setdefault((partition, target), deque()).append(leg)
        outcome = Outcome(result, dict(book.changed), legs, book.clock_us)
        self.outcomes[partition].append(outcome)
        return outcome

    def deliver(self, origin: int, target: int) -> Outcome:
        """Append the first leg on its way from `origin` to `target`."""
        leg = self.legs[origin, target].popleft()
        return self.send(leg, partition=target)

    def drain(self) -> list[Outcome]:
        """Deliver every leg, and those that they cause, until none is on its way."""
        outcomes = []
        while waiting := sorted(way for way, legs in self.legs.items() if legs):
            for origin, target in waiting:
                outcomes += [
                    self.deliver(origin, target) for _ in range(len(self.legs[origin, target]))
                ]
        return outcomes

    def new_id(self) -> str:
        self.count += 1
        return f"e{self.count}"

    # -- events in a word ------------------------------------------------------------------

    def head(self, subject: str, time: datetime | None, event_id: str | None) -> dict[str, Any]:
        return {
            "id": event_id or self.new_id(),
            "source": "test",
            "time": time or START,
            "subject": subject,
        }

    def open(self, name: str, **more: Any) -> Open:
        return self.make(Open, name, **more)

    def earn(self, name: str, activity: str = "game", **more: Any) -> Earn:
        return self.make(Earn, name, activity=activity, **more)

    def fund(self, subject: str, amount: int, *, campaign: str = "spring", **more: Any) -> Fund:
        return self.make(Fund, subject, campaign=campaign, amount=amount, **more)

    def grant(self, name: str, amount: int, *, campaign: str = "spring", **more: Any) -> Grant:
        return self.make(Grant, name, campaign=campaign, amount=amount, **more)

    def redeem(self, name: str, amount: int, *, carrier: str = "unicom", **more: Any) -> Redeem:
        return self.make(Redeem, name, carrier=carrier, amount=amount, **more)

    def transfer(self, name: str, to: str, amount: int, **more: Any) -> Transfer:
        return self.make(Transfer, name, to=to, amount=amount, **more)

    def make(  # any type of event, its data's fields by name
        self,
        kind: type[E],
        subject: str,
        *,
        program: str = "p",
        time: datetime | None = None,
        event_id: str | None = None,
        **fields: Any,
    ) -> E:
        return event_of(kind, self.head(subject, time, event_id), program=program, **fields)


def world_with(*names: str, coins: int = 100, partitions: int = 1) -> World:
    """A world in which each of `names` has a wallet of program p with so many coins."""
    world = World(partitions)
    for name in names:
        assert world.send(world.open(name)).outcome == "applied"
        if coins:
            assert world.send(world.earn(name, amount=coins)).outcome == "applied"
    return world


def of_source(source: str, event: E) -> E:
    """The same event, of another source."""
    return msgspec.structs.replace(event, source=source)


def name_on(partition: int, partitions: int, start: int = 0) -> str:
    """A wallet's name that lives on `partition`."""
    return next(
        f"w:{number}"
        for number in range(start, start + 10_000)
        if partition_of(f"w:{number}", partitions) == partition
    )
