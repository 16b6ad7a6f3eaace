"""How the figures of reach and frequency relate, so that none tells of a few people."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText
from console.reporting.protection import Days, Implied, Path, Protection, Sum
from console.reporting.viewer import PEOPLE_MIN
from console.reports.days import Window
from console.reports.populations import populations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from clickhouse_connect.driver.client import Client

    from console.reporting.population import Population
    from console.reports.frequency_figures import FrequencyReport

Of = tuple[str, bool]  # a basis: its name, and whether exposures were incentivised
SERVED = {"viewable": "served"}  # whoever was reached by the one was by the other


def _sums(found: FrequencyReport) -> Iterator[Sum]:
    whole = ("population",)
    yield Sum(whole, (("population_known",),), rest=PEOPLE_MIN)
    for n, own in enumerate(found.bases):
        path: Path = ("bases", n)
        yield from _distribution(path, own)
        yield Sum((*path, "reach"), ((*path, "reach_known"), (*path, "reach_unlinked")))
        yield Sum(whole, ((*path, "reach"),), rest=PEOPLE_MIN)
        yield Sum(("population_known",), ((*path, "reach_known"),), rest=PEOPLE_MIN)
        for name in ("priced", "measurable"):
            part, events = (*path, name), getattr(own, name) or 0
            if events > own.impressions:  # more were measured than were in view
                yield Sum(part, ((*path, "impressions"),), rest=PEOPLE_MIN)
            else:
                yield Sum(
                    (*path, "impressions"),
                    (part,),
                    rest=None if events == own.impressions else PEOPLE_MIN,
                )
        yield from _days(path, _of("by_day", found.by_day, own))
        yield from _overlapping(path, _of("by_campaign", found.by_campaign, own), found)
        yield from _parts(path, found, own)
        yield from _invalid(path, found, own)
    for name in ("bases", "by_day", "by_campaign", "parts"):
        rows = getattr(found, name)
        yield from _nested(name, rows)
        for n, row in enumerate(rows):
            yield repeats((name, n, "impressions"), row.impressions, (name, n, "reach"), row.reach)


def repeats(impressions: Path, events: int, reach: Path, people: int) -> Sum:
    """Return how impressions relate to people: those beyond the first of each are of a few, too.

    Where nobody was reached twice they are the same number, and who knows that knows both.
    """
    return Sum(impressions, (reach,), rest=None if events == people else PEOPLE_MIN)


def _invalid(path: Path, found: FrequencyReport, own: Any) -> Iterator[Sum]:
    """Yield how invalid traffic relates to what is left, net of it: both together are gross.

    Ids of invalid traffic may be reached by the rest, too; who is only in the former is not.
    """
    impressions, reach = (*path, "impressions"), (*path, "reach")
    any_rule: Path | None = None
    for n, row in enumerate(found.invalid):
        if _key(row) != _key(own):
            continue
        at: Path = ("invalid", n)
        people, judged = (*at, "people"), (*at, "invalid")
        yield Sum((*at, "reach_net"), (reach,))
        yield Sum((*at, "reach_gross"), (reach,), rest=PEOPLE_MIN)
        yield repeats(judged, row.invalid, people, row.people)
        yield Sum((*at, "gross"), ((*at, "net"), judged))
        if any_rule is None:
            any_rule = at
            yield Sum((*at, "net"), (impressions,))
            continue
        yield Sum((*at, "gross"), ((*any_rule, "gross"),))
        for name in ("people", "invalid"):
            whole, part = getattr(found.invalid[int(any_rule[1])], name), getattr(row, name)
            rest = None if whole == part else PEOPLE_MIN
            yield Sum((*any_rule, name), ((*at, name),), rest=rest)


def _every_day(found: FrequencyReport) -> Iterator[Days]:
    for n, own in enumerate(found.bases):
        if rows := _of("by_day", found.by_day, own):
            of = {
                name: tuple((*row, name) for row in rows) for name in ("reach", "new", "cumulative")
            }
            yield Days(("bases", n, "reach"), **of)


def _key(figures: Any) -> Of:
    return figures.basis, figures.incentivised


def _of(name: str, rows: Sequence[Any], own: Any) -> list[Path]:
    return [(name, n) for n, row in enumerate(rows) if _key(row) == _key(own)]


def _distribution(path: Path, own: Any) -> Iterator[Sum]:
    """Yield how people by how often they were reached relate to each other and to impressions."""
    times = tuple((*path, "reached_times", n) for n in range(len(own.reached_times)))
    plus = tuple((*path, "reach_plus", n) for n in range(len(own.reach_plus)))
    yield Sum((*path, "reach"), times)
    yield Sum((*path, "reach"), (plus[0],))
    yield Sum(plus[-1], (times[-1],))
    for n in range(len(plus) - 1):
        yield Sum(plus[n], (plus[n + 1], times[n]))
    often = own.impressions - sum(n * people for n, people in enumerate(own.reached_times[:-1], 1))
    last = Implied((*path, "impressions of the last"), often, PEOPLE_MIN)
    weights = (*range(1, len(times)), 1)
    yield Sum((*path, "impressions"), (*times[:-1], last), times=weights)
    yield Sum(last, (times[-1],), times=(len(times),), rest=0)  # each of these, so often or more
    if own.reached_times[-1]:  # nor more often than somebody may know that people are reached
        at_most = -(-often // own.reached_times[-1])
        most = Implied(
            (*path, "most impressions of the last"), at_most * own.reached_times[-1], PEOPLE_MIN
        )
        yield Sum(most, (times[-1],), times=(at_most,))
        yield Sum(most, (last,), rest=0)


def _days(whole: Path, days: list[Path]) -> Iterator[Sum]:
    """Yield how days add up: each one's new people are what it adds to those before.

    On the first day everybody is new.
    """
    before: tuple[Path, ...] = ()
    for day in days:
        rest = PEOPLE_MIN if before else None
        yield Sum((*day, "cumulative"), (*before, (*day, "new")))
        yield Sum((*day, "reach"), ((*day, "new"),), rest=rest)
        yield Sum((*day, "cumulative"), ((*day, "reach"),), rest=rest)
        before = ((*day, "cumulative"),)
    if days:
        yield Sum((*whole, "reach"), before)
        yield Sum((*whole, "impressions"), tuple((*day, "impressions") for day in days))


def _overlapping(whole: Path, parts: list[Path], found: FrequencyReport) -> Iterator[Sum]:
    """Yield how parts relate whose people overlap: two of them, and the whole, give what is both's.

    Impressions of all of them add up.
    """
    if not parts:
        return
    reach = [(*part, "reach") for part in parts]
    yield Sum((*whole, "impressions"), tuple((*part, "impressions") for part in parts))
    if len(parts) == 1:
        yield Sum((*whole, "reach"), (reach[0],))
        return
    if len(parts) != 2:  # noqa: PLR2004 - of two, what is both's follows
        for each in reach:
            yield Sum((*whole, "reach"), (each,), rest=PEOPLE_MIN)
        return
    one, other = (getattr(found, str(part[0]))[part[1]].reach for part in parts)
    union = found.bases[int(whole[1])].reach
    first = Implied((*reach[0], "only"), union - other, PEOPLE_MIN)
    second = Implied((*reach[1], "only"), union - one, PEOPLE_MIN)
    both = Implied((*whole, *parts[0], "both"), one + other - union, PEOPLE_MIN)
    yield Sum(reach[0], (first, both))
    yield Sum(reach[1], (second, both))
    yield Sum((*whole, "reach"), (first, second, both))


def _parts(whole: Path, found: FrequencyReport, own: Any) -> Iterator[Sum]:
    """Yield how the parts of a cut relate: by an attribute of people they add up."""
    parts = _of("parts", found.parts, own)
    if not parts:
        return
    rows = [found.parts[int(part[1])] for part in parts]
    for part, row in zip(parts, rows, strict=True):
        yield from _distribution(part, row) if row.reach == sum(row.reached_times) else ()
    if all(row.population is None for row in rows):
        yield from _overlapping(whole, parts, found)
        return
    yield Sum(("population",), tuple((*part, "population") for part in parts))
    for part in parts:
        yield Sum((*part, "population"), ((*part, "reach"),), rest=PEOPLE_MIN)
    for name in ("reach", "impressions"):
        yield Sum((*whole, name), tuple((*part, name) for part in parts))
    for name in ("reached_times", "reach_plus"):
        for n in range(len(own.reach_plus)):
            yield Sum((*whole, name, n), tuple((*part, name, n) for part in parts))


def _nested(name: str, rows: Sequence[Any]) -> Iterator[Sum]:
    """Yield which rows' people are among those of others."""
    where = {_place(row): n for n, row in enumerate(rows)}
    for n, row in enumerate(rows):
        wider = where.get(_place(row, SERVED.get(row.basis, "")))
        if wider is None:
            continue
        names: list[Path] = [("reach",), ("impressions",), ("cumulative",)]
        names += [("reach_plus", at) for at in range(len(getattr(row, "reach_plus", ())))]
        for of in names:
            yield Sum((name, wider, *of), ((name, n, *of),), rest=PEOPLE_MIN)


def _place(row: Any, basis: str | None = None) -> tuple[Any, ...]:
    keys = tuple(getattr(row, name, None) for name in ("day", "campaign", "part"))
    return (row.basis if basis is None else basis, row.incentivised, *keys)


def _uncut(found: FrequencyReport) -> FrequencyReport | None:
    return replace(found, by="", parts=()) if found.parts else None


def _populations(client: Client, found: Any) -> Iterator[Population]:
    window = Window(found.begin, found.end, None)

    def days(of: Of) -> set[date] | None:
        if not any(_key(own) == of for own in found.bases):
            return None
        return {on.day for on in found.by_day if _key(on) == of and on.cumulative is not None}

    yield from populations(client, found.campaigns, window, days)
    if len(found.campaigns) > 1:
        for name in dict.fromkeys(own.campaign for own in found.by_campaign):
            told = dict.fromkeys(
                (_key(own) for own in found.by_campaign if own.campaign == name), ()
            )
            yield from populations(client, (name,), window, told.get)


def _finish(left: FrequencyReport, whole: FrequencyReport) -> FrequencyReport:
    """Fill in words, which are called as counts are, and leave out costs that tell of the hidden.

    Who knows prices learns from a cost how often they were paid: of a part of a cut or a campaign
    from the total and the other parts; of a day from all days, if it has prices of its own.
    """
    left = replace(left, people=whole.people, net=whole.net)
    priced = {_key(own): own.priced in {0, own.impressions} for own in whole.bases}
    bases: tuple[Any, ...] = left.bases  # in which anything may be hidden
    few = {_key(own) for own in bases if own.priced is None}  # gave a price, or gave none
    days = _with_hidden("by_day", left, whole)
    parts = _with_hidden("by_campaign", left, whole) | _with_hidden("parts", left, whole)

    def rows(name: str, hidden: set[Of]) -> Any:
        return tuple(_without_cost(row, hidden) for row in getattr(left, name))

    unlike = {of for of, is_like in priced.items() if not is_like}  # some have a price, some none
    return replace(
        left,
        bases=rows("bases", parts | few),
        by_day=rows("by_day", days | parts | unlike),
        by_campaign=rows("by_campaign", parts | unlike),
        parts=rows("parts", parts | unlike),
    )


def _with_hidden(name: str, left: FrequencyReport, whole: FrequencyReport) -> set[Of]:
    """Return the bases of which a row of a table is hidden, or what it cost."""
    told = {_place(row) for row in getattr(left, name) if row.cost_cents is not None}
    return {_key(row) for row in getattr(whole, name) if _place(row) not in told}


def _without_cost(row: Any, hidden: set[Of]) -> Any:
    costs = [each.name for each in fields(row) if each.name.startswith("cost_")]
    return replace(row, **dict.fromkeys(costs)) if _key(row) in hidden else row


def _refusal(asked: Mapping[str, Any]) -> LocalizedText | None:
    """Refuse what is not of whole days, or of other people than those whose answers are watched."""
    if asked["known_on"]:
        return LocalizedText("what was known on a day is for the platform's staff only")
    if asked["as_of"] not in {None, "start"}:
        return LocalizedText(
            "attributes as of another day than the first or now are for the platform's staff only"
        )
    if (asked["by"] or "").strip().startswith(("audience:", "decile:")):
        return LocalizedText(
            "a cut by audience or decile is for the platform's staff only, since these are chosen "
            "from everybody's people; cut by another"
        )
    if asked["by"] == "hour":
        return LocalizedText("a cut by hour is for the platform's staff only; cut by another")
    return None


_PEOPLE = (
    *("population", "population_known", "reach", "reach_known", "reach_unlinked"),
    *("reached_times", "reach_plus", "new", "cumulative"),
    *("invalid.people", "reach_gross", "reach_net"),
)
_EVENTS = (
    "impressions",
    "measurable",
    "priced",
    "gross",
    "invalid.invalid",
    "invalid.net",
)  # no fewer than people

PROTECTION: Protection[FrequencyReport] = Protection(
    counts=dict.fromkeys((*_PEOPLE, *_EVENTS), PEOPLE_MIN),
    derived={
        "share": ("invalid", "gross"),
        "average_frequency": ("impressions", "reach"),
        "reach_share": ("reach", "population"),
        "grp": ("impressions", "population"),
        "measurable_share": ("measurable", "impressions"),
        "cost_cents": ("impressions",),
        "cost_per_thousand_cents": ("impressions",),
        "cost_per_person_cents": ("impressions", "reach"),
        "cost_per_grp_cents": ("impressions", "population"),
        "cost_per_reach_point_cents": ("impressions", "reach", "population"),
    },
    told=frozenset(
        {
            *("campaigns", "begin", "end", "zone", "by", "as_of", "basis", "cost"),
            *("advertiser", "known_on", "seconds", "rule"),
            *("notes", "queries", "incentivised", "day", "campaign", "part"),
        }
    ),
    kept=frozenset({"reach"}),
    rows=dict.fromkeys(("bases", "by_day", "by_campaign", "parts"), "reach")
    | {"invalid": "people"},
    sums=_sums,
    days=_every_day,
    uncut=_uncut,
    finish=_finish,
    populations=_populations,
    advertiser="advertiser",
    refusal=_refusal,
)
