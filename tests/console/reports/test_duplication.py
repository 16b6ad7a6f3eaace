"""What campaigns add and share equals sets in Python, in days made at random."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from console.reports.basis import NoReportError
from console.reports.duplication import (
    BASES,
    CAMPAIGNS_MAX,
    COMBINATIONS_MAX,
    REPORT,
    duplication,
    faults,
)
from tests.exposures import CAMPAIGNS, bases_of, insert, made_at_random, owners

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from clickhouse_connect.driver.client import Client

    from console.reports.duplication import DuplicationReport, Stacked
    from tests.exposures import Event

pytestmark = pytest.mark.clickhouse


@pytest.fixture(scope="module", params=range(2))
def filled(
    fresh: Callable[[], Client], request: pytest.FixtureRequest
) -> tuple[Client, list[Event]]:
    events = made_at_random(request.param, people=150)
    client = fresh()
    insert(client, events)
    return client, events


def reached(
    events: list[Event], basis: str, names: Sequence[str] = CAMPAIGNS
) -> dict[str, set[str]]:
    own = owners(events)
    return {
        name: {
            own.get(event["person"], event["person"])
            for event in events
            if event["campaign"] == name and basis in bases_of(event) and not event["paid"]
        }
        for name in names
    }


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "a", "b"), ("b", "c")])
def test_it_equals_sets(
    filled: tuple[Client, list[Event]], basis: str, order: tuple[str, ...]
) -> None:
    client, events = filled
    people = reached(events, basis)
    found = duplication(client, order, basis, None, None, "UTC")
    assert found.union == len(set().union(*(people[name] for name in order)))
    stated = [step for step in found.stacked if step.order == "stated"]
    best = [step for step in found.stacked if step.order == "best"]
    assert [step.campaign for step in stated] == [*order]
    for steps in (stated, best):
        so_far: set[str] = set()
        for step in steps:
            own = people[step.campaign]
            others = set().union(*(people[name] for name in order if name != step.campaign))
            assert step.reach == len(own)
            assert step.incremental == len(own - so_far)
            so_far |= own
            assert step.cumulative == len(so_far)
            assert step.unique == len(own - others)
    firsts = max(len(people[name]) for name in order)
    assert best[0].cumulative == firsts
    assert best[-1].incremental == min(
        len(people[last] - set().union(*(people[n] for n in before)))
        for *before, last in permutations(order)
        if set(before) == {step.campaign for step in best[:-1]}
    )
    for pair in found.pairs:
        assert pair.both == len(people[pair.campaign] & people[pair.other])
    for own in found.combinations:
        all_of = set.intersection(*(people[name] for name in own.campaigns))
        rest = set().union(*(people[name] for name in order if name not in own.campaigns))
        assert (own.only, own.at_least) == (len(all_of - rest), len(all_of))
    assert sum(own.only for own in found.combinations) == found.union


def test_twenty_campaigns_equal_sets_and_combinations_have_an_end(
    fresh: Callable[[], Client],
) -> None:
    names = [f"c{n}" for n in range(CAMPAIGNS_MAX)]
    events = made_at_random(1, events=4_000, people=600)
    draw = random.Random(1)
    for event in events:
        if event["campaign"]:
            event["campaign"] = names[min(draw.randrange(20), draw.randrange(20))]
    client = fresh()
    insert(client, events)
    found = duplication(client, names, "served", None, None, "UTC")
    people = reached(events, "served", names)
    assert {step.campaign: step.reach for step in found.stacked} == {
        name: len(own) for name, own in people.items()
    }
    assert found.union == len(set().union(*people.values()))
    of_person = Counter(
        tuple(name for name in names if person in people[name])
        for person in set().union(*people.values())
    )
    assert len(found.combinations) == COMBINATIONS_MAX
    assert found.combinations_other == len(of_person) - COMBINATIONS_MAX > 0
    only = [own.only for own in found.combinations]
    assert only == sorted(of_person.values(), reverse=True)[:COMBINATIONS_MAX]
    assert found.people_other == found.union - sum(only)
    for own in found.combinations:
        assert own.only == of_person[own.campaigns]
        assert own.at_least == len(set.intersection(*(people[name] for name in own.campaigns)))
    said = [sentence.en for sentence in REPORT.sentences(found)]
    assert f"by one of {found.combinations_other} others" in " ".join(said)


def test_a_window_counts_its_days_only(filled: tuple[Client, list[Event]]) -> None:
    client, events = filled
    whole = duplication(client, CAMPAIGNS, "served", None, None, "UTC")
    cut = duplication(client, CAMPAIGNS, "served", "2026-03-02", "2026-03-02", "UTC")
    today = [e for e in events if e["time"].date().isoformat() == "2026-03-02"]
    links = [event for event in events if event["type"] == "link"]
    people = reached([*(e for e in today if e["type"] != "link"), *links], "served")
    assert cut.union == len(set().union(*people.values())) < whole.union


@pytest.mark.parametrize(
    ("names", "basis", "said"),
    [
        (["a"], "served", "needs 2 to 20 campaigns, got 1"),
        ([f"c{n}" for n in range(21)], "served", "needs 2 to 20 campaigns, got 21"),
        (["a", "b"], "clicked", "contacted, served or viewable, got 'clicked'"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    filled: tuple[Client, list[Event]], names: list[str], basis: str, said: str
) -> None:
    with pytest.raises(NoReportError, match=said):
        duplication(filled[0], names, basis, None, None, "UTC")


def test_figures_that_contradict_each_other_are_named(
    filled: tuple[Client, list[Event]],
) -> None:
    found = duplication(filled[0], CAMPAIGNS, "served", None, None, "UTC")
    states = {step.campaign: step.reach for step in found.stacked} | {"": found.union}
    assert not list(faults(found, states))
    first = found.stacked[0]
    pair, *pairs = found.pairs
    for bent, said in (
        (replace(found, union=found.union + 1), "reach of all"),
        (replace(found, union=10**6), "more than reach of each, added, "),
        (_first(found, replace(first, reach=0)), "is not reach of its bitmap"),
        (_first(found, replace(first, incremental=10**6)), "incremental reach 1000000 is more"),
        (_first(found, replace(first, incremental=0)), "incremental reach added"),
        (_first(found, replace(first, unique=10**6)), "unique reach 1000000 is more"),
        (_first(found, replace(first, cumulative=10**6)), "cumulative reach 1000000 is more"),
        (replace(found, pairs=(replace(pair, both=10**6), *pairs)), "people in both 1000000"),
        (replace(found, people_other=1), "people counted one by one"),
    ):
        assert any(said in fault.en for fault in faults(bent, states)), said


def _first(found: DuplicationReport, step: Stacked) -> DuplicationReport:
    return replace(found, stacked=(step, *found.stacked[1:]))
