"""What of coins tells of a few people: where fewer than 50 wallets had them.

Coins are told by how many wallets had them, since whoever knows what each was given knows how many
they were. What is still the advertiser's is of nobody, and only hidden where people would follow.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from console.reporting.counts import Counts
from console.reporting.protection import Protection
from console.reporting.suppression import suppress
from console.reporting.viewer import PEOPLE_MIN
from console.reports.basis import QueryLog
from console.reports.coin_cost import NO_PRICE, NO_PRICES, NOBODY
from console.reports.coin_flows import SPLIT, USES, use
from console.reports.days import ALWAYS
from console.reports.populations import populations
from console.reports.refused import REFUSED
from console.settlement.month import NO_END

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clickhouse_connect.driver.client import Client

    from console.reporting.population import Population

OWN = ("defunded", "reserve", "shards", "in_flight", "suspense", "undrawn")  # of nobody
NOBODYS = 10 * PEOPLE_MIN  # stands for the wallets of what nobody has: it is never small
TOLD = ("budget", "funded", "left", "unfunded", *OWN, "in_hand", "waiting", *USES)
ALL = ""  # all campaigns together
NAMED = tuple(what for what in SPLIT if what != "bought")  # items are of too many kinds


def _prepare(client: Client, found: Any) -> Any:
    """Leave out what is of too few wallets, and what gives it away."""
    wallets = _wallets(client, found.campaigns)
    counts = _counts(found, wallets)
    told = suppress(counts)
    refused = tuple(each for each in found.refused if each.people >= PEOPLE_MIN)
    rows = tuple(_row(each, told) for each in found.by_campaign)
    secret = {each.campaign for each in rows if (*_of(each), "given") not in told}
    return replace(
        found,
        places=tuple(_place(each, told) for each in _by_use(found.places)),
        flows=(),
        refused=refused,
        notes=tuple(each for each in found.notes if refused or each is not REFUSED),
        by_campaign=rows,
        cost=tuple(
            _cost(each, is_told=not secret if each.campaign == ALL else each.campaign not in secret)
            for each in found.cost
        ),
    )


def _wallets(client: Client, campaigns: Sequence[str]) -> Counter[tuple[str, ...]]:
    """Return how many wallets had coins of each campaign and program for each use, and name."""
    found: Counter[tuple[str, ...]] = Counter()
    names = list(campaigns)
    for row in QueryLog(client).rows(
        "settlement/caused_coins",
        activities=[],
        campaigns=names,
        drawn=names,
        takers=True,
        program="",
        end=NO_END,
    ):
        of = row["name"], row["program"]
        if not row["operation"]:
            found[*of, "in_hand", ""] += row["wallets"]
            continue
        what, name = use(row, {})
        found[*of, what, name if what in NAMED else ""] += row["wallets"]
        found[*of, "in_hand", ""] -= row["wallets"]  # at most so many have none left
    return found


def _of(each: Any) -> tuple[str, str]:
    return each.campaign, each.program


def _counts(found: Any, wallets: Counter[tuple[str, ...]]) -> Counts:
    counts = Counts()
    for each in found.by_campaign:
        _campaign(counts, each, wallets)
    for program in dict.fromkeys(each.program for each in found.by_campaign):
        own = [_of(each) for each in found.by_campaign if each.program == program]
        places = {(each.place, _name(each)) for each in found.places if each.program == program}
        for key in sorted({(name, "") for name in TOLD} | places):
            parts = [(*of, *_key(*key)) for of in own]
            values = [counts.values[part] for part in parts if part in counts.values]
            whole = (ALL, program, *_key(*key))
            _add(counts, whole, sum(values), own=key[0] not in {"in_hand", "waiting", *USES})
            _sum(counts, whole, [part for part in parts if part in counts.values])
    return counts


def _key(place: str, name: str) -> tuple[str, ...]:
    return (place, name) if name else (place,)


def _name(place: Any) -> str:
    return str(place.name) if place.place in NAMED else ""


def _campaign(counts: Counts, each: Any, wallets: Counter[tuple[str, ...]]) -> None:
    """Add one campaign's: its budget is funded or not, and what was funded is somewhere."""
    of = _of(each)
    for name in OWN:
        _add(counts, (*of, name), NOBODYS * bool(getattr(each, name)), own=True)
    _add(counts, (*of, "unfunded"), NOBODYS * (each.budget != each.funded), own=True)
    for name in ("in_hand", "waiting", *USES):
        named = {key[3]: n for key, n in wallets.items() if key[:3] == (*of, name)}
        parts: list[tuple[str, ...]] = (
            [(*of, *_key(name, own)) for own in sorted(named)] if name in NAMED else []
        )
        for part, own in zip(parts, sorted(named), strict=False):
            _add(counts, part, max(1, named[own]))
        people = sum(counts.values[part] for part in parts) if parts else max(1, named.get("", 1))
        _add(counts, (*of, name), people if getattr(each, name) else 0)
        if parts and getattr(each, name):
            _sum(counts, (*of, name), parts)
    people_have: list[tuple[str, ...]] = [(*of, name) for name in ("in_hand", "waiting", *USES)]
    for whole, all_of in (
        ("given", [*people_have, (*of, "undrawn")]),
        ("left", [(*of, name) for name in ("reserve", "shards", "in_flight")]),
        ("funded", [*people_have, *((*of, name) for name in OWN)]),
        ("budget", [(*of, "funded"), (*of, "unfunded")]),
    ):
        value = sum(counts.values[part] for part in all_of)
        _add(counts, (*of, whole), value, own=whole != "given")
        _sum(counts, (*of, whole), all_of)
        counts.kept.add((*of, whole))


def _add(counts: Counts, key: tuple[str, ...], people: int, *, own: bool = False) -> None:
    counts.values[key], counts.least[key] = people, 0 if own else PEOPLE_MIN
    counts.shown.add(key)


def _sum(counts: Counts, whole: tuple[str, ...], parts: Sequence[tuple[str, ...]]) -> None:
    counts.equations.append({whole: -1, **dict.fromkeys(parts, 1)})


def _row(each: Any, told: set[Any]) -> Any:
    """Return a campaign's row with what is told of it; of what came back, that it is nothing."""
    left: dict[str, Any] = {
        field.name: getattr(each, field.name)
        if (*_of(each), field.name) in told
        or field.name in {"campaign", "advertiser", "program", "announced"}
        else None
        for field in fields(each)
    }
    return replace(each, **left)


def _by_use(places: Sequence[Any]) -> Iterator[Any]:
    """Yield places, all items bought together."""
    bought: dict[str, Any] = {}
    for each in places:
        if each.place != "bought":
            yield each
        else:
            before = bought.get(each.program)
            coins = each.coins + (before.coins if before else 0)
            bought[each.program] = replace(each, name="", coins=coins)
    yield from bought.values()


def _place(each: Any, told: set[Any]) -> Any:
    key = (ALL, each.program, *_key(each.place, _name(each)))
    return replace(
        each, coins=each.coins if key in told or not each.coins else None, granted=None, drawn=None
    )


def _cost(each: Any, *, is_told: bool) -> Any:
    """Return what coins cost; what they caused is told by the report of lift."""
    nothing = (
        *("caused", "caused_low", "caused_high"),
        *("per_caused_cents", "per_caused_low_cents", "per_caused_high_cents"),
    )
    why = tuple(words for words in each.why if words in {NO_PRICE, NO_PRICES, NOBODY})
    left = replace(each, why=why, **dict.fromkeys(nothing))
    return left if is_told else replace(left, cost_cents=None, per_reached_cents=None)


def _populations(client: Client, found: Any) -> Iterator[Population]:
    for each in found.cost:
        if each.reached:
            names = (each.campaign,) if each.campaign else found.campaigns
            yield from populations(
                client, names, ALWAYS, lambda of: () if of == ("contacted", False) else None
            )


PROTECTION: Protection[Any] = Protection(
    counts={"reached": PEOPLE_MIN},
    derived={"per_reached_cents": ("reached",)},
    told=frozenset(
        {
            *("campaigns", "advertiser", "places", "flows", "by_campaign", "basis", "attribution"),
            *("program", "operation", "reason"),  # that it happened to many, not to how many
            *("campaign", "coin_microcents", "cost_cents", "why", "notes", "queries"),
        }
    ),
    prepare=_prepare,
    populations=_populations,
    advertiser="advertiser",
)
