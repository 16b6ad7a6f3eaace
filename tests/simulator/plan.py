"""What is to happen in a run: clients' records, forgers' copies, and faults, in one list.

A plan is made of a seed alone, and any part of its list is a plan again, which is how a failure is
shrunk. A new type of event is one function here: decorated with its weight, it gives an event.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from streams import events
from streams.events import (
    Earn,
    Grant,
    Leg,
    PointsIn,
    PointsOut,
    Redeem,
    Transfer,
    encode,
    partition_of,
)
from streams.ledger.corrections import sign as sign_correction
from streams.ledger.keys import sign as sign_key
from streams.ledger.legs import sign as sign_leg
from streams.ledger.published import sign
from streams.ledger.rules import Rules
from streams.programs import Operation
from tests.streams.ledger_world import VERIFICATION, program, rules_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.events import WalletEvent
    from tests.simulator.run import Simulation

START = datetime(2026, 3, 1, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
DAY_US = 86_400_000_000
LEDGER_KEYS = {"k1": b"simulated", "k2": b"the second", "k3": b"the third"}
RULES = Rules(
    {
        "p": program("p", *get_args(Operation)),
        "q": program("q", *get_args(Operation)),
        "saving": program("saving", "open", "earn"),
        "backed": program("backed", *get_args(Operation)),
        "tiered": program("tiered", *get_args(Operation)),
    },
    window_us=2 * DAY_US,
    tolerance_us=DAY_US // 24,
    ledger_keys=LEDGER_KEYS,
    rules_keys={"k1": b"operator"},
)
# What an operator may have the program p become, by the table and the name of what changes: more
# for a quiz; another check-in; coins that never expire; no red packets; limits by verification.
BECOMES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "quiz": ("earn", "quiz", {"given_max": 11}),
    "check-in": ("earn", "check-in", {"coins": 8}),
    "expiry": ("expiry", "", {}),
    "packets": (
        *("operations", ""),
        {"open": [name for name in get_args(Operation) if name != "packet_send"]},
    ),
    **{f"tier {name}": ("verification", name, {}) for name in VERIFICATION},
}
ROTATION: list[tuple[events.ChangeOfKey, str]] = [
    *(("introduce", "k2"), ("use", "k2"), ("use", "k2"), ("revoke", "k1")),
]
CAMPAIGNS = ("spring", "autumn", "mixed")  # the last has shards and coins of two programs
SOURCES = ("client", "game", "shop", "gateway")  # each numbers its events as it likes
CARRIERS = (("unicom", "mobile", "telecom", "radio", "none"), (85, 6, 4, 2, 3))  # with weights
LATELY_MAX = 400
STRANGERS = 4  # at a time
PAUSES = 0.006  # of happenings that come a month after the one before: what waits is due then
POINTS = (
    *("opened", "restoring", "restored", "fetched", "folded", "taken", "sent"),
    *("unanswered", "committed", "settled", "acknowledged", "joined", "assigned"),
)


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
    step: events.ChangeOfKey
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

MAKERS: list[tuple[int, Callable[[Clients], WalletEvent]]] = []


def sent(weight: int) -> Callable[[Callable[[Clients], WalletEvent]], Any]:
    """Let clients send such events, `weight` times in the sum of all weights."""

    def register(make: Callable[[Clients], WalletEvent]) -> Callable[[Clients], WalletEvent]:
        MAKERS.append((weight, make))
        return make

    return register


class Clients:
    """All who publish to wallet.events. They know no balances; they only recall what they sent.

    Attributes:
        programs: that of nearly all events first, then others, open, half open and unknown.
    """

    programs: tuple[str, ...] = ("p", "q", "saving", "none", "backed", "tiered")

    def __init__(self, random: Random, partitions: int) -> None:
        self.random = random
        self.partitions = partitions
        # Few wallets and no pauses, so that memories get full; else, with pauses, much is due.
        few = random.random() < 0.3
        self.wallets = [f"w:{n}" for n in range(4 if few else random.choice((4, 12, 60, 200)))]
        self.step = timedelta(seconds=random.choice((5, 30) if few else (5, 30, 120, 600)))
        self.pauses = 0.0 if few else PAUSES
        self.time = START
        self.time_ms = START_MS
        self.count = 0
        self.named: dict[str, str] = {}  # by subject the last id that was given to an event of it
        self.unopened = list(self.wallets)
        self.events: list[WalletEvent] = []  # what was sent lately
        self.holds: list[Redeem] = []
        self.orders: list[events.OrderPlace] = []
        self.packets: list[str] = []
        self.tiered_packets: list[str] = []
        self.shares: list[events.PacketShare] = []
        self.frozen: list[str] = []
        self.others: list[str] = []  # wallets of the second program
        # Who get coins before they have a wallet.
        self.strangers = [f"v:{n}" for n in range(STRANGERS)]
        self.closed: list[str] = []
        self.refunded: list[events.OrderPlace] = []  # some of these orders once more
        self.leaving = 0  # how many steps those who leave have taken
        self.left: PointsOut | None = None  # the exchange that is to be taken back from one
        self.reversed: list[Any] = []
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

    def recall(self, event: WalletEvent) -> None:
        """Keep in mind what was sent lately."""
        self.events.append(event)
        for lately in (self.events, self.holds, self.orders, self.packets, self.shares):
            if len(lately) > LATELY_MAX:
                del lately[: self.random.randrange(LATELY_MAX)]

    def record(self, event: WalletEvent) -> Record:
        name = event.subject
        where = partition_of(name, self.partitions)
        if self.random.random() < 0.01:  # another partitioner
            where = self.random.randrange(self.partitions)
        return Record(0, self.time_ms, name.encode(), encode(event), where)

    def event(self) -> WalletEvent:
        if self.unopened and self.random.random() < 0.3:
            return open_wallet(self)
        make = self.random.choices(_MAKES, cum_weights=_WEIGHTS)[0]
        return make(self)

    def again(self) -> Record:
        """A retry; now and then with other content under the same names, or of another source."""
        event = self.random.choice(self.events)
        chance = self.random.random()
        if chance < 0.1:
            event = msgspec.structs.replace(event, time=event.time + timedelta(seconds=1))
        elif chance < 0.2:
            event = msgspec.structs.replace(event, source=self.random.choice(SOURCES))
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

    # -- parts of events ---------------------------------------------------------------------

    def wallet(self) -> str:
        """A wallet: the first ones far more often than the last."""
        wallets = self.wallets
        return wallets[int(len(wallets) * self.random.random() ** 2)]

    def payee(self) -> str:
        """Whom somebody gives coins: now and then one who has no wallet yet."""
        if self.random.random() < 0.85:
            return self.wallet()
        return self.strangers[int(len(self.strangers) * self.random.random() ** 2)]

    def amount(self) -> int:
        return 1 + int(self.random.expovariate(1 / 25))

    def soon(self) -> datetime:
        """A time that comes while this is going on."""
        return self.time + self.step * self.random.randint(-3, 300)

    def program(self) -> str:
        first, *others = self.programs
        return first if self.random.random() < 0.985 else self.random.choice(others)

    def head(self, subject: str) -> dict[str, Any]:
        """What an event begins with; most are of just now, some are late, a few are early."""
        random = self.random
        self.count += 1
        chance = random.random()
        time = self.time
        if chance < 0.9:
            time -= timedelta(seconds=random.randrange(60))
        elif chance < 0.995:
            time -= timedelta(seconds=int(random.expovariate(1 / 60_000)))
        else:
            time += timedelta(seconds=random.randrange(8_000))
        name = f"e{self.count}"
        if random.random() < 0.2:  # perhaps of another source, which knows nothing of the first
            name = self.named.get(subject, name)
        self.named[subject] = name
        source = random.choice(SOURCES)
        return {"id": name, "source": source, "time": time, "subject": subject}

    def twin(self, events: list[Any]) -> dict[str, Any]:
        """An id and subject of long or not long ago, under which another source sends as well."""
        random = self.random
        if not events or random.random() < 0.75:
            return {}
        old = random.choice(events[-8:])
        source = random.choice((old.source, *SOURCES))
        return {"id": old.id, "subject": old.subject, "source": source}

    def source_of(self, event: WalletEvent | None) -> str | None:
        """The source by which an event is referred to: none, its own, or any."""
        own = SOURCES[0] if event is None else event.source
        return self.random.choice((None, None, own, own, self.random.choice(SOURCES)))


def open_wallet(clients: Clients) -> WalletEvent:
    unopened = clients.unopened
    name = unopened.pop() if unopened else clients.wallet()
    if clients.random.random() < 0.01:
        name = "issuer:p@0"
    data = events.OpenData(program=clients.program())
    if data.program == clients.programs[1]:
        clients.others.append(name)
    return events.Open(**clients.head(name), data=data)


@sent(weight=1)
def open_again(clients: Clients) -> WalletEvent:
    return open_wallet(clients)


@sent(weight=24)
def earn(clients: Clients) -> WalletEvent:
    random = clients.random
    activity, basis = random.choice(
        [
            ("purchase", {"spend": random.randrange(random.choice((200, 30_000)))}),
            ("game", {"amount": 4 * clients.amount()}),
            ("game", {"amount": 10**15 if random.random() < 0.05 else clients.amount()}),
            ("quiz", {"amount": random.randint(1, 12)}),
            ("stamp", {"amount": random.randint(1, 11)}),
            ("badge", {}),
            ("check-in", {"spend": 1}),
            ("purchase", {"amount": 1}),
            ("unknown", {"amount": 1}),
        ]
    )
    data = events.EarnData(program=clients.program(), activity=activity, **basis)
    return Earn(**clients.head(clients.wallet()), data=data)


def budget_of(clients: Clients) -> tuple[str, str]:
    """A campaign, and its reserve or a shard; now and then they don't belong together."""
    random = clients.random
    campaign = random.choice(CAMPAIGNS)
    shard = f"@{random.randrange(clients.partitions)}" if random.random() < 0.4 else ""
    return (campaign if random.random() < 0.97 else "another"), f"budget:{campaign}{shard}"


@sent(weight=5)
def fund(clients: Clients) -> WalletEvent:
    campaign, subject = budget_of(clients)
    amount = clients.amount() * clients.random.choice((1, 4, 4 * clients.partitions))
    program = (
        clients.random.choice(clients.programs[:2]) if campaign == "mixed" else clients.program()
    )
    data = events.FundData(program=program, campaign=campaign, amount=amount)
    return events.Fund(**clients.head(subject), data=data)


@sent(weight=1)
def defund(clients: Clients) -> WalletEvent:
    campaign, subject = budget_of(clients)
    amount = None if clients.random.random() < 0.3 else clients.amount()
    data = events.DefundData(program=clients.program(), campaign=campaign, amount=amount)
    return events.Defund(**clients.head(subject), data=data)


@sent(weight=16)
def grant(clients: Clients) -> WalletEvent:
    campaign = clients.random.choice(CAMPAIGNS)
    data = events.GrantData(program=clients.program(), campaign=campaign, amount=clients.amount())
    return Grant(**clients.head(clients.wallet()), data=data)


@sent(weight=10)
def reward(clients: Clients) -> WalletEvent:
    """Reward a conversion, the first one, or who brought the person; now and then the wrong way."""
    random = clients.random
    rule = random.choice(("purchase", "first", "friend", "friend", "none"))
    data = events.RewardData(
        program=clients.program(),
        campaign=random.choice(CAMPAIGNS),
        rule=rule,
        conversion=f"conversion-{random.randrange(60)}",
        conversion_source=clients.source_of(None),
        value=random.choice((None, 50, random.randrange(3_000))) if rule == "purchase" else None,
        to=clients.wallet() if (rule == "friend") is (random.random() < 0.95) else None,
    )
    return events.Reward(**clients.head(clients.wallet()), data=data)


@sent(weight=6)
def reserve(clients: Clients) -> WalletEvent:
    """Add to the reserve of the program that is bound to it, or take out what backs nothing."""
    random = clients.random
    program = "backed" if random.random() < 0.95 else clients.program()
    subject = f"reserve:{program}" if random.random() < 0.95 else clients.wallet()
    if random.random() < 0.6:
        amount = clients.amount() * random.choice((1, 4, 4 * clients.partitions))
        data = events.ReserveAddData(program=program, amount=amount)
        return events.ReserveAdd(**clients.head(subject), data=data)
    if random.random() < 0.5:
        subject = f"issuer:{program}@{random.randrange(clients.partitions)}"
    less = events.ReserveRemoveData(
        program=program, amount=None if random.random() < 0.3 else clients.amount()
    )
    return events.ReserveRemove(**clients.head(subject), data=less)


@sent(weight=14)
def backed(clients: Clients) -> WalletEvent:
    """Issue coins of the bound program, or burn some."""
    random = clients.random
    head = clients.head(f"b:{random.randrange(6)}")
    kind = random.choice(("open", "earn", "earn", "earn", "deposit", "fund", "fund", "defund"))
    if kind == "open":
        return events.Open(**head, data=events.OpenData(program="backed"))
    if kind == "earn":
        activity = random.choice(("game", "game", "stamp"))
        amount = random.randint(1, 11) if activity == "stamp" else clients.amount()
        given = events.EarnData(program="backed", activity=activity, amount=amount)
        return Earn(**head, data=given)
    if kind == "deposit":
        data = events.DepositAddData(program="backed", amount=clients.amount())
        return events.DepositAdd(**head, data=data)
    shard = random.choice(("", f"@{random.randrange(clients.partitions)}"))
    head["subject"] = f"budget:winter{shard}"
    if kind == "fund":
        put = events.FundData(program="backed", campaign="winter", amount=clients.amount())
        return events.Fund(**head, data=put)
    taken = events.DefundData(program="backed", campaign="winter", amount=clients.amount())
    return events.Defund(**head, data=taken)


@sent(weight=5)
def verify(clients: Clients) -> WalletEvent:
    """Verify a person, better or less well than before; most of the program whose tiers bind."""
    random = clients.random
    program, name = "tiered", tiered_wallet(clients)
    if random.random() < 0.3:
        program, name = clients.program(), clients.wallet()
    tier = random.choice(("none", "none", "phone", "identity"))
    data = events.VerifyData(program=program, tier=tier, by="telecom")
    return events.Verify(**clients.head(name), data=data)


def tiered_wallet(clients: Clients) -> str:
    return f"t:{clients.random.randrange(6)}"


@sent(weight=10)
def tiered(clients: Clients) -> WalletEvent:
    """Have coins of the program whose tiers bind come into a wallet."""
    random, program = clients.random, "tiered"
    head = clients.head(tiered_wallet(clients))
    kind = random.choice(("open", "earn", "earn", "points", "deposit"))
    if kind == "open":
        return events.Open(**head, data=events.OpenData(program=program))
    if kind == "earn":
        amount = random.randint(1, 11) if random.random() < 0.3 else clients.amount()
        activity = random.choice(("stamp", "game")) if amount <= 10 else "game"
        given = events.EarnData(program=program, activity=activity, amount=amount)
        return Earn(**head, data=given)
    if kind == "points":
        coins = clients.amount()
        come = events.PointsData(program=program, partner="air", points=coins, amount=coins)
        return PointsIn(**head, data=come)
    if random.random() < 0.5:
        saved = events.DepositAddData(program=program, amount=clients.amount())
        return events.DepositAdd(**head, data=saved)
    return events.DepositWithdraw(**head, data=events.DepositEndData(program=program))


@sent(weight=6)
def tiered_given(clients: Clients) -> WalletEvent:
    """Have a campaign give coins of the program whose tiers bind."""
    random = clients.random
    head = clients.head(tiered_wallet(clients))
    what = {"program": "tiered", "campaign": "harvest"}
    kind = random.choice(("fund", "grant", "reward"))
    if kind == "grant":
        return Grant(**head, data=events.GrantData(**what, amount=clients.amount()))
    if kind == "reward":
        to = tiered_wallet(clients)
        data = events.RewardData(**what, rule="friend", conversion="c", to=to)
        return events.Reward(**head, data=data)
    shard = random.choice(("", f"@{random.randrange(clients.partitions)}"))
    head["subject"] = f"budget:harvest{shard}"
    amount = 4 * clients.partitions * clients.amount()
    return events.Fund(**head, data=events.FundData(**what, amount=amount))


@sent(weight=12)
def tiered_leaves(clients: Clients) -> WalletEvent:
    """Give coins of the program whose tiers bind, or redeem them."""
    random, program = clients.random, "tiered"
    head = clients.head(tiered_wallet(clients))
    if random.random() < 0.6:
        to = tiered_wallet(clients)
        given = events.TransferData(program=program, to=to, amount=clients.amount())
        return Transfer(**head, data=given)
    until = clients.soon() if random.random() < 0.5 else None
    data = events.RedeemData(
        program=program, carrier="unicom", amount=clients.amount(), until=until
    )
    event = Redeem(**head, data=data)
    if until is not None:
        clients.holds.append(event)
    return event


@sent(weight=8)
def tiered_packet(clients: Clients) -> WalletEvent:
    """Send and draw from packets of the program whose tiers bind; now and then close a wallet."""
    random, program = clients.random, "tiered"
    head = clients.head(tiered_wallet(clients))
    chance = random.random()
    if chance < 0.05:
        ended = events.CloseData(program=program, to=tiered_wallet(clients))
        return events.Close(**head, data=ended)
    if chance < 0.5 and clients.tiered_packets:
        head["subject"] = random.choice(clients.tiered_packets[-4:])
        drawn = events.PacketClaimData(program=program, claimer=tiered_wallet(clients))
        return events.PacketClaim(**head, data=drawn)
    packet = f"packet:{clients.count}@{partition_of(head['subject'], clients.partitions)}"
    clients.tiered_packets.append(packet)
    put = events.PacketSendData(
        program=program,
        packet=packet,
        amount=2 + clients.amount(),
        claims=2,
        mode="equal",
        expires=head["time"] + clients.step * 300,
    )
    return events.PacketSend(**head, data=put)


@sent(weight=4)
def expire(clients: Clients) -> WalletEvent:
    """Of the first program most; now and then of the second's few wallets."""
    program, other, *_ = clients.programs
    name = clients.wallet()
    if clients.others and clients.random.random() < 0.3:
        program, name = other, clients.random.choice(clients.others)
    head = clients.head(name)
    before = head["time"] - timedelta(days=clients.random.choice((1, 2, 3)))
    data = events.ExpireData(program=program, amount=clients.amount(), before=before)
    return events.Expire(**head, data=data)


@sent(weight=14)
def redeem(clients: Clients) -> WalletEvent:
    random = clients.random
    data = events.RedeemData(
        program=clients.program(),
        carrier=random.choices(*CARRIERS)[0],
        amount=random.choice((5, 14)) if random.random() < 0.2 else clients.amount(),
        until=clients.soon() if random.random() < 0.7 else None,
        network=random.choice(CARRIERS[0]) if random.random() < 0.1 else None,
    )
    name = clients.wallet()
    if data.until is not None and random.random() < 0.35:  # one has many held
        name, data = clients.wallets[0], replace(data, amount=random.randint(1, 3))
    head = clients.head(name)
    if data.until is not None:
        head |= clients.twin(clients.holds)
    event = Redeem(**head, data=data)
    if data.until is not None:
        clients.holds.append(event)
    return event


@sent(weight=10)
def resolve(clients: Clients) -> WalletEvent:
    """Settle, fail or expire a redemption that is held; some of them twice, or both ways."""
    random = clients.random
    kind = random.choice((events.RedeemSettle, events.RedeemFail, events.RedeemExpire))
    held = random.choice(clients.holds[-60:]) if clients.holds else None
    data = events.HeldData(
        program=held.data.program if held else clients.programs[0],
        redemption=held.id if held and random.random() < 0.97 else "none",
        redemption_source=clients.source_of(held),
    )
    return kind(**clients.head(held.subject if held else clients.wallet()), data=data)


@sent(weight=10)
def order_place(clients: Clients) -> WalletEvent:
    """Order from the catalogue; now and then at another price, or under an id of long ago."""
    random = clients.random
    item, price = random.choice((("comic", 6), ("comic", 6), ("song", 15), ("none", 1)))
    quantity = random.choice((1, 1, 1, 2, 3))
    data = events.OrderPlaceData(
        program=clients.program(),
        item=item,
        quantity=quantity,
        amount=price * quantity + (random.random() < 0.03),
    )
    head = clients.head(clients.wallet()) | clients.twin(clients.orders)
    if clients.orders and random.random() < 0.1:
        old = clients.orders[0]
        head |= {"id": old.id, "subject": old.subject, "source": old.source}
    event = events.OrderPlace(**head, data=data)
    clients.orders.append(event)
    return event


@sent(weight=12)
def order_end(clients: Clients) -> WalletEvent:
    """Deliver, cancel or refund an order; some of them twice, or one after the other."""
    random = clients.random
    order = random.choice(clients.orders[-40:]) if clients.orders else None
    if clients.refunded and random.random() < 0.25:
        order = random.choice(clients.refunded[-4:])
    name = order.id if order and random.random() < 0.97 else "none"
    source = clients.source_of(order)
    program = order.data.program if order else clients.programs[0]
    head = clients.head(order.subject if order else clients.wallet())
    chance = random.random()
    if chance < 0.5:
        done = events.OrderData(program=program, order=name, order_source=source)
        return events.OrderFulfil(**head, data=done)
    data = events.OrderStopData(program=program, order=name, order_source=source)
    if chance < 0.7:
        return events.OrderCancel(**head, data=data)
    if order:
        clients.refunded.append(order)
    return events.OrderRefund(**head, data=data)


@sent(weight=10)
def points(clients: Clients) -> WalletEvent:
    """Exchange points; now and then at a rate that is not the partner's, or with a stranger."""
    random = clients.random
    kind, partner, coins, points = random.choice(
        [
            (PointsIn, "tianyi", 2, 5),
            (PointsIn, "tianyi", 2, 5),
            (PointsOut, "tianyi", 1, 2),
            (PointsOut, "tianyi", 1, 2),
            (PointsIn, "air", 1, 1),
            (PointsOut, random.choice(("air", "none")), 1, 1),
            (PointsIn, random.choice(("books", "none")), 9, 1),
        ]
    )
    times = clients.amount()
    data = events.PointsData(
        program=clients.program(),
        partner=partner,
        points=points * times + (random.random() < 0.03),
        amount=coins * times,
    )
    return kind(**clients.head(clients.wallet()), data=data)


@sent(weight=8)
def deposit(clients: Clients) -> WalletEvent:
    """Put by, be charged for a month, take it out, or have it returned."""
    random = clients.random
    program, name = clients.program(), clients.wallet()
    head = clients.head(name)
    chance = random.random()
    if chance < 0.5:
        data = events.DepositAddData(program=program, amount=clients.amount())
        return events.DepositAdd(**head, data=data)
    if chance < 0.7:
        month = random.choice(("2026-02", "2026-03", "2026-03", "2026-04"))
        return events.DepositCustody(
            **head, data=events.DepositCustodyData(program=program, month=month)
        )
    kind = events.DepositWithdraw if chance < 0.85 else events.DepositReturn
    return kind(**head, data=events.DepositEndData(program=program))


@sent(weight=28)
def transfer(clients: Clients) -> WalletEvent:
    to = clients.payee() if clients.random.random() < 0.98 else "issuer:p@0"
    data = events.TransferData(program=clients.program(), to=to, amount=clients.amount())
    return Transfer(**clients.head(clients.wallet()), data=data)


@sent(weight=4)
def packet_send(clients: Clients) -> WalletEvent:
    random = clients.random
    sender = clients.wallet()
    where = partition_of(sender, clients.partitions) + (random.random() < 0.03)
    head = clients.head(sender)
    packet = f"packet:{clients.count}@{where}"
    clients.packets.append(packet)
    terms: dict[str, Any] = {}
    if random.random() < 0.3:
        terms = random.choice(({"group": "family"}, {"code": "open"}, {"group": "b", "code": "c"}))
    data = events.PacketSendData(
        program=clients.program(),
        packet=packet if random.random() < 0.97 else random.choice(clients.packets),
        amount=clients.amount(),
        claims=random.randint(1, 8),
        mode=random.choice(("equal", "lucky")),
        expires=clients.soon(),
        **terms,
    )
    return events.PacketSend(**head, data=data)


@sent(weight=2)
def campaigns_packet_send(clients: Clients) -> WalletEvent:
    """An enterprise's packet, out of its budget: the reserve or a shard."""
    random = clients.random
    campaign, subject = budget_of(clients)
    where = partition_of(subject, clients.partitions)
    head = clients.head(subject)
    packet = f"packet:{clients.count}@{where}"
    clients.packets.append(packet)
    data = events.PacketSendData(
        program=clients.program(),
        packet=packet,
        amount=clients.amount(),
        claims=random.randint(1, 4),
        mode=random.choice(("equal", "lucky")),
        expires=clients.soon(),
        campaign=campaign,
        code=random.choice((None, "open")),
    )
    return events.PacketSend(**head, data=data)


def packet_of(clients: Clients) -> str:
    packets = clients.packets[-12:]
    chance = clients.random.random()
    return clients.random.choice(packets) if packets and chance < 0.98 else "packet:none@0"


@sent(weight=6)
def packet_share(clients: Clients) -> WalletEvent:
    data = events.PacketShareData(program=clients.program(), sharer=clients.wallet())
    head = clients.head(packet_of(clients)) | clients.twin(clients.shares)
    event = events.PacketShare(**head, data=data)
    clients.shares.append(event)
    return event


@sent(weight=22)
def packet_claim(clients: Clients) -> WalletEvent:
    """Draw from a packet, perhaps with what it asks for, perhaps through a share of it."""
    random = clients.random
    packet, terms = packet_of(clients), {}
    share = random.choice(clients.shares[-12:]) if clients.shares else None
    if share is not None and random.random() < 0.3:
        packet = share.subject if random.random() < 0.9 else packet
        terms = {"share": share.id, "share_source": clients.source_of(share)}
    if random.random() < 0.4:
        terms |= random.choice(({"group": "family"}, {"code": "open"}, {"group": "b", "code": "c"}))
    data = events.PacketClaimData(program=clients.program(), claimer=clients.payee(), **terms)
    return events.PacketClaim(**clients.head(packet), data=data)


@sent(weight=5)
def packet_expire(clients: Clients) -> WalletEvent:
    data = events.PacketExpireData(program=clients.program())
    return events.PacketExpire(**clients.head(packet_of(clients)), data=data)


@sent(weight=7)
def reverse(clients: Clients) -> WalletEvent:
    """Take back something sent lately, some of it twice; now and then not as it was sent."""
    random = clients.random
    kinds = (Earn, Grant, Redeem, Transfer, PointsIn, PointsOut)
    lately = [event for event in clients.events[-80:] if isinstance(event, kinds)]
    original = random.choice(lately) if lately else earn(clients)
    if clients.reversed and random.random() < 0.3:
        original = random.choice(clients.reversed[-4:])
    clients.reversed.append(original)
    if random.random() < 0.05:
        original = random.choice(
            (
                msgspec.structs.replace(original, source=random.choice(SOURCES)),
                msgspec.structs.replace(original, time=original.time + timedelta(seconds=1)),
            )
        )
    subject = original.subject if random.random() < 0.97 else clients.wallet()
    data = events.ReverseData(program=original.data.program, original=original)
    return events.Reverse(**clients.head(subject), data=data)


@sent(weight=1)
def freeze(clients: Clients) -> WalletEvent:
    data = events.StopData(program=clients.program())
    name = clients.wallet()
    clients.frozen.append(name)
    return events.Freeze(**clients.head(name), data=data)


@sent(weight=3)
def unfreeze(clients: Clients) -> WalletEvent:
    data = events.StopData(program=clients.program())
    frozen = clients.frozen
    name = frozen.pop(0) if frozen else clients.wallet()
    return events.Unfreeze(**clients.head(name), data=data)


@sent(weight=3)
def close(clients: Clients) -> WalletEvent:
    """Close a wallet, and have another ready in its place.

    What is left goes to another, now and then to one closed before: then it comes back, and waits.
    """
    random, wallets = clients.random, clients.wallets
    name = random.choice(wallets[1:12])
    if random.random() < 0.5:
        new = f"w:{len(wallets) + clients.count}"
        wallets[wallets.index(name)] = new
        clients.unopened.append(new)
    to = clients.payee() if random.random() < 0.8 else None
    if clients.closed and random.random() < 0.3:
        to = random.choice(clients.closed[-8:])
    clients.closed.append(name)
    data = events.CloseData(program=clients.program(), to=to)
    return events.Close(**clients.head(name), data=data)


@sent(weight=8)
def leave(clients: Clients) -> WalletEvent:
    """One after another opens a wallet, exchanges coins and closes it; then these come back."""
    turn, step = divmod(clients.leaving, 6)
    clients.leaving += 1
    program = clients.programs[0]
    head = clients.head(f"l:{turn}")
    if step == 0:
        return events.Open(**head, data=events.OpenData(program=program))
    if step == 1:
        earned = events.EarnData(program=program, activity="game", amount=20)
        return Earn(**head, data=earned)
    if step == 2 or clients.left is None:
        out = events.PointsData(program=program, partner="tianyi", points=4, amount=2)
        clients.left = PointsOut(**head, data=out)
        return clients.left
    if step == 3:
        return events.Close(**head, data=events.CloseData(program=program, to=clients.payee()))
    if step == 4:
        back = events.ReverseData(program=program, original=clients.left)
        return events.Reverse(**head, data=back)
    data = events.WaitingReleaseData(program=program, to=clients.payee())
    return events.WaitingRelease(**head, data=data)


@sent(weight=2)
def stranger_opens(clients: Clients) -> WalletEvent:
    """Somebody opens the wallet for which coins may wait; another takes the place."""
    random, strangers = clients.random, clients.strangers
    name = random.choice(strangers[1:])  # the first never does
    strangers[strangers.index(name)] = f"v:{STRANGERS + clients.count}"
    clients.wallets.append(name)
    return events.Open(**clients.head(name), data=events.OpenData(program=clients.program()))


@sent(weight=5)
def waiting_return(clients: Clients) -> WalletEvent:
    """Have what waited for a stranger go back, mostly before it is due."""
    random = clients.random
    name = random.choice((clients.strangers[0], *clients.strangers))
    if random.random() < 0.05:
        name = clients.wallet()
    data = events.WaitingReturnData(program=clients.program())
    return events.WaitingReturn(**clients.head(name), data=data)


@sent(weight=4)
def waiting_release(clients: Clients) -> WalletEvent:
    """Move what waits for a closed wallet, if anything does, to another."""
    closed = clients.closed[-8:]
    name = clients.random.choice(closed) if closed else clients.wallet()
    data = events.WaitingReleaseData(program=clients.program(), to=clients.payee())
    return events.WaitingRelease(**clients.head(name), data=data)


def forged_leg(clients: Clients) -> Leg:
    """Coins out of nowhere, signed with a guess, or with a stolen key under a high number."""
    random = clients.random
    origin, offset = random.randrange(clients.partitions), clients.count
    step = random.choice(("transfer", "lease", "ack", "declined"))
    subject = clients.wallet()
    if step == "lease":
        subject = f"budget:spring@{random.randrange(clients.partitions)}"
    if step == "ack":
        subject = f"clearing:{clients.programs[0]}@{random.randrange(clients.partitions)}"
    cause = random.choice(clients.events) if clients.events else None
    data = events.LegData(
        program=clients.programs[0],
        step=step,
        payer=clients.wallet(),
        amount=1_000,
        cause=cause.id if cause else "none",
        cause_source=cause.source if cause else "none",
        campaign="spring" if step == "lease" else "",
        partition=origin,
        offset=offset,
        number=0,
        sequence=1_000_000 + clients.count,
        key=random.choice(("k1", "k2", "k9")),
        signature="0" * 64,
    )
    head = {**clients.head(subject), "id": f"leg:{origin}:{offset}:0"}
    leg = Leg(**head, data=data)
    if random.random() < 0.5 and data.key in LEDGER_KEYS:
        return sign_leg(leg, LEDGER_KEYS[data.key])
    return leg


@sent(weight=1)
def correction(clients: Clients) -> WalletEvent:
    """Undo a leg that brought nothing, now and then twice, or one that can't be undone."""
    random = clients.random
    leg = forged_leg(clients)
    data = msgspec.structs.replace(leg.data, step=random.choice(("ack", "ask")), amount=0)
    leg = msgspec.structs.replace(leg, data=data)
    partition = random.randrange(clients.partitions)
    if clients.undone and random.random() < 0.5:
        leg, partition = random.choice(clients.undone)
    clients.undone.append((leg, partition))
    facts = {
        "program": data.program,
        "step": "undo",
        "leg": leg,
        "key": "k1",
        "signature": "0" * 64,
    }
    head = clients.head(f"clearing:{data.program}@{partition}")
    event = events.Correction(**head, data=events.CorrectionData(**facts))
    event = sign_correction(event, RULES.rules_keys["k1"])
    if random.random() < 0.1:
        event = msgspec.structs.replace(event, source="another")
    return event


@sent(weight=1)
def key(clients: Clients) -> WalletEvent:
    """Introduce a key that is known, use one that is not; now and then not signed so."""
    random = clients.random
    step, about = random.choice((("introduce", "k1"), ("use", "k9")))
    head = clients.head(f"keys:ledger@{random.randrange(clients.partitions)}")
    data = events.KeyData(purpose="ledger", step=step, about=about, key="k1", signature="0" * 64)
    event = sign_key(events.KeyChange(**head, data=data), RULES.rules_keys["k1"])
    if random.random() < 0.1:
        event = msgspec.structs.replace(event, source="another")
    return event


def published(changes: dict[str, datetime]) -> str:
    """The rules of the program p, with each of `changes` from its time on."""
    text = rules_text(replace(program("p", *get_args(Operation)), verification=VERIFICATION))
    values = json.loads(text)
    for name in VERIFICATION.keys() - {change.removeprefix("tier ") for change in changes}:
        del values["verification"][name]
    for change, time in changes.items():
        table, name, becomes = BECOMES[change]
        holder, key = (values[table], name) if name else (values, table)
        now, then = holder[key], time.isoformat()
        if table == "verification":
            holder[key] = now | {"from": then}
        else:
            after = [now | becomes | {"from": then}] if becomes else []
            holder[key] = [now | {"until": then}, *after]
    return json.dumps(values)


@sent(weight=1)
def rules(clients: Clients) -> WalletEvent:
    """Publish other rules of the first program; now and then an old event, or not signed so.

    Mostly a change is of a time to come, and stays as it is; some would change the past, and some
    partitions did not hear of the one before.
    """
    random = clients.random
    name = clients.programs[0]
    changes = clients.changes
    if random.random() < 0.6:
        changes.setdefault(random.choice(list(BECOMES)), clients.soon() + 3 * clients.step)
    if random.random() < 0.1:
        changes = changes | {random.choice(list(BECOMES)): clients.soon() - 20 * clients.step}
    head = clients.head(f"rules:{name}@{random.randrange(clients.partitions)}")
    data = events.RulesData(program=name, rules=published(changes), key="k1", signature="0" * 64)
    event = sign(events.ProgramRules(**head, data=data), RULES.rules_keys["k1"])
    if random.random() < 0.1:
        event = msgspec.structs.replace(event, source="another")
    return event


_MAKES = [make for _, make in MAKERS]
_WEIGHTS = [sum(weight for weight, _ in MAKERS[: n + 1]) for n in range(len(MAKERS))]
