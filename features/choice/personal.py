"""Choose people and an amount for each: the best steps of all, until a limit is met.

With the budget alone, or with shares of it by segment, taking steps by effect per coin is exact but
for the one step (of each limit) that no longer fits whole. A least reach is a reward for each
person, found by bisection. Which is why the bound is close; it is computed apart, from the prices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from features.choice.envelope import Steps, steps
from features.choice.levels import ImpossibleError, Levels, levels
from features.choice.prices import Choice, Prices, valued

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.choice.limits import Limits

    Floats = NDArray[np.float64]
    Labels = NDArray[np.int64]

ROUNDING = 1e-9  # of a share times a budget
FILLED_MAX = 10_000  # steps looked at for what is left over
HALVINGS_MAX = 40
REACH_SLACK = 5e-4  # a reward is exact enough when so few more people are reached than asked for


def choose(values: Any, costs: Any, limits: Limits, segments: Any = None) -> Choice:
    """Choose people and an amount for each.

    Args:
        values: the effect of each amount (column) on each person (row); see `levels`.
        costs: the expected cost of each.
        limits: budget, least reach, shares.
        segments: the number of each person's segment, from 0; needed for shares.

    Raises:
        ImpossibleError: when no choice keeps the limits.
    """
    groups = None if segments is None else np.asarray(segments, dtype=np.int64)
    return chosen(levels(values, costs), limits, groups)


def chosen(table: Levels, limits: Limits, groups: Labels | None = None) -> Choice:
    """Choose from what was checked; see `choose`."""
    if limits.shares and groups is None:
        raise ImpossibleError("shares are given without segments; say whose they are")
    found = _best(table, limits, groups, 0.0)
    return found if found.people >= limits.people_min else _reaching(table, limits, groups)


def _best(table: Levels, limits: Limits, groups: Labels | None, reward: float) -> Choice:
    plan = _Plan(steps(table, reward), limits, groups)
    taken = plan.taken()
    highest = np.zeros(table.people, dtype=np.int8)
    highest[plan.steps.person[taken]] = plan.steps.level[taken]  # a person's last step counts
    return valued(table, limits, highest, plan.prices(reward), groups)


def _reaching(table: Levels, limits: Limits, groups: Labels | None) -> Choice:
    """Raise the reward for a person until enough are reached."""
    low, high = 0.0, max(float(table.values.max(initial=0.0)), ROUNDING)
    best = _best(table, limits, groups, high)
    dearest = high * 1e6
    while best.people < limits.people_min:
        if high > dearest:
            raise ImpossibleError(
                f"people_min: the budget of {limits.budget:,.0f} coins reaches {best.people:,} "
                f"people at most, not {limits.people_min:,}; raise it, or ask for fewer"
            )
        low, high = high, 8 * high
        best = _best(table, limits, groups, high)
    enough = limits.people_min * (1 + REACH_SLACK)
    for _ in range(HALVINGS_MAX):
        if best.people <= enough:
            break
        middle = (low + high) / 2
        found = _best(table, limits, groups, middle)
        if found.people < limits.people_min:
            low = middle
        else:
            high, best = middle, found
    return best


@dataclass
class _Plan:
    """The steps that are taken, in their order."""

    steps: Steps
    limits: Limits
    groups: Labels | None

    def __post_init__(self) -> None:
        count = 1 if self.groups is None else int(self.groups.max(initial=0)) + 1
        self.count = max(count, *(segment + 1 for segment in self.limits.shares), 1)
        self.is_reserved = np.zeros(len(self.steps.slope), dtype=bool)
        self.is_barred = np.zeros(len(self.steps.slope), dtype=bool)
        self.floors: dict[int, float] = {}  # effect per coin at which a least share is met
        self.ceilings: dict[int, float] = {}  # and of the first step above a most share
        for segment in self.limits.shares:
            self._hold(segment)
        self._spend()

    def _hold(self, segment: int) -> None:
        """Reserve what a segment must have, and bar what it may not."""
        assert self.groups is not None
        share, budget = self.limits.shares[segment], self.limits.budget
        own = np.nonzero(self.groups[self.steps.person] == segment)[0]
        run = np.cumsum(self.steps.cost[own])
        within = int(np.searchsorted(run, share.most * budget * (1 + ROUNDING), "right"))
        self.is_barred[own[within:]] = True
        if within < len(own):
            self.ceilings[segment] = float(self.steps.slope[own[within]])
        if share.least * budget <= 0:
            return
        needed = int(np.searchsorted(run, share.least * budget * (1 - ROUNDING), "left")) + 1
        if needed > within:
            most = float(run[within - 1]) if within else 0.0
            raise ImpossibleError(
                f"shares: segment {segment} can use {most:,.0f} coins, less than the least share "
                f"of {share.least * budget:,.0f}; lower it, or raise the most"
            )
        self.is_reserved[own[:needed]] = True
        self.floors[segment] = float(self.steps.slope[own[needed - 1]])

    def _spend(self) -> None:
        """Take the best of what is free."""
        left = self.limits.budget - float(self.steps.cost[self.is_reserved].sum())
        if left < 0:
            raise ImpossibleError(
                f"shares: the least ones need {-left:,.0f} coins more than the budget, as whole "
                "people; lower them"
            )
        is_free = ~(self.is_reserved | self.is_barred)
        run = np.cumsum(np.where(is_free, self.steps.cost, 0.0))
        end = int(np.searchsorted(run, left, "right"))
        self.coin = float(self.steps.slope[end]) if end < len(run) else 0.0
        self.is_taken = self.is_reserved.copy()
        self.is_taken[:end] |= is_free[:end]
        self.left = left - (float(run[end - 1]) if end else 0.0)

    def taken(self) -> NDArray[np.bool_]:
        """Return which steps are taken, those that still fit the rest of the budget included."""
        after = ~self.is_taken & (self.steps.cost <= self.left)
        waiting = np.nonzero(after)[0][:FILLED_MAX]
        if not len(waiting):
            return self.is_taken
        last = np.zeros(int(self.steps.person.max()) + 1, dtype=np.int64)
        last[self.steps.person[self.is_taken]] = self.steps.level[self.is_taken]  # the last one
        before = self._before(waiting)
        room = self._room()
        for at, step in enumerate(waiting):
            person, cost = self.steps.person[step], float(self.steps.cost[step])
            group = 0 if self.groups is None else int(self.groups[person])
            if cost <= self.left and cost <= room[group] and last[person] == before[at]:
                self.is_taken[step] = True
                self.left -= cost
                room[group] -= cost
                last[person] = self.steps.level[step]
        return self.is_taken

    def _before(self, waiting: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the level of each step's predecessor of the same person; 0 of a first one."""
        theirs = np.isin(self.steps.person, np.unique(self.steps.person[waiting])).nonzero()[0]
        theirs = theirs[np.argsort(self.steps.person[theirs], kind="stable")]
        person, level = self.steps.person[theirs], self.steps.level[theirs].astype(np.int64)
        found = np.zeros(len(self.steps.person), dtype=np.int64)
        found[theirs] = np.where(np.append(-1, person[:-1]) == person, np.append(0, level[:-1]), 0)
        return found[waiting]

    def _room(self) -> Floats:
        """Return how many coins more each segment may use."""
        room = np.full(self.count, np.inf)
        if self.groups is not None:
            rows = self.is_taken
            owners = self.groups[self.steps.person[rows]]
            spent = np.bincount(owners, self.steps.cost[rows], minlength=self.count)
            for segment, share in self.limits.shares.items():
                most = share.most * self.limits.budget * (1 + ROUNDING)
                room[segment] = most - spent[segment]
        return room

    def prices(self, reward: float) -> Prices:
        """Return the prices at which everyone would take what is taken here."""
        segments = np.zeros(self.count)
        for segment, slope in self.ceilings.items():
            segments[segment] = max(0.0, slope - self.coin)
        for segment, slope in self.floors.items():
            if slope < self.coin:
                segments[segment] = slope - self.coin
        return Prices(coin=self.coin, segments=segments, person=reward)
