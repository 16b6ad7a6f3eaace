"""Whoever sees an answer of an organisation can't solve it for a count of a few people.

The attacker knows everything about how people may be reached, and every figure that is told. Each
figure is a sum over people, so the figure of a world of one person says how such a person counts;
the attacker looks for all worlds that have the told figures, and asks of every count how few and
how many people it may be. A small one of which there is only one possibility is given away.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import random
from collections import Counter
from dataclasses import fields, is_dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from console.reporting.masked import masked
from console.reporting.report import told
from console.reporting.viewer import PEOPLE_MIN, Viewer
from console.reports.duplication import REPORT as DUPLICATION
from console.reports.duplication import Combination, DuplicationReport, Pair, Stacked
from console.reports.frequency import REPORT as FREQUENCY
from console.reports.frequency_figures import (
    BasisFigures,
    CampaignFigures,
    DayFigures,
    FrequencyReport,
    PartFigures,
)
from console.reports.notes import notes
from console.reports.overlap import REPORT as OVERLAP
from console.reports.overlap import OverlapReport, Step
from flowdrop.output import csv_text, json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping

    from console.reporting.report import Report

    World = Mapping[Hashable, int]  # people of each kind

VIEWER = Viewer(organisation="brand")
NO_WORDS: Any = None


def leaves(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if is_dataclass(found):
        for each in fields(found):
            yield from leaves(getattr(found, each.name), (*path, each.name))
    elif isinstance(found, list | tuple):
        for n, each in enumerate(found):
            yield from leaves(each, (*path, n))
    else:
        yield path, found


def numbers(value: Any) -> set[float]:
    if isinstance(value, dict):
        return numbers(list(value.values()))
    if isinstance(value, list | tuple):
        return {number for each in value for number in numbers(each)}
    return {value} if isinstance(value, int | float) and not isinstance(value, bool) else set()


def attack(
    report: Report[Any],
    build: Callable[[World], Any],
    world: World,
    kinds: list[Any],
    implied: Callable[[Any], dict[Any, int]] = lambda _: {},
) -> int:
    """Solve what is told of a world; return how many of its counts are told.

    Args:
        report: whose protection is attacked.
        build: counts a world.
        world: the true one.
        kinds: all kinds of people that there may be.
        implied: counts that no figure is, by their names.
    """
    protection = report.protection
    assert protection is not None
    whole = build(world)
    answer = masked(whole, protection, VIEWER)
    shown = masked_paths(whole, answer.found, protection)
    counts = {
        path: value
        for path, value in leaves(whole)
        if value is not None
        and next(part for part in reversed(path) if isinstance(part, str)) in protection.counts
    }
    counts |= implied(whole)
    units = [build({kind: 1}) for kind in kinds]
    of = [dict(leaves(unit)) | implied(unit) for unit in units]
    matrix = {path: np.array([own.get(path) or 0 for own in of], dtype=float) for path in counts}
    known = [path for path in counts if path in shown]
    for path in known:
        assert not 0 < counts[path] < PEOPLE_MIN, path
    a_eq = np.array([matrix[path] for path in known]).reshape(len(known), len(kinds))
    b_eq = np.array([counts[path] for path in known], dtype=float)
    truth = np.array([world.get(kind, 0) for kind in kinds], dtype=float)
    assert np.allclose(a_eq @ truth, b_eq)
    for path, value in counts.items():
        if 0 < value < PEOPLE_MIN:
            least, most = (sign * solved(sign * matrix[path], a_eq, b_eq) for sign in (1, -1))
            assert most - least >= PEOPLE_MIN - 1e-6, (path, value, least, most)
    agree(report, answer)
    return len(known)


def solved(costs: Any, a_eq: Any, b_eq: Any) -> float:
    found = linprog(costs, A_eq=a_eq, b_eq=b_eq, bounds=(0, 10**6), method="highs")
    assert found.status == 0, found.message
    return float(found.fun)


def masked_paths(whole: Any, left: Any, protection: Any) -> set[Any]:
    """Return where the figures are that are left; rows that are left out are skipped in step."""
    from console.reporting.masked import counted
    from console.reporting.suppression import suppress

    shown = suppress(counted(whole, protection, list(protection.sums(whole))))
    values = Counter(value for path, value in leaves(whole) if path in shown)
    names = protection.counts
    left_over = Counter(
        value
        for path, value in leaves(left)
        if value is not None
        and not isinstance(value, str)
        and next(part for part in reversed(path) if isinstance(part, str)) in names
    )
    assert left_over <= values  # nothing else is in the answer
    return shown


def agree(report: Report[Any], answer: Any) -> None:
    """Hold that files tell no number that JSON does not."""
    said = json.loads(json_text(told(answer)))
    seen = numbers(said)
    for table in report.tables:
        rows = table.rows(answer.found)
        assert numbers([list(row.values()) for row in rows]) <= seen | set(range(50))
    written = csv_text(report.rows(answer.found), report.tables[0].columns)
    cells = {cell for row in csv.reader(io.StringIO(written)) for cell in row if cell.isdigit()}
    assert {int(cell) for cell in cells} <= seen | set(range(50))


# Reach and frequency: a person is (days, times, known, part, campaigns), on one basis.
DAYS = (1, 2, 3)
TIMES = (1, 2, 3, 4, 10, 12, 1000)  # nobody knows how often somebody may be reached at most
PARTS = ("east", "west")
NAMES = ("a", "b")


def frequency(every: World, names: tuple[str, ...], by: str) -> FrequencyReport:
    world = {kind: n for kind, n in every.items() if kind[0]}

    def people(fits: Callable[..., bool]) -> int:
        return sum(n for kind, n in world.items() if fits(*kind))

    def times(fits: Callable[..., bool]) -> dict[str, Any]:
        own = {
            n: sum(
                count
                for kind, count in world.items()
                if fits(*kind) and (kind[1] == n or (n == 10 and kind[1] >= n))
            )
            for n in range(1, 11)
        }
        exactly = tuple(own.values())
        return {
            "reach": sum(exactly),
            "impressions": sum(n * kind[1] for kind, n in world.items() if fits(*kind)),
            "average_frequency": None,
            "reached_times": exactly,
            "reach_plus": tuple(sum(exactly[n:]) for n in range(10)),
        }

    whole = times(lambda *_: True)
    on = {"basis": "contacted", "incentivised": False}
    days = []
    for day in DAYS:
        cumulative = people(lambda own, *_, day=day: min(own) <= day)
        new = people(lambda own, *_, day=day: min(own) == day)
        reach = people(lambda own, *_, day=day: day in own)
        # Whoever is reached more often than on one time a day was so on the first of their days.
        impressions = sum(
            n * (1 + (kind[1] - len(kind[0])) * (min(kind[0]) == day))
            for kind, n in world.items()
            if day in kind[0]
        )
        days.append(
            DayFigures(**on, day=date(2026, 1, day), reach=reach, new=new, cumulative=cumulative,
                       cumulative_known=0, impressions=impressions, grp=None,
                       cost_cents=7 * impressions)
        )  # fmt: skip
    own = []
    for name in names:
        reach = people(lambda *kind, name=name: name in kind[4])
        impressions = sum(
            n * (kind[1] if kind[4][0] == name else 0) for kind, n in world.items()
        ) if len(names) > 1 else whole["impressions"]  # fmt: skip
        own.append(
            CampaignFigures(campaign=name, **on, reach=reach, impressions=impressions,
                            average_frequency=None, cost_cents=7 * impressions)
        )  # fmt: skip
    parts = [
        PartFigures(
            **on, part=part, population=sum(n for kind, n in every.items() if kind[3] == part),
            reach_share=None, grp=None, cost_cents=0, cost_per_thousand_cents=None,
            cost_per_person_cents=None, cost_per_grp_cents=None, weighted_impressions=None,
            **times(lambda *kind, part=part: kind[3] == part),
        )
        for part in PARTS
    ]  # fmt: skip
    known = people(lambda _days, _times, known, *_: known)
    base = BasisFigures(
        **on, **whole, reach_known=known, reach_unlinked=whole["reach"] - known, reach_share=None,
        grp=None, measurable=None, measurable_share=None, cost_cents=7 * whole["impressions"],
        priced=whole["impressions"], cost_per_thousand_cents=None, cost_per_person_cents=None,
        cost_per_grp_cents=None, cost_per_reach_point_cents=None, weighted_impressions=None,
        weighted_grp=None,
    )  # fmt: skip
    return FrequencyReport(
        campaigns=names, begin=None, end=None, zone="UTC", advertiser=None, by=by, as_of=None,
        known_on=None, seconds=None,
        population=sum(every.values()), bases=(base,),
        population_known=sum(n for kind, n in every.items() if kind[2]),
        by_day=tuple(days), by_campaign=tuple(own), parts=tuple(parts) if by else (),
        basis=NO_WORDS, people=NO_WORDS, cost=NO_WORDS, invalid=(), net=NO_WORDS,
        notes=notes(()), queries=(),
    )  # fmt: skip


def kinds_of(names: tuple[str, ...], times: tuple[int, ...] = TIMES) -> list[Any]:
    masks = [own for n in range(1, len(names) + 1) for own in itertools.combinations(names, n)]
    days = [own for n in range(1, 4) for own in itertools.combinations(DAYS, n)]
    reached = [
        kind
        for kind in itertools.product(days, times, (True, False), PARTS, masks)
        if kind[1] >= len(kind[0])
    ]
    return [*reached, *itertools.product([()], [0], (True, False), PARTS, [()])]


@settings(max_examples=6, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    size=st.sampled_from([40, 200, 3000]),
    several=st.booleans(),
    cut=st.booleans(),
)
@example(seed=860, size=3000, several=False, cut=True)
@example(seed=3726, size=200, several=False, cut=False)
def test_reach_and_frequency_give_no_small_count_away(
    *, seed: int, size: int, several: bool, cut: bool
) -> None:
    attack_frequency(TIMES, seed, size, several=several, cut=cut)


@settings(max_examples=6, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    size=st.sampled_from([40, 200, 3000]),
    several=st.booleans(),
    cut=st.booleans(),
)
@example(seed=860, size=3000, several=False, cut=True)
def test_nor_to_who_knows_how_often_at_most(
    *, seed: int, size: int, several: bool, cut: bool
) -> None:
    attack_frequency(TIMES[:-1], seed, size, several=several, cut=cut)


def attack_frequency(
    times: tuple[int, ...], seed: int, size: int, *, several: bool, cut: bool
) -> None:
    drawn = random.Random(seed)
    names = NAMES if several else NAMES[:1]
    kinds = kinds_of(names, times)
    weights = [drawn.expovariate(1) ** 3 / max(1, kind[1] * len(kind[0])) ** 2 for kind in kinds]
    world = Counter(drawn.choices(kinds, weights, k=size))
    attack(FREQUENCY, lambda of: frequency(of, names, "region" if cut else ""), world, kinds)


# Overlap and duplication: a person is the campaigns that reached them.
def overlap(world: World) -> OverlapReport:
    def people(fits: Callable[[Any], bool]) -> int:
        return sum(n for kind, n in world.items() if fits(kind))

    a, b = people(lambda own: "a" in own), people(lambda own: "b" in own)
    both, union = people(lambda own: len(own) > 1), people(bool)
    first = Step(campaign="a", reach=a, incremental=a, cumulative=a)
    then = Step(campaign="b", reach=b, incremental=union - a, cumulative=union)
    second = Step(campaign="b", reach=b, incremental=b, cumulative=b)
    last = Step(campaign="a", reach=a, incremental=union - b, cumulative=union)
    return OverlapReport(
        a="a", b="b", reach_a=a, reach_b=b, overlap=both, union=union, only_a=a - both,
        only_b=b - both, share_of_a=None, share_of_b=None, share_of_union=None,
        orders=((first, then), (second, last)), basis=NO_WORDS, uncounted=(), notes=(), queries=(),
    )  # fmt: skip


def duplication(world: World, names: tuple[str, ...]) -> DuplicationReport:
    def people(fits: Callable[[Any], bool]) -> int:
        return sum(n for kind, n in world.items() if fits(set(kind)))

    stacked = []
    for order, own in (("stated", names), ("best", names[::-1])):
        for place, name in enumerate(own, 1):
            before, others = set(own[: place - 1]), set(names) - {name}
            stacked.append(
                Stacked(
                    order=order, place=place, campaign=name,
                    reach=people(lambda kind, name=name: name in kind),
                    incremental=people(
                        lambda kind, name=name, before=before: name in kind and not kind & before
                    ),
                    cumulative=people(
                        lambda kind, name=name, before=before: bool(kind & {*before, name})
                    ),
                    unique=people(
                        lambda kind, name=name, others=others: name in kind and not kind & others
                    ),
                )
            )  # fmt: skip
    masks = [own for n in range(1, len(names) + 1) for own in itertools.combinations(names, n)]
    return DuplicationReport(
        campaigns=names, counted="contacted", begin=None, end=None, zone="UTC",
        union=people(bool), stacked=tuple(stacked),
        pairs=tuple(
            Pair(campaign=a, other=b, share=None,
                 both=people(lambda kind, a=a, b=b: {a, b} <= kind))
            for a, b in itertools.permutations(names, 2)
        ),
        combinations=tuple(
            Combination(campaigns=own, only=people(lambda kind, own=own: kind == set(own)),
                        at_least=people(lambda kind, own=own: kind >= set(own)))
            for own in masks
        ),
        combinations_other=0, people_other=0,
        basis=NO_WORDS, notes=(), queries=(),
    )  # fmt: skip


def combinations(names: tuple[str, ...]) -> list[Any]:
    return [own for n in range(1, len(names) + 1) for own in itertools.combinations(names, n)]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 150), min_size=3, max_size=3))
def test_an_overlap_gives_no_small_count_away(sizes: list[int]) -> None:
    kinds = [("a",), ("b",), ("a", "b")]
    attack(OVERLAP, overlap, dict(zip(kinds, sizes, strict=True)), kinds)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 4), st.data())
def test_duplication_gives_no_small_count_away(several: int, data: st.DataObject) -> None:
    names = tuple("abcd"[:several])
    kinds = combinations(names)
    sizes = data.draw(st.lists(st.integers(0, 160), min_size=len(kinds), max_size=len(kinds)))
    world = dict(zip(kinds, sizes, strict=True))
    attack(DUPLICATION, lambda of: duplication(of, names), world, kinds)
