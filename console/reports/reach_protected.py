"""How the figures of reach and of the list of campaigns relate to people, and to other reports'."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from console.reporting.protection import Days, Implied, Path, Protection, Sum
from console.reporting.viewer import ACTIONS_MIN, PEOPLE_MIN
from console.reports.days import ALWAYS
from console.reports.frequency_protected import repeats
from console.reports.notes import notes
from console.reports.overlapping import overlapping
from console.reports.populations import populations

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from clickhouse_connect.driver.client import Client

    from console.reporting.population import Population

CONTACTED = ("contacted", False)


def purchases(path: Path, count: Path, counted: int, outside: Path, left_out: int) -> Sum:
    """Return that conversions, those left out included, are what the report of sales tells."""
    whole = Implied((*path, "purchases"), counted + left_out, ACTIONS_MIN, is_told=True)
    return Sum(whole, (count, outside))


def _sums(found: Any) -> Iterator[Sum]:
    done, cost = found.conversions, found.cost
    yield repeats(("contacts",), found.contacts, ("reach",), found.reach)
    count: Path = ("conversions", "count")
    yield purchases((), count, done.count, ("conversions", "outside"), done.outside)
    buyers: Path = ("conversions", "people")
    yield _once_each(count, done.count, buyers, done.people)
    yield Sum(("contacts",), (("cost", "contacts_priced"), ("cost", "contacts_unpriced")))
    for n, coins in enumerate(cost.coins):
        at: Path = ("cost", "coins", n)
        yield repeats((*at, "grants"), coins.grants, (*at, "people"), coins.people)
    for n, own in enumerate(found.by_campaign):
        path: Path = ("by_campaign", n)
        yield repeats((*path, "contacts"), own.contacts, (*path, "reach"), own.reach)
        yield _once_each(
            (*path, "conversions"), own.conversions, (*path, "converted"), own.converted
        )
    for name, whole in (("contacts", ("contacts",)), ("conversions", count)):
        yield Sum(whole, tuple(("by_campaign", n, name) for n in range(len(found.by_campaign))))
    for name, of, everybody, least in (
        ("reach", ("reach",), found.reach, PEOPLE_MIN),
        ("converted", buyers, done.people, ACTIONS_MIN),
    ):
        parts = [("by_campaign", n, name) for n in range(len(found.by_campaign))]
        people = [getattr(own, name) for own in found.by_campaign]
        yield from overlapping(of, everybody, parts, people, least)


def _once_each(events: Path, count: int, people: Path, who: int) -> Sum:
    return Sum(events, (people,), rest=None if count == who else ACTIONS_MIN)


def _every_day(found: Any) -> Iterator[Days]:
    rows = range(len(found.by_day))
    names = {"reach": "contacted", "new": "new", "cumulative": "cumulative"}
    of = {name: tuple(("by_day", n, own) for n in rows) for name, own in names.items()}
    yield Days(("reach",), **of)


def _finish(left: Any, whole: Any) -> Any:
    """Leave out whose conversions are whose where others' are among them that are not told.

    Coins that came back are of a few people: they follow from how many grants there were.
    """
    coins = zip(left.cost.coins, whole.cost.coins, strict=True)
    uncounted: Any = {"people": None, "grants": None}
    told = tuple(replace(own, **uncounted) if all_.returned else own for own, all_ in coins)
    left = replace(left, cost=replace(left.cost, coins=told), notes=notes(whole.campaigns))
    left = _without_contacts(left, whole)
    if len(whole.campaigns) == 1 or not whole.conversions.outside:
        return left
    nothing: Any = dict.fromkeys(("conversions", "converted", "value_cents"))
    return replace(left, by_campaign=tuple(replace(own, **nothing) for own in left.by_campaign))


def _without_contacts(left: Any, whole: Any) -> Any:
    """Leave out how often people were contacted, which bounds how many were so so often.

    The report of frequency has both, and tells contacts where they bound nothing too closely.
    """
    rows = tuple(
        own if all_.contacts == all_.reach else replace(own, contacts=None)
        for own, all_ in zip(left.by_campaign, whole.by_campaign, strict=True)
    )
    left = replace(left, by_campaign=rows)
    if whole.contacts == whole.reach:
        return left
    unknown = dict.fromkeys(("contacts_cents", "contacts_priced", "contacts_unpriced"))
    cost = replace(left.cost, **unknown)
    return replace(left, contacts=None, contacts_per_person=None, cost=cost)


def _list_without_contacts(left: Any, whole: Any) -> Any:
    return [
        own if all_.contacts == all_.reach else replace(own, contacts=None)
        for own, all_ in zip(left, whole, strict=True)
    ]


def _populations(client: Client, found: Any) -> Iterator[Population]:
    def days(of: tuple[str, bool]) -> set[Any] | None:
        if of != CONTACTED or found.reach is None:
            return None
        return {on.day for on in found.by_day if on.cumulative is not None}

    yield from populations(client, found.campaigns, ALWAYS, days)
    if len(found.campaigns) > 1:
        for own in found.by_campaign:
            if own.reach is not None:
                yield from _contacted(client, own.campaign)


def _contacted(client: Client, campaign: str) -> Iterator[Population]:
    yield from populations(client, (campaign,), ALWAYS, lambda of: () if of == CONTACTED else None)


REACH: Protection[Any] = Protection(
    counts={
        **dict.fromkeys(("reach", "contacts", "contacted", "new", "cumulative"), PEOPLE_MIN),
        **dict.fromkeys(("contacts_priced", "contacts_unpriced"), PEOPLE_MIN),
        **dict.fromkeys(("coins.people", "grants"), PEOPLE_MIN),
        # Not those of a day: sales of windows, which are watched, would tell of another day's.
        "by_campaign.conversions": ACTIONS_MIN,
        **dict.fromkeys(("converted", "conversions.people", "count", "outside"), ACTIONS_MIN),
    },
    derived={
        "contacts_per_person": ("contacts", "reach"),
        "conversions.value_cents": ("count",),
        "by_campaign.value_cents": ("conversions",),
        "contacts_cents": ("contacts_priced",),
        "coins.net": ("people", "grants"),
    },
    told=frozenset({"campaigns", "campaign", "day", "end", "program", "basis", "among", "queries"}),
    kept=frozenset({"reach", "count"}),
    rows={"by_day": "contacted"},
    sums=_sums,
    days=_every_day,
    finish=_finish,
    populations=_populations,
)


def _list_sums(found: Any) -> Iterator[Sum]:
    for n, own in enumerate(found):
        yield repeats((n, "contacts"), own.contacts, (n, "reach"), own.reach)
        yield purchases(
            (n,),
            (n, "conversions"),
            own.conversions,
            (n, "conversions_outside"),
            own.conversions_outside,
        )


def _list_populations(client: Client, found: Any) -> Iterator[Population]:
    for own in found:
        if own.reach:
            yield from _contacted(client, own.name)


def _without(found: Any, close: Collection[Population]) -> Any:
    names = {each.chosen_by[0][0] for each in close}
    return [replace(own, reach=None, contacts=None) if own.name in names else own for own in found]


CAMPAIGNS: Protection[Any] = Protection(
    counts={
        **dict.fromkeys(("reach", "contacts"), PEOPLE_MIN),
        **dict.fromkeys(("conversions", "conversions_outside"), ACTIONS_MIN),
    },
    derived={"conversions_value_cents": ("conversions",)},
    told=frozenset({"name", "is_described", "advertiser", "title_en", "title_zh", "end", "arms"}),
    kept=frozenset({"reach"}),
    sums=_list_sums,
    finish=_list_without_contacts,
    populations=_list_populations,
    without=_without,
    only=lambda found, own: [each for each in found if each.name in own],
)
