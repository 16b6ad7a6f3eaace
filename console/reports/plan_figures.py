"""The figures of a plan: what budgets and caps are expected to do, and how far off that was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from console.i18n import LocalizedText
from console.reports.basis import Query


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What a budget under a cap is expected to do."""

    budget_cents: int
    cap: int | None  # the most that a person gets in each stretch of days; none for no limit
    planned: int  # impressions that the budget buys
    impressions: int  # expected; fewer than planned where the cap leaves no room
    spent_cents: int  # what these cost; the rest of the budget can't be used
    reach: int  # people, each once, expected
    reach_share: float | None  # of the audience
    average_frequency: float | None
    cost_per_person_cents: float | None
    is_beyond: bool  # the past has fewer impressions: by Goerg's curve
    reach_plus: tuple[int, ...]  # people reached at least 1 to 10 times


@dataclass(frozen=True, kw_only=True)
class HeldBack:
    """How far the prediction was off for campaigns that it did not know."""

    budget_share: float  # of half of what each campaign bought
    campaigns: int  # that could be predicted
    median_error: float | None  # of reach, relative; none when there was no campaign


@dataclass(frozen=True, kw_only=True)
class PlanReport:
    """What a budget for an audience is expected to reach, and how often."""

    audience: str
    program: str
    counted: str  # contacted, served or viewable
    begin: date  # first day of the past that is replayed
    end: date  # its last
    zone: str  # whose days these are
    days: int  # of the past, and of the plan
    cap: int | None
    cap_days: int  # in which the cap holds
    budget_cents: int
    cost_per_thousand_cents: float
    people: int  # of the audience
    people_past: int  # of them, reached in that past
    impressions_past: int
    budget_end_cents: int  # where the data end, under the cap
    by_budget: tuple[Planned, ...]
    by_cap: tuple[Planned, ...]  # of the budget asked for
    errors: tuple[HeldBack, ...]
    unused: LocalizedText | None  # why some of the budget can't be used, if so
    method: LocalizedText
    error: LocalizedText
    basis: LocalizedText
    queries: tuple[Query, ...]
