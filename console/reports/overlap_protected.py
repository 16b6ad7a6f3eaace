"""How the figures of campaigns that overlap relate: all are sums of who just some reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText
from console.reporting.protection import Implied, Protection, Sum
from console.reporting.viewer import PEOPLE_MIN
from console.reports.basis import NoReportError
from console.reports.days import Window
from console.reports.populations import populations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

    from console.reporting.population import Population


def _overlap(found: Any) -> Iterator[Sum]:
    both, only_a, only_b = ("overlap",), ("only_a",), ("only_b",)
    yield Sum(("reach_a",), (only_a, both))
    yield Sum(("reach_b",), (only_b, both))
    yield Sum(("union",), (only_a, only_b, both))
    own = {found.a: (("reach_a",), only_a), found.b: (("reach_b",), only_b)}
    for n, (first, then) in enumerate(found.orders):
        for m, step in enumerate((first, then)):
            path = ("orders", n, m)
            yield Sum((*path, "reach"), (own[step.campaign][0],))
            yield Sum((*path, "incremental"), (own[step.campaign][m],))
            yield Sum((*path, "cumulative"), (own[step.campaign][0] if not m else ("union",),))


def _duplication(found: Any) -> Iterator[Sum]:
    if found.combinations_other:  # what is not listed cannot be followed through the sums
        raise NoReportError(
            LocalizedText(
                "{campaigns} campaigns overlap in too many ways to hide small groups of people; "
                "ask for fewer of them",
                campaigns=len(found.campaigns),
            )
        )
    of = [
        (frozenset(each.campaigns), ("combinations", n, "only"))
        for n, each in enumerate(found.combinations)
    ]
    every = frozenset(found.campaigns)
    yield Sum(("union",), tuple(path for _, path in of))
    for n, each in enumerate(found.combinations):
        within = frozenset(each.campaigns)
        yield Sum(("combinations", n, "at_least"), tuple(path for own, path in of if own >= within))
    before: frozenset[str] = frozenset()
    for n, step in enumerate(found.stacked):
        path = ("stacked", n)
        before = before if step.place > 1 else frozenset()
        mine = [(own, at) for own, at in of if step.campaign in own]
        yield Sum((*path, "reach"), tuple(at for _, at in mine))
        yield Sum((*path, "incremental"), tuple(at for own, at in mine if not own & before))
        others = every - {step.campaign}
        yield Sum((*path, "unique"), tuple(at for own, at in mine if not own & others))
        before |= {step.campaign}
        yield Sum((*path, "cumulative"), tuple(at for own, at in of if own & before))
    for n, pair in enumerate(found.pairs):
        two = {pair.campaign, pair.other}
        yield Sum(("pairs", n, "both"), tuple(at for own, at in of if own >= two))
        alone = [(own, at) for own, at in of if pair.campaign in own and pair.other not in own]
        people = sum(found.combinations[int(at[1])].only for _, at in alone)
        yield Sum(Implied(("pairs", n, "alone"), people, PEOPLE_MIN), tuple(at for _, at in alone))


def _populations(client: Client, found: Any) -> Iterator[Population]:
    told = {found.campaigns} if found.union is not None else set()
    told |= {(step.campaign,) for step in found.stacked if step.reach is not None}
    before: tuple[str, ...] = ()
    for step in found.stacked:
        before = (*before, step.campaign) if step.place > 1 else (step.campaign,)
        if step.cumulative is not None:
            told.add(before)
    window = Window(found.begin, found.end, None)
    for campaigns in sorted(told):
        yield from populations(
            client, campaigns, window, lambda of: () if of == (found.counted, False) else None
        )


def _of_two(client: Client, found: Any) -> Iterator[Population]:
    parts = {(found.a,): found.reach_a, (found.b,): found.reach_b, (found.a, found.b): found.union}
    window = Window(None, None, None)
    for campaigns, people in parts.items():
        if people is not None:
            yield from populations(
                client, campaigns, window, lambda of: () if of == ("contacted", False) else None
            )


OVERLAP: Protection[Any] = Protection(
    counts=dict.fromkeys(
        (
            *("reach_a", "reach_b", "overlap", "union", "only_a", "only_b"),
            *("reach", "incremental", "cumulative"),
        ),
        PEOPLE_MIN,
    ),
    derived={
        "share_of_a": ("overlap", "reach_a"),
        "share_of_b": ("overlap", "reach_b"),
        "share_of_union": ("overlap", "union"),
    },
    told=frozenset({"a", "b", "campaign", "basis", "queries"}),
    sums=_overlap,
    populations=_of_two,
    campaigns=("a", "b"),
)

DUPLICATION: Protection[Any] = Protection(
    counts=dict.fromkeys(
        ("union", "reach", "incremental", "cumulative", "unique", "both", "only", "at_least"),
        PEOPLE_MIN,
    ),
    told=frozenset(
        {
            *("campaigns", "campaign", "other", "counted", "begin", "end", "zone", "order"),
            *("place", "basis", "notes", "queries"),
        }
    ),
    rows={"combinations": "only", "pairs": "both"},
    sums=_duplication,
    populations=_populations,
)
