"""Clients of the ledger: what they recall of what they sent, and how they choose what they send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from streams.events import OPERATION, Envelope, data_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from streams.events import OrderPlace, PacketShare, PointsOut, Redeem, WalletEvent

E = TypeVar("E", bound=Envelope)
KINDS = {name: kind for kind, name in OPERATION.items()}
_data_of = cache(data_of)

START = datetime(2026, 3, 1, tzinfo=UTC)
CAMPAIGNS = ("spring", "autumn", "mixed")  # the last has shards and coins of two programs
SOURCES = ("client", "game", "shop", "gateway")  # each numbers its events as it likes
LATELY_MAX = 400
STRANGERS = 4  # at a time


def event_of(kind: type[E], head: dict[str, Any], **data: Any) -> E:
    """Return an event with its head, as `Clients.head` gives one, and the fields of its `data`."""
    return kind(**head, data=_data_of(kind)(**data))


def sent(weight: int) -> Callable[[Callable[..., WalletEvent]], Any]:
    """Let clients send what a function makes, `weight` times in the sum of all weights."""

    def weigh(make: Callable[..., WalletEvent]) -> Callable[..., WalletEvent]:
        make.weight = weight  # type: ignore[attr-defined]
        return make

    return weigh


class Clients:
    """All who publish to wallet.events. They know no balances; they only recall what they sent.

    Whoever has them send says by which numbers they choose: a subclass may have fewer wallets,
    other times, or numbers that Hypothesis draws.

    Attributes:
        programs: that of nearly all events first, then others, open, half open and unknown.
        campaigns: those that fund, grant and reward.
        random: by which all is chosen; it may be another one for each event.
        time: now.
        step: the time from one event to the next.
        few: whether there are few wallets, whose memories get full.
    """

    programs: tuple[str, ...] = ("p", "q", "saving", "none", "backed", "tiered")
    campaigns: tuple[str, ...] = CAMPAIGNS

    def __init__(self, random: Random, partitions: int) -> None:
        self.random = random
        self.partitions = partitions
        self.few = few = random.random() < 0.3
        self.wallets = [f"w:{n}" for n in range(4 if few else random.choice((4, 12, 60, 200)))]
        self.step = timedelta(seconds=random.choice((5, 30) if few else (5, 30, 120, 600)))
        self.time = START
        self.count = 0
        self.named: dict[str, str] = {}  # by subject the last id that was given to an event of it
        self.unopened = list(self.wallets)
        self.events: list[WalletEvent] = []  # what was sent lately
        self.holds: list[Redeem] = []
        self.orders: list[OrderPlace] = []
        self.packets: list[str] = []
        self.tiered_packets: list[str] = []
        self.shares: list[PacketShare] = []
        self.frozen: list[str] = []
        self.others: list[str] = []  # wallets of the second program
        # Who get coins before they have a wallet.
        self.strangers = [f"v:{n}" for n in range(STRANGERS)]
        self.closed: list[str] = []
        self.refunded: list[OrderPlace] = []  # some of these orders once more
        self.leaving = 0  # how many steps those who leave have taken
        self.left: PointsOut | None = None  # the exchange that is to be taken back from one
        self.reversed: list[Any] = []

    def make(
        self,
        operation: str,
        /,
        *,
        subject: str = "",
        head: dict[str, Any] | None = None,
        **data: Any,
    ) -> Any:
        """Return an event by the name of its operation and the fields of its `data`.

        It begins with `head`, or with a new one of `subject`, chosen after all the rest.
        """
        return event_of(KINDS[operation], head or self.head(subject), **data)

    def recall(self, event: WalletEvent) -> None:
        """Keep in mind what was sent lately."""
        self.events.append(event)
        for lately in (self.events, self.holds, self.orders, self.packets, self.shares):
            if len(lately) > LATELY_MAX:
                del lately[: self.random.randrange(LATELY_MAX)]

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
