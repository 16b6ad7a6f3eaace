"""What is to happen in a run: clients' records, forgers' copies, and faults, in one list.

A plan is made of a seed alone, and any part of its list is a plan again, which is how a failure is
shrunk. What clients send is all that `tests/operations/` has, and what operators write.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from msgspec.structs import replace

from streams.events import encode, partition_of
from tests.operations import clients
from tests.operations.clients import SOURCES, START
from tests.operations.vocabulary import MAKERS
from tests.operations.wallets import earn, open_wallet
from tests.simulator.operators import OPERATORS, ROTATION, RULES, forged_leg

if TYPE_CHECKING:
    from datetime import datetime

    from streams.events import ChangeOfKey, Leg, WalletEvent
    from streams.ledger.rules import Rules
    from tests.simulator.run import Simulation

START_MS = int(START.timestamp() * 1000)
PAUSES = 0.006  # of happenings that come a month after the one before: what waits is due then
POINTS = (
    *("opened", "restoring", "restored", "fetched", "folded", "taken", "sent"),
    *("unanswered", "committed", "settled", "acknowledged", "joined", "assigned"),
)
_MAKERS = (*MAKERS, *OPERATORS)
_WEIGHTS = list(accumulate(make.weight for make in _MAKERS))


class Record(NamedTuple):
    """A client publishes a record."""

    index: int
    time_ms: int
    key: bytes | None
    value: bytes | None
    partition: int

    def happen(self, run: Simulation) -> None:
        run.publish(self)


class CopiedLeg(NamedTuple):
    """Somebody takes a leg from a log and appends it again; -1: where it stands."""

    index: int
    time_ms: int
    partition: int
    changes: dict[str, object]

    def happen(self, run: Simulation) -> None:
        run.copy_leg(self)


class KeyStep(NamedTuple):
    """An operator changes a key on every partition, a revocation once none signs with it."""

    index: int
    time_ms: int
    step: ChangeOfKey
    about: str

    def happen(self, run: Simulation) -> None:
        run.change_key(self)


class Fault(NamedTuple):
    """Something breaks: at once, or at the next step of the name `point`."""

    index: int
    time_ms: int
    name: str
    point: str
    for_ms: int

    def happen(self, run: Simulation) -> None:
        run.arm(self)


Item: TypeAlias = Record | CopiedLeg | KeyStep | Fault


class Plan(NamedTuple):
    """All that a run is made of; `schedule` seeds who does what when."""

    seed: int
    events: int
    schedule: int
    partitions: int
    workers: int
    rules: Rules
    items: list[Item]


def plan_of(seed: int, events: int) -> Plan:
    """Return the plan of `seed`: `events` records of clients, and the faults between them."""
    random = Random(f"{seed}/{events}")
    partitions = random.choice((1, 2, 3, 3, 4, 6))
    clients = Clients(random, partitions)
    faults = sorted(
        random.randrange(events) for _ in range(3 + min(events, 1_000) // 30 + events // 100)
    )
    rotation = list(zip(sorted(random.sample(range(events), 4)), ROTATION, strict=True))
    happenings: list[Item] = []
    for number in range(events):
        while rotation and rotation[0][0] <= number:
            happenings.append(KeyStep(0, clients.time_ms, *rotation.pop(0)[1]))
        while faults and faults[0] <= number:
            faults.pop(0)
            happenings.append(fault(random, clients.time_ms))
        happenings.append(clients.next())
    items = [item._replace(index=index) for index, item in enumerate(happenings)]
    return Plan(seed, events, 0, partitions, random.choice((1, 2, 2, 3, 4)), RULES, items)


def fault(random: Random, time_ms: int) -> Fault:
    name = random.choices(
        *zip(
            ("crash", 10),
            ("pause", 8),
            ("abort", 3),
            ("lose_commit", 2),
            ("lose_answer", 3),
            ("stray", 3),
            ("late_markers", 2),
            ("stop", 3),
            ("join", 3),
            ("rebalance", 10),
            ("compact", 2),
            strict=True,
        )
    )[0]
    point = random.choice(POINTS) if name in {"crash", "pause"} else ""
    if name == "abort":
        point = "sent"
    return Fault(0, time_ms, name, point, int(random.expovariate(1 / random.choice((100, 2_000)))))


# -- clients --------------------------------------------------------------------------------------


class Clients(clients.Clients):
    """All who write to wallet.events: clients, operators and forgers, some of them badly."""

    def __init__(self, random: Random, partitions: int) -> None:
        super().__init__(random, partitions)
        # Few wallets and no pauses, so that memories get full; else, with pauses, much is due.
        self.pauses = 0.0 if self.few else PAUSES
        self.time_ms = START_MS
        self.undone: list[tuple[Leg, int]] = []
        self.delayed: list[Record] = []
        self.changes: dict[str, datetime] = {}  # of the rules, and from when on

    def next(self) -> Item:
        """Return what is published next, with index 0."""
        random = self.random
        self.time += self.step
        if random.random() < self.pauses:
            self.time += timedelta(days=31)
        self.time_ms = START_MS + (self.time - START) // timedelta(milliseconds=1)
        chance = random.random()
        if chance < 0.02 and self.delayed:
            late = self.delayed.pop(random.randrange(len(self.delayed)))
            return late._replace(time_ms=self.time_ms)
        if chance < 0.03:
            return self.forged()
        if chance < 0.035:
            return self.broken()
        if chance < 0.10 and self.events:
            return self.again()
        event = self.event()
        self.recall(event)
        record = self.record(event)
        if chance > 0.98:  # on its way; another goes first
            self.delayed.append(record)
            return self.next()
        return record

    def record(self, event: WalletEvent) -> Record:
        name = event.subject
        where = partition_of(name, self.partitions)
        if self.random.random() < 0.01:  # another partitioner
            where = self.random.randrange(self.partitions)
        return Record(0, self.time_ms, name.encode(), encode(event), where)

    def event(self) -> WalletEvent:
        if self.unopened and self.random.random() < 0.3:
            return open_wallet(self)
        return self.random.choices(_MAKERS, cum_weights=_WEIGHTS)[0](self)

    def again(self) -> Record:
        """A retry; now and then with other content under the same names, or of another source."""
        event = self.random.choice(self.events)
        chance = self.random.random()
        if chance < 0.1:
            event = replace(event, time=event.time + timedelta(seconds=1))
        elif chance < 0.2:
            event = replace(event, source=self.random.choice(SOURCES))
        return self.record(event)

    def forged(self) -> Item:
        random = self.random
        if random.random() < 0.2:
            return self.record(forged_leg(self))
        here = -1 if random.random() < 0.8 else random.randrange(self.partitions)
        changes: dict[str, object] = {}
        if random.random() < 0.4:
            changes = random.choice(
                [
                    {"amount": random.randint(1, 999)},
                    {"payer": self.wallet()},
                    {"subject": self.wallet()},
                    {"offset": random.randrange(10_000)},
                ]
            )
        return CopiedLeg(0, self.time_ms, here, changes)

    def broken(self) -> Record:
        good = self.record(earn(self))
        value = good.value or b""
        return self.random.choice(
            [
                good._replace(value=None),
                good._replace(value=value[: len(value) // 2]),
                good._replace(key=b"another"),
                good._replace(value=value.replace(b"wallet.earn", b"wallet.mint")),
                good._replace(value=b"\xff" + value),
            ]
        )
