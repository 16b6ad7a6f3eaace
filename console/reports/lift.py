"""Lift: what a randomised campaign caused, each treated arm against the control arm."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.reports.basis import Asker, NotRandomisedError, Words
from console.reports.campaigns import require
from console.reports.notes import notes
from features import experiment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clickhouse_connect.driver.client import Client

    from console.reports.basis import Query

CONTROL_ARMS = ("none", "control", "holdout")
CROSSED = ""  # the query's name for people in more than one arm
NOBODY = "(nobody)"  # in the check, the arms that the probabilities leave room for
ROUNDING = 1e-6  # probabilities closer than this are the same
MEAN_PEOPLE_MIN = 2  # a variance needs two

Sums = Mapping[str, Any]  # a row of reports/arms

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
    value_cents: int | None  # revenue of their conversions; none when none gave a value
    value_per_person: float | None  # cents


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
    require(client, (campaign,))
    asker = Asker(client)
    sums = {row["arm"]: row for row in asker.rows("reports/arms", campaign=campaign)}
    crossed = sums.pop(CROSSED, {"people": 0})["people"]
    base = _control(campaign, sorted(sums), control)
    names = [base, *sorted(sums.keys() - {base})]
    check, blocked = _check({name: sums[name] for name in names})
    return LiftReport(
        campaign=campaign,
        control=base,
        arms=tuple(_arm(sums[name]) for name in names),
        effects=() if blocked else tuple(_effects(sums[base], [sums[n] for n in names[1:]])),
        sample_ratio=check,
        blocked=blocked,
        crossed=crossed,
        basis=BASIS,
        notes=notes((campaign,)),
        queries=asker.asked,
    )


def _control(campaign: str, arms: Sequence[str], asked: str | None) -> str:
    """Return the arm to compare with."""
    if not arms:
        raise NotRandomisedError(
            f"campaign {campaign} was not randomised: nobody was assigned to an arm, so what it "
            f"caused can't be told; use `flowdrop report reach {campaign}`"
        )
    for name in [asked] if asked else CONTROL_ARMS:
        if name in arms:
            return name
    wanted = repr(asked) if asked else " or ".join(CONTROL_ARMS)
    raise NotRandomisedError(
        f"campaign {campaign} has no control arm {wanted}; its arms are {', '.join(arms)}: "
        "name the one to compare with by --control"
    )


def _check(sums: Mapping[str, Sums]) -> tuple[SampleRatio | None, Words | None]:
    """Return the sample-ratio check, and why effects are blocked."""
    varying = [name for name, row in sums.items() if not _constant(row)]
    if varying:
        return None, Words(
            en=f"Effects are withheld: the probability of arm {varying[0]} varied between people, "
            "and a plain comparison of such arms is biased.",
            zh=f"不显示效果:组 {varying[0]} 的分配概率因人而异,直接比较这样的组会有偏差。",
        )
    probabilities = {name: float(row["probability_min"]) for name, row in sums.items()}
    missing = 1 - math.fsum(probabilities.values())
    if missing < -ROUNDING:
        return None, Words(
            en=f"Effects are withheld: the arms' probabilities add to {1 - missing:.4f}, not to 1.",
            zh=f"不显示效果:各组的分配概率之和为 {1 - missing:.4f},而不是 1。",
        )
    people = {name: int(row["people"]) for name, row in sums.items()}
    if missing > ROUNDING:  # an arm that nobody is in never shows itself
        people[NOBODY], probabilities[NOBODY] = 0, missing
    found = experiment.sample_ratio(people, probabilities)
    check = SampleRatio(
        chi_squared=found.chi_squared,
        degrees=found.degrees,
        p_value=found.p_value,
        threshold=experiment.SAMPLE_RATIO_P_MIN,
        expected=found.expected,
        ok=found.ok,
    )
    if found.ok:
        return check, None
    return check, Words(
        en="Effects are withheld: the arms do not hold as many people as their probabilities say "
        f"(sample-ratio mismatch, p = {found.p_value:.2g} < {check.threshold}), so they may differ "
        "in more than the treatment.",
        zh="不显示效果:各组人数与分配概率不符"
        f"(样本比例失配,p = {found.p_value:.2g} < {check.threshold}),各组的差别可能不只来自处理。",
    )


def _constant(row: Sums) -> bool:
    low, high = row["probability_min"], row["probability_max"]
    return low is not None and high - low <= ROUNDING


def _arm(row: Sums) -> Arm:
    """Return an arm as people read it."""
    people, valued = row["people"], row["conversions_valued"] > 0
    return Arm(
        arm=row["arm"],
        people=people,
        probability=row["probability_min"] if _constant(row) else None,
        visits=row["visits"],
        visit_rate=row["visits"] / people,
        conversions=row["conversions"],
        conversion_rate=row["conversions"] / people,
        value_cents=row["value_cents"] if valued else None,
        value_per_person=row["value_cents"] / people if valued else None,
    )


def _effects(control: Sums, treated: Sequence[Sums]) -> Iterator[Effect]:
    """Yield each treated arm's effects, metric by metric."""
    # Without one value anywhere, zero a person would be a claim that nobody made.
    valued = any(row["conversions_valued"] for row in (control, *treated))
    for row in treated:
        for metric in METRICS:
            of = _STATISTICS[metric]
            small = min(row["people"], control["people"]) < MEAN_PEOPLE_MIN
            if of is not _value or (valued and not small):
                yield _effect(metric, row, control, experiment.compare(of(row), of(control)))


def _effect(metric: str, row: Sums, control: Sums, found: experiment.Difference) -> Effect:
    return Effect(
        arm=row["arm"],
        control=control["arm"],
        metric=metric,
        treated_value=found.treated,
        control_value=found.control,
        difference=found.value,
        low=found.low,
        high=found.high,
        standard_error=found.standard_error,
        p_value=found.p_value,
        relative=found.relative,
        relative_low=found.relative_low,
        relative_high=found.relative_high,
        increment=found.value * row["people"],
        increment_low=found.low * row["people"],
        increment_high=found.high * row["people"],
        method=found.method,
    )


def _visits(row: Sums) -> experiment.Proportion:
    return experiment.Proportion(row["visits"], row["people"])


def _conversions(row: Sums) -> experiment.Proportion:
    return experiment.Proportion(row["conversions"], row["people"])


def _value(row: Sums) -> experiment.Mean:
    return experiment.Mean(row["people"], row["value_cents"], row["value_cents_squared"])


_STATISTICS: dict[str, Callable[[Sums], experiment.Proportion | experiment.Mean]] = {
    "visit_rate": _visits,
    "conversion_rate": _conversions,
    "value_per_person": _value,
}
METRICS = tuple(_STATISTICS)
