"""What is to happen in a run: clients' records, forgers' copies, and faults, in one list.

A plan is made of a seed alone, and any part of its list is a plan again, which is how a failure is
shrunk. A new type of event is one function here: decorated with its weight, it gives an event.
"""

from __future__ import annotations

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
from streams.ledger.fold import Rules
from streams.ledger.published import sign
from streams.programs import Operation
from tests.streams.ledger_world import VERIFICATION, program, rules_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.events import WalletEvent
    from tests.simulator.run import Simulation

START = datetime(2026, 3, 1, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
DAY_US = 86_400_000_000
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
    secret=b"simulated",
)
# What an operator may publish of the program p: as it is; more for a quiz and coins that never
# expire; no red packets; limits by verification.
PUBLISHED = [
    rules_text(program("p", *get_args(Operation))),
    rules_text(replace(program("p", *get_args(Operation), quiz_max=11), expiry=None)),
    rules_text(program("p", *(name for name in get_args(Operation) if name != "packet_send"))),
    rules_text(replace(program("p", *get_args(Operation)), verification=VERIFICATION)),
]
CAMPAIGNS = ("spring", "autumn", "mixed")  # the last has shards and coins of two programs
CARRIERS = (("unicom", "mobile", "telecom", "radio", "none"), (85, 6, 4, 2, 3))  # with weights
LATELY_MAX = 400
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


class Fault(NamedTuple):
    """Something breaks: at once, or at the next step of the name `point`."""

    index: int
    time_ms: int
    name: str
    point: str
    for_ms: int

    def happen(self, run: Simulation) -> None:
        run.arm(self)


Item: TypeAlias = Record | CopiedLeg | Fault


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
    happenings: list[Item] = []
    for number in range(events):
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
        self.wallets = [f"w:{n}" for n in range(random.choice((4, 12, 60, 200)))]
        self.step = timedelta(seconds=random.choice((5, 30, 120, 600)))
        self.time = START
        self.time_ms = START_MS
        self.count = 0
        self.unopened = list(self.wallets)
        self.events: list[WalletEvent] = []  # what was sent lately
        self.holds: list[Redeem] = []
        self.orders: list[events.OrderPlace] = []
        self.packets: list[str] = []
        self.tiered_packets: list[str] = []
        self.shares: list[events.PacketShare] = []
        self.frozen: list[str] = []
        self.others: list[str] = []  # wallets of the second program
        self.delayed: list[Record] = []

    def next(self) -> Item:
        """Return what is published next, with index 0."""
        random = self.random
        self.time += self.step
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
        """A retry; now and then with other content under the same id."""
        event = self.random.choice(self.events)
        if self.random.random() < 0.1:
            event = msgspec.structs.replace(event, source="another")
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
        return {"id": f"e{self.count}", "source": "client", "time": time, "subject": subject}


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
    packet = f"packet:{head['id']}@{partition_of(head['subject'], clients.partitions)}"
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
    event = Redeem(**clients.head(clients.wallet()), data=data)
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
    head = clients.head(clients.wallet())
    if clients.orders and random.random() < 0.1:
        old = clients.orders[0]
        head |= {"id": old.id, "subject": old.subject}
    event = events.OrderPlace(**head, data=data)
    clients.orders.append(event)
    return event


@sent(weight=12)
def order_end(clients: Clients) -> WalletEvent:
    """Deliver, cancel or refund an order; some of them twice, or one after the other."""
    random = clients.random
    order = random.choice(clients.orders[-40:]) if clients.orders else None
    name = order.id if order and random.random() < 0.97 else "none"
    program = order.data.program if order else clients.programs[0]
    head = clients.head(order.subject if order else clients.wallet())
    chance = random.random()
    if chance < 0.5:
        return events.OrderFulfil(**head, data=events.OrderData(program=program, order=name))
    data = events.OrderStopData(program=program, order=name)
    if chance < 0.7:
        return events.OrderCancel(**head, data=data)
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
    to = clients.wallet() if clients.random.random() < 0.98 else "issuer:p@0"
    data = events.TransferData(program=clients.program(), to=to, amount=clients.amount())
    return Transfer(**clients.head(clients.wallet()), data=data)


@sent(weight=4)
def packet_send(clients: Clients) -> WalletEvent:
    random = clients.random
    sender = clients.wallet()
    where = partition_of(sender, clients.partitions) + (random.random() < 0.03)
    head = clients.head(sender)
    packet = f"packet:{head['id']}@{where}"
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
    packet = f"packet:{head['id']}@{where}"
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
    event = events.PacketShare(**clients.head(packet_of(clients)), data=data)
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
        terms = {"share": share.id}
    if random.random() < 0.4:
        terms |= random.choice(({"group": "family"}, {"code": "open"}, {"group": "b", "code": "c"}))
    data = events.PacketClaimData(program=clients.program(), claimer=clients.wallet(), **terms)
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
    if random.random() < 0.05:
        original = msgspec.structs.replace(original, source="another")
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


@sent(weight=1)
def close(clients: Clients) -> WalletEvent:
    """Close a wallet, and have another ready in its place."""
    random, wallets = clients.random, clients.wallets
    name = clients.wallet()
    if random.random() < 0.5:
        new = f"w:{len(wallets) + clients.count}"
        wallets[wallets.index(name)] = new
        clients.unopened.append(new)
    to = clients.wallet() if random.random() < 0.8 else None
    data = events.CloseData(program=clients.program(), to=to)
    return events.Close(**clients.head(name), data=data)


def forged_leg(clients: Clients) -> Leg:
    """Coins out of nowhere, signed with a guess."""
    random = clients.random
    origin, offset = random.randrange(clients.partitions), clients.count
    step = random.choice(("transfer", "lease", "ack", "declined"))
    subject = clients.wallet()
    if step == "lease":
        subject = f"budget:spring@{random.randrange(clients.partitions)}"
    if step == "ack":
        subject = f"clearing:{clients.programs[0]}@{random.randrange(clients.partitions)}"
    data = events.LegData(
        program=clients.programs[0],
        step=step,
        payer=clients.wallet(),
        amount=1_000,
        cause=random.choice(clients.events).id if clients.events else "none",
        campaign="spring" if step == "lease" else "",
        partition=origin,
        offset=offset,
        number=0,
        signature="0" * 64,
    )
    head = {**clients.head(subject), "id": f"leg:{origin}:{offset}:0"}
    return Leg(**head, data=data)


@sent(weight=1)
def rules(clients: Clients) -> WalletEvent:
    """Publish other rules of the first program; now and then an old event, or not signed so."""
    random = clients.random
    name = clients.programs[0]
    head = clients.head(f"rules:{name}@{random.randrange(clients.partitions)}")
    data = events.RulesData(program=name, rules=random.choice(PUBLISHED), signature="0" * 64)
    event = sign(events.ProgramRules(**head, data=data), RULES.secret)
    if random.random() < 0.1:
        event = msgspec.structs.replace(event, source="another")
    return event


_MAKES = [make for _, make in MAKERS]
_WEIGHTS = [sum(weight for weight, _ in MAKERS[: n + 1]) for n in range(len(MAKERS))]
