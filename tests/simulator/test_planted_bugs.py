"""The simulator finds bugs: each of those planted is caught, and told by a case of a few items."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import islice

import pytest

from tests.simulator.bugs import BUGS, Bug
from tests.simulator.plan import plan_of
from tests.simulator.trial import command, shrink, try_plan

SEEDS = 60
EVENTS = 300
FEWER = {"forwarded_and_applied": 100}  # is in many plans, and shrinks from 300 in minutes
ITEMS_MAX = 16
SHRUNK_MAX = 6  # failing seeds that are tried for a small case


def test_at_least_ten_bugs_are_planted() -> None:
    assert len({bug.sentence for bug in BUGS}) >= 10


def test_without_a_bug_the_same_seeds_are_sound() -> None:
    for seed in range(SEEDS):
        assert try_plan(plan_of(seed, EVENTS)).problems == []


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_caught(bug: Bug) -> None:
    with bug.planted() if bug.planted else nullcontext():
        events = FEWER.get(bug.name, EVENTS)
        plans = (plan_of(seed, events) for seed in range(SEEDS))
        failing = (plan for plan in plans if try_plan(plan, bug.worker).problems)
        least = None
        for plan in islice(failing, SHRUNK_MAX):
            least = shrink(plan, bug.worker, enough=ITEMS_MAX)
            if len(least.items) <= ITEMS_MAX:
                break
        assert least is not None, f"not caught in {SEEDS} seeds: {bug.sentence}"
        problems = try_plan(least, bug.worker).problems
    assert problems
    assert len(least.items) <= ITEMS_MAX, f"{bug.sentence} {command(least)}"
    assert try_plan(least).problems == [], "without the bug the same case is sound"
