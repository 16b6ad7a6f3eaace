"""What the report of lift holds."""

from __future__ import annotations

from dataclasses import dataclass

from console.i18n import LocalizedText
from console.reports.basis import Query
from console.reports.checks import Exposed
from console.reports.effects import Effect, Withheld
from console.reports.lift_cost import Cost, OfWhole
from console.reports.looks import Plan
from console.reports.past import Adjusted, Before
from console.reports.prospects import Prospect
from console.reports.split import SampleRatio


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
    value_cents: int | None  # revenue of their conversions; none when none gave a value
    value_per_person: float | None  # cents


@dataclass(frozen=True, kw_only=True)
class LiftReport:
    """Arms, effects, and the check that makes them credible."""

    campaign: str
    control: str
    arms: tuple[Arm, ...]  # control first, then by name
    measured: dict[str, dict[str, float | None]]  # by metric, then arm; none where there is none
    effects: tuple[Effect, ...]  # by arm, then metric; empty when blocked
    withheld: tuple[Withheld, ...]  # the other arms' metrics, likewise
    adjusted: tuple[Adjusted, ...]  # for the past, and by strata; empty where nothing is known
    costs: tuple[Cost, ...]  # of one more person, or unit of revenue
    of_whole: tuple[OfWhole, ...]  # of the whole business
    before: tuple[Before, ...]  # the arms before assignment, which should be alike
    exposures: tuple[Exposed, ...]  # from assignment on; empty where there are none
    pre_days: int  # before assignment, which `adjusted` and `before` count
    prospects: tuple[Prospect, ...]  # by arm, while there is no outcome at all
    sample_ratio: SampleRatio | None  # none when the probabilities allow no check
    blocked: LocalizedText | None  # why there are no effects
    cautions: tuple[LocalizedText, ...]  # what must be known to interpret the effects
    crossed: int  # people in more than one arm, left out of everything
    plan: Plan  # when and how the effects are read
    goal: LocalizedText | None  # what decides, and how its arms share the risk; if it is known
    basis: LocalizedText
    notes: tuple[LocalizedText, ...]
    queries: tuple[Query, ...]
