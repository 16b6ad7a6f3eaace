"""Lift: what a randomised campaign caused, each treated arm against the control arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.reports.basis import Query, Words

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

CONTROL_ARMS = ("none", "control", "holdout")
METRICS = ("visit_rate", "conversion_rate", "value_per_person")

BASIS = Words(
    en="Arms are compared as assigned, whether or not the message arrived. A person counts once, "
    "by what happened from assignment on.",
    zh="按随机分配的组比较,不论消息是否送达。每人只计一次,统计自分配之后发生的行为。",
)


@dataclass(frozen=True, kw_only=True)
class Arm:
    """People assigned to one arm and what they did from assignment on."""

    arm: str
    people: int
    probability: float | None  # of being assigned to it; none when it varied
    visits: int  # people who visited, each once
    visit_rate: float
    conversions: int  # people who converted, each once
    conversion_rate: float
    value_cents: int  # revenue of their conversions
    value_per_person: float  # cents


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A treated arm's metric minus the control's, with a 95 % interval."""

    arm: str
    control: str
    metric: str  # one of METRICS; rates are shares, value is in cents
    treated_value: float
    control_value: float
    difference: float
    low: float  # 95 % interval of the difference
    high: float
    standard_error: float
    p_value: float  # two-sided
    relative: float | None  # difference / control; none when the control's is zero
    relative_low: float | None
    relative_high: float | None
    increment: float  # difference x people of the arm: people, or cents
    increment_low: float
    increment_high: float
    method: str  # names of the interval and the test


@dataclass(frozen=True, kw_only=True)
class SampleRatio:
    """Do the arms hold as many people as their probabilities say?"""

    chi_squared: float
    degrees: int
    p_value: float
    threshold: float  # below it the result is blocked
    expected: dict[str, float]  # people by arm
    ok: bool


@dataclass(frozen=True, kw_only=True)
class LiftReport:
    """Arms, effects and the check that lets them be believed."""

    campaign: str
    control: str
    arms: tuple[Arm, ...]  # control first, then by name
    effects: tuple[Effect, ...]  # by arm, then metric; empty when blocked
    sample_ratio: SampleRatio | None  # none when the probabilities allow no check
    blocked: Words | None  # why there are no effects
    crossed: int  # people in more than one arm, left out of everything
    basis: Words
    notes: tuple[Words, ...]
    queries: tuple[Query, ...]


def lift(client: Client, campaign: str, control: str | None = None) -> LiftReport:
    """Return the lift report of a randomised campaign.

    Args:
        client: of the warehouse.
        campaign: its name.
        control: the arm to compare with; by default the first of `CONTROL_ARMS` it has.

    Raises:
        NotRandomisedError: when nobody was assigned, or there is no control arm.
        UnknownCampaignError: when no event names the campaign.
        EmptyWarehouseError: when there are no campaign events.
    """
    raise NotImplementedError
