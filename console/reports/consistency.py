"""What must hold between the figures of an answer about reach; one that fails withholds it."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText, Names
from console.reports.basis import NoReportError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from console.reports.frequency_figures import BasisFigures, Frequency, FrequencyReport
    from console.reports.invalid import InvalidFigures

FAULTS_SHOWN_MAX = 3

REACH = LocalizedText("reach")
IMPRESSIONS = LocalizedText("impressions")
COST = LocalizedText("cost")
POPULATION = LocalizedText("the population")


class InconsistentError(NoReportError):
    """The figures contradict each other, so something stored or computed is wrong."""


def check(found: FrequencyReport, counted: Mapping[str, int]) -> None:
    """Hold the figures of a report against each other.

    Args:
        found: the report.
        counted: for each basis, by name, the impressions counted person by person.

    Raises:
        InconsistentError: naming those that contradict each other.
    """
    refuse(_faults(found, counted))


def refuse(faults: Iterable[LocalizedText]) -> None:
    """Withhold a report that has faults.

    Raises:
        InconsistentError: when there is any.
    """
    if shown := tuple(faults)[:FAULTS_SHOWN_MAX]:
        raise InconsistentError(
            LocalizedText(
                "the figures contradict each other and are withheld: {faults}; `flowdrop warehouse "
                "rebuild reach_days` counts again",
                faults=Names(shown, last="and"),
            )
        )


def at_most(of: str, small: object, a: int, large: object, b: int) -> Iterator[LocalizedText]:
    """Yield a fault unless `a` is at most `b`."""
    if a > b:
        yield LocalizedText(
            "{of}: {small} {a} is more than {large} {b}", of=of, small=small, a=a, large=large, b=b
        )


def equal(of: str, one: object, a: int, other: object, b: int) -> Iterator[LocalizedText]:
    """Yield a fault unless `a` is `b`."""
    if a != b:
        yield LocalizedText(
            "{of}: {one} {a} is not {other} {b}", of=of, one=one, a=a, other=other, b=b
        )


def _faults(found: FrequencyReport, counted: Mapping[str, int]) -> Iterator[LocalizedText]:
    own = {name_of(figures): figures for figures in found.bases}
    for name, figures in own.items():
        yield from _of_a_basis(name, figures, found.population)
        by_person = LocalizedText("impressions counted by person")
        yield from equal(name, by_person, counted[name], IMPRESSIONS, figures.impressions)
        yield from _of_days(name, figures, _of_basis(name, found.by_day))
        yield from _of_campaigns(name, figures, _of_basis(name, found.by_campaign))
        if found.by:
            parts = _of_basis(name, found.parts)
            yield from _of_parts(name, figures, parts)
            if any(part.population is not None for part in parts):
                added = sum(part.population or 0 for part in parts)
                populations = LocalizedText("populations of the parts, added,")
                yield from equal(name, populations, added, POPULATION, found.population)
    yield from _of_invalid(found.invalid, own)
    for name, viewable in own.items():
        served = own.get(name.replace("viewable", "served"))
        if viewable.basis == "viewable" and served is not None:
            of_served = LocalizedText("reach of what was served")
            yield from at_most(name, REACH, viewable.reach, of_served, served.reach)
            measurable = viewable.measurable or 0
            is_measurable = LocalizedText("measurable exposures")
            yield from at_most(name, IMPRESSIONS, viewable.impressions, is_measurable, measurable)
            are_served = LocalizedText("exposures served")
            yield from at_most(name, is_measurable, measurable, are_served, served.impressions)


def _of_invalid(
    found: Iterable[InvalidFigures], own: Mapping[str, BasisFigures]
) -> Iterator[LocalizedText]:
    """Yield what contradicts itself of gross, invalid and net; any rule finds what one does."""
    for name, rows in _by_name(found).items():
        total = rows[0]  # by any rule
        net = own[name].impressions if name in own else 0
        gross, all_invalid = (
            LocalizedText("gross impressions"),
            LocalizedText("all that is invalid"),
        )
        both = LocalizedText("net impressions and invalid ones, added,")
        yield from equal(name, both, net + total.invalid, gross, total.gross)
        reach = own[name].reach if name in own else 0
        yield from at_most(name, REACH, reach, LocalizedText("gross reach"), total.reach_gross)
        for row in rows[1:]:
            by_rule = LocalizedText("what breaks a rule")
            yield from at_most(
                f"{name}, {row.rule}", by_rule, row.invalid, all_invalid, total.invalid
            )
        added = LocalizedText("what breaks each rule, added,")
        by_rules = sum(row.invalid for row in rows[1:])
        yield from at_most(name, all_invalid, total.invalid, added, by_rules)


def _by_name(found: Iterable[InvalidFigures]) -> dict[str, list[InvalidFigures]]:
    """Return the rows of each basis, by its name, that by any rule first."""
    rows: dict[str, list[InvalidFigures]] = {}
    for row in found:
        rows.setdefault(name_of(row), []).append(row)
    return rows


def name_of(figures: Any) -> str:
    """Return the name of the basis that figures are of."""
    return f"{figures.basis}, incentivised" if figures.incentivised else str(figures.basis)


def _of_basis(name: str, figures: Iterable[Any]) -> list[Any]:
    return [own for own in figures if name_of(own) == name]


def _of_frequency(name: str, figures: Frequency) -> Iterator[LocalizedText]:
    reach, plus = figures.reach, figures.reach_plus
    yield from at_most(name, REACH, reach, IMPRESSIONS, figures.impressions)
    times = LocalizedText("people by how often they were reached")
    yield from equal(name, times, sum(figures.reached_times), REACH, reach)
    yield from equal(name, LocalizedText("people reached at least once"), plus[0], REACH, reach)
    for n, (fewer, more) in enumerate(pairwise(plus), 2):
        at_least = LocalizedText("people reached at least {n} times", n=n)
        yield from at_most(name, at_least, more, LocalizedText("those once less"), fewer)
    summed = LocalizedText("people reached at least 1 to 10 times, added,")
    yield from at_most(name, summed, sum(plus), IMPRESSIONS, figures.impressions)


def _of_a_basis(name: str, figures: BasisFigures, population: int) -> Iterator[LocalizedText]:
    yield from _of_frequency(name, figures)
    yield from at_most(name, REACH, figures.reach, POPULATION, population)
    weighted = LocalizedText("weighted impressions")
    least = math.ceil(figures.weighted_impressions or 0)
    yield from at_most(name, weighted, least, IMPRESSIONS, figures.impressions)
    known = LocalizedText("known people reached")
    yield from at_most(name, known, figures.reach_known, REACH, figures.reach)


def _of_days(name: str, figures: BasisFigures, days: list[Any]) -> Iterator[LocalizedText]:
    before = 0
    for on in days:
        of = f"{name}, {on.day}"
        total = LocalizedText("cumulative reach")
        yield from at_most(of, REACH, on.reach, total, on.cumulative)
        yield from at_most(of, REACH, on.reach, IMPRESSIONS, on.impressions)
        yield from at_most(of, LocalizedText("new people"), on.new, REACH, on.reach)
        yield from at_most(of, LocalizedText("the day before's"), before, total, on.cumulative)
        before = on.cumulative
    last = LocalizedText("the last day's cumulative reach")
    yield from equal(name, last, before, REACH, figures.reach)
    yield from _add_up(f"{name}, days", figures, days)


def _of_campaigns(name: str, figures: BasisFigures, own: list[Any]) -> Iterator[LocalizedText]:
    for each in own:
        together = LocalizedText("reach of all")
        yield from at_most(f"{name}, {each.campaign}", REACH, each.reach, together, figures.reach)
    added = LocalizedText("reach of each, added,")
    yield from at_most(name, REACH, figures.reach, added, sum(each.reach for each in own))
    yield from _add_up(f"{name}, campaigns", figures, own)


def _of_parts(name: str, figures: BasisFigures, parts: list[Any]) -> Iterator[LocalizedText]:
    for part in parts:
        of = f"{name}, {part.part or '-'}"
        yield from _of_frequency(of, part)
        yield from at_most(of, REACH, part.reach, LocalizedText("reach of all"), figures.reach)
    added = sum(part.reach for part in parts)
    parts_added = LocalizedText("reach of the parts, added,")
    if any(part.population is not None for part in parts):
        for part in parts:
            if part.population is not None:
                people = LocalizedText("the part's population")
                yield from at_most(name, REACH, part.reach, people, part.population)
        yield from equal(name, parts_added, added, REACH, figures.reach)
    else:
        yield from at_most(name, REACH, figures.reach, parts_added, added)
    yield from _add_up(f"{name}, parts", figures, parts)


def _add_up(of: str, figures: BasisFigures, parts: list[Any]) -> Iterator[LocalizedText]:
    """Yield what does not add up of impressions and cost."""
    impressions = sum(part.impressions for part in parts)
    added = LocalizedText("impressions added")
    yield from equal(of, added, impressions, IMPRESSIONS, figures.impressions)
    cents = sum(part.cost_cents or 0 for part in parts)
    cost_added = LocalizedText("cost added")
    yield from equal(of, cost_added, cents, COST, figures.cost_cents or 0)
