"""How the coins of a budget flowed: from what was announced to where each one is now.

Sums come in by campaign; what is told of several is their sum, for each program alone. A flow that
is negative, and a place to which more or fewer coins came than left it or are there, is a fault.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText
from console.i18n.labels import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Whoever took coins of a wallet, and what that is called; else the operation says.
TAKERS = {"carrier": "redeemed", "merchant": "bought", "partner": "exchanged", "fees": "fees"}
OPERATIONS = {
    "transfer": "gifted",
    "close": "gifted",
    "packet_send": "shared",
    "expire": "expired",
}
OTHERWISE = "otherwise"
USES = ("redeemed", "bought", "gifted", "shared", "expired", "exchanged", "fees", OTHERWISE)
SPLIT = ("redeemed", "bought", "exchanged", OTHERWISE)  # uses told by name
SOURCES = ("granted", "drawn")  # how coins came into wallets
# Where coins may be, in the order shown; the second are only shown where there are any.
PLACES = (
    *("unfunded", "defunded", "reserve", "shards", "in_flight", "suspense"),
    *("undrawn", "in_hand", "waiting", *USES),
)
RARE = {"suspense", "exchanged", OTHERWISE}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Coins of a program's budgets that are in one place now."""

    program: str
    place: str  # one of PLACES
    name: str  # of the carrier, the kind of item, the partner or the operation; '' otherwise
    coins: int
    granted: int | None  # of the coins: granted to people; none where nobody has had them
    drawn: int | None  # of the coins: drawn from the campaigns' red packets


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Coins of a program's budgets that went from one place to the next."""

    program: str
    source: str
    target: str
    coins: int


@dataclass
class Tally:
    """The sums of a program's budgets, of one campaign or several."""

    program: str
    is_announced: bool = False  # whether any campaign's budget was announced
    budget: int = 0  # announced, or funded where that is more
    sums: Counter[str] = field(default_factory=Counter)  # columns of reports/coin_sums
    placed: Counter[str] = field(default_factory=Counter)  # by source: came into open wallets
    spent: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # source, use, name

    def add(self, other: Tally) -> None:
        """Add another campaign's."""
        self.is_announced |= other.is_announced
        self.budget += other.budget
        self.sums.update(other.sums)
        self.placed.update(other.placed)
        self.spent.update(other.spent)

    @property
    def kept(self) -> dict[str, int]:
        """Coins in people's hands or on their way into them, less what came back, by source."""
        sums = self.sums
        return {
            "granted": sums["granted"] - sums["reversed"] - sums["granted_back"],
            "drawn": sums["drawn"] - sums["drawn_back"],
        }

    @property
    def given(self) -> int:
        """Coins given that have not come back, those that may still be drawn included."""
        return sum(self.kept.values()) + self.sums["undrawn"]

    @property
    def left(self) -> int:
        """Coins still in the budget."""
        return sum(self.sums[key] for key in ("reserve", "shards", "in_flight"))

    def used(self, use: str, source: str = "") -> int:
        """Coins that left wallets for a use, of one source or of both."""
        return sum(
            coins
            for (came, what, _), coins in self.spent.items()
            if what == use and source in {"", came}
        )

    def in_hand(self, source: str) -> int:
        """Coins of a source that are still in open wallets."""
        return self.placed[source] - sum(
            coins for (came, *_), coins in self.spent.items() if came == source
        )


def use(row: Mapping[str, Any], kinds: Mapping[str, str]) -> tuple[str, str]:
    """Return for what coins left a wallet, and the name of who or what got them.

    Args:
        row: of settlement/caused_coins.
        kinds: of the items in the program's catalogue.
    """
    known = TAKERS.get(row["taker_kind"])
    if known == "bought":
        return known, kinds.get(row["item"], row["item"])
    if known:
        return known, row["taker"] if known in SPLIT else ""
    known = OPERATIONS.get(row["operation"])
    return (known, "") if known else (OTHERWISE, row["operation"])


def flows(tally: Tally) -> Iterator[Flow]:
    """Yield every flow, also of no coins; a place's name is its use, a colon and the name."""
    sums, kept = tally.sums, tally.kept

    def flow(source: str, target: str, coins: int) -> Flow:
        return Flow(program=tally.program, source=source, target=target, coins=coins)

    if tally.is_announced:
        yield flow("budget", "unfunded", tally.budget - sums["funded"])
        yield flow("budget", "funded", sums["funded"])
    yield flow("funded", "defunded", sums["defunded"])
    yield flow("funded", "reserve", sums["reserve"])
    out = sums["funded"] - sums["defunded"] - sums["reserve"]
    yield flow("funded", "paid_out", out)
    for target in ("shards", "in_flight", "suspense"):
        yield flow("paid_out", target, sums[target])
    yield flow("paid_out", "granted", kept["granted"])
    yield flow("paid_out", "packets", kept["drawn"] + sums["undrawn"])
    yield flow("packets", "undrawn", sums["undrawn"])
    yield flow("packets", "drawn", kept["drawn"])
    for source in SOURCES:
        yield flow(source, "in_hand", tally.in_hand(source))
        yield flow(source, "waiting", sums[f"{source}_waiting"])
        for what in USES:
            yield flow(source, what, tally.used(what, source))
    for what in SPLIT:
        for name in _names(tally, what):
            both = (tally.spent[source, what, name] for source in SOURCES)
            yield flow(what, f"{what}:{name}", sum(both))


def _names(tally: Tally, use: str) -> list[str]:
    return sorted({name for _, what, name in tally.spent if what == use})


def places(tally: Tally) -> Iterator[Place]:
    """Yield where each coin is; together they are the budget, of no program until it is funded."""
    sums = tally.sums
    for place in PLACES if tally.program else PLACES[:1]:
        if place == "unfunded":
            if tally.is_announced:
                yield _place(tally, place, tally.budget - sums["funded"])
        elif place == "in_hand":
            yield _had(tally, place, *map(tally.in_hand, SOURCES))
        elif place == "waiting":
            yield _had(tally, place, *(sums[f"{source}_waiting"] for source in SOURCES))
        elif place in USES:
            for name in _names(tally, place) or ([] if place in RARE else [""]):
                both = (tally.spent[source, place, name] for source in SOURCES)
                yield _had(tally, place, *both, name=name)
        elif sums[place] or place not in RARE:
            yield _place(tally, place, sums[place])


def _place(tally: Tally, place: str, coins: int) -> Place:
    return Place(program=tally.program, place=place, name="", coins=coins, granted=None, drawn=None)


def _had(tally: Tally, place: str, granted: int, drawn: int, *, name: str = "") -> Place:
    return Place(
        program=tally.program,
        place=place,
        name=name,
        coins=granted + drawn,
        granted=granted,
        drawn=drawn,
    )


def faults(tally: Tally, settled: Mapping[str, Any]) -> Iterator[LocalizedText]:
    """Yield what is wrong with the coins of a program, if anything is.

    Args:
        tally: of all campaigns.
        settled: their row of settlement/budget, which tells some of it a second time.
    """
    told = list(flows(tally))
    came, went = Counter[str](), Counter[str]()
    for each in told:
        came[each.target] += each.coins
        went[each.source] += each.coins
        if each.coins < 0:
            yield LocalizedText(
                "{program}: {coins:,} coins went from “{source}” to “{target}”, fewer than none",
                program=tally.program,
                coins=each.coins,
                source=words(each.source),
                target=words(each.target),
            )
    for place in went.keys() & came.keys():
        yield from _unlike(tally, place, came[place], went[place])
    yield from _unlike(tally, "budget", tally.budget, sum(each.coins for each in places(tally)))
    ours = {key: tally.sums[key] for key in ("funded", "defunded", "reserve", "shards")}
    theirs = {key: settled.get(key, 0) for key in ours}
    ours["given"] = tally.given + tally.sums["suspense"]
    theirs["given"] = settled.get("net", 0) - settled.get("other", 0)
    for key, coins in ours.items():
        if coins != theirs[key]:
            yield LocalizedText(
                "{program}: “{place}” is {ours:,} coins here and {theirs:,} by settlement",
                program=tally.program,
                place=words(key),
                ours=coins,
                theirs=theirs[key],
            )


def _unlike(tally: Tally, place: str, came: int, went: int) -> Iterator[LocalizedText]:
    if came != went:
        yield LocalizedText(
            "{program}: {came:,} coins came to “{place}”, {went:,} left it or are there",
            program=tally.program,
            place=words(place),
            came=came,
            went=went,
        )


def words(place: str) -> LocalizedText:
    """Return what a place is called, without the name of who is there."""
    return LocalizedText(LABELS["coins"][place.partition(":")[0]])


def together(tallies: Iterable[Tally]) -> dict[str, Tally]:
    """Return by program the sum of the campaigns'."""
    found: dict[str, Tally] = {}
    for each in tallies:
        found.setdefault(each.program, Tally(each.program)).add(each)
    return dict(sorted(found.items()))
