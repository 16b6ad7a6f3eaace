"""Each treated arm's effects against the control's, or why one is withheld."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText
from console.reporting.figures import points, signed_money
from console.reports.arm_names import arm_name
from console.reports.looks import Plan
from console.reports.metrics import METRICS, Metric, statistic
from features.statistics.arms import CARRIERS_MIN, Mean, Proportion, Quantile, Ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.reports.purchases import Purchases
    from features.statistics import experiment
    from features.statistics.reading import Reading
    from features.statistics.status import Status

Sums = Mapping[str, Any]  # a row of reports/arms
Lacking = Mean | Ratio | Quantile

METHODS: dict[str, LocalizedText] = {
    "score": LocalizedText(
        "Rates: score intervals of the difference and the ratio, and score test (Miettinen and "
        "Nurminen)"
    ),
    "exact": LocalizedText(
        "Rates of small counts: exact intervals of the difference and the ratio, and exact test "
        "(at the worst rates, ordered by the score of Miettinen and Nurminen)"
    ),
    "mean": LocalizedText(
        "Revenue: t interval of the difference and t test (Welch), t interval of the ratio "
        "(Fieller)"
    ),
    "ratio": LocalizedText(
        "Revenue per purchase: a ratio of sums over people (delta method), with the t test and "
        "intervals of Welch and Fieller"
    ),
    "quantile": LocalizedText(
        "Quantiles of purchases: by how far sample quantiles lie apart, over people, with the t "
        "test and intervals of Welch and Fieller"
    ),
}
NO_OUTCOMES = {
    "visit_rate": LocalizedText("nobody has visited yet"),
    "conversion_rate": LocalizedText("nobody has converted yet"),
    "value": LocalizedText("no conversion has reported a value"),
}
STATUSES: dict[str, LocalizedText] = {
    "too_early": LocalizedText("too early to tell"),
    "works": LocalizedText("works"),
    "harms": LocalizedText("harms"),
    "days_needed": LocalizedText("no effect shown yet"),
}
RATES = tuple(metric.name for metric in METRICS.values() if metric.is_rate)  # the others are money


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A treated arm's metric minus the control's, with an interval."""

    arm: str
    control: str
    metric: str  # one of METRICS; rates are shares, all else is in cents
    role: str  # goal, guardrail, or other: shown and no more
    treated_value: float
    control_value: float
    difference: float
    low: float  # interval of the difference
    high: float
    standard_error: float | None  # none where neither arm has any spread
    p_value: float  # two-sided
    p_holm: float | None  # of a goal metric: allowing for all goal metrics and arms shown
    relative: float | None  # difference / control; none when the control's is zero
    relative_low: float | None  # interval by the same test; none when it has no lower end
    relative_high: float | None  # none when it has no upper end
    increment: float | None  # difference x people of the arm: people, or cents; none of purchases
    increment_low: float | None
    increment_high: float | None
    method: LocalizedText  # names of the intervals and the test
    confidence: float  # level of the intervals, over all looks: a share
    alpha: float  # an effect is shown today where the p-value is below it
    status: str  # what may be said: too_early, days_needed, works, harms, no_larger
    words: LocalizedText  # the same in words


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """An effect that is not shown."""

    arm: str
    metric: str
    reason: str  # no_outcomes, or what an arm lacks: people, sum, carriers, spread, sides, base
    why: LocalizedText


def effects(
    control: Sums,
    treated: Sequence[Sums],
    found: Plan,
    read: Mapping[tuple[str, str], Reading],
    bought: Mapping[str, Purchases],
) -> tuple[tuple[Effect, ...], tuple[Withheld, ...]]:
    """Return, by arm and then metric, what can be said and what can't.

    Args:
        control: of the control arm.
        treated: of the others.
        found: when and how effects are read.
        read: what the looks so far come to, by arm and metric.
        bought: purchases by arm, where a quantile is asked for.
    """
    shown = [METRICS[name] for name in found.metrics]
    happened = {m.name for m in shown if any(_happened(m, row) for row in (control, *treated))}
    results = [
        _effect(metric, row, control, found, read.get((row["arm"], metric.name)), bought)
        if metric.name in happened
        else _nothing(metric, row["arm"])
        for row in treated
        for metric in shown
    ]
    return (
        _with_holm([one for one in results if isinstance(one, Effect)]),
        tuple(one for one in results if isinstance(one, Withheld)),
    )


def _with_holm(found: Sequence[Effect]) -> tuple[Effect, ...]:
    """Return the effects, those of goal metrics with the p-values that allow for all of them."""
    from features.statistics.multiple import holm

    family = [one for one in found if one.role == "goal"]
    adjusted = dict(zip(map(id, family), holm([one.p_value for one in family]), strict=True))
    return tuple(replace(one, p_holm=adjusted.get(id(one))) for one in found)


def _happened(metric: Metric, row: Sums) -> bool:
    # Without one value anywhere, zero per person would be a claim that nobody made.
    return bool(row[metric.counted if metric.is_rate else "conversions_valued"])


def _nothing(metric: Metric, arm: str) -> Withheld:
    why = NO_OUTCOMES.get(metric.name, NO_OUTCOMES["value"])
    return Withheld(arm=arm, metric=metric.name, reason="no_outcomes", why=why)


def _effect(
    metric: Metric,
    row: Sums,
    control: Sums,
    plan: Plan,
    reading: Reading | None,
    bought: Mapping[str, Purchases],
) -> Effect | Withheld:
    from features.statistics import experiment  # with scipy, which takes a second
    from features.statistics.reading import NONE

    read = reading or NONE
    both: list[Proportion | Mean | Ratio | Quantile] = []
    for arm in (row, control):
        found = statistic(metric, arm, bought.get(arm["arm"]))
        if found is None:
            # One person has no variance, so there is no mean to compare.
            lack = "people" if metric.kind == "mean" or arm["people"] == 1 else "base"
            return _withheld(metric, row, arm, lack, None)
        if not isinstance(found, Proportion) and (lacking := experiment.lack(found)):
            return _withheld(metric, row, arm, lacking, found)
        both.append(found)
    treated, base = both
    if (
        isinstance(treated, Proportion)
        and isinstance(base, Proportion)
        and experiment.is_small(treated, base)
    ):
        told = experiment.compare_exactly(treated, base, alpha=read.alpha)
    else:
        told = experiment.compare(treated, base, alpha=read.alpha)
    return _told(metric, row, control, told, plan, read)


def _withheld(
    metric: Metric, row: Sums, lacking: Sums, lack: str, found: Lacking | None
) -> Withheld:
    return Withheld(
        arm=row["arm"], metric=metric.name, reason=lack, why=LACKS[lack](lacking, found)
    )


def _too_few_people(row: Sums, _found: Lacking | None) -> LocalizedText:
    return LocalizedText(
        "too few people in arm {arm}: {people}; at least {least} are needed",
        arm=arm_name(row["arm"]),
        people=row["people"],
        least=CARRIERS_MIN,
    )


def _nobody_paid(row: Sums, _found: Lacking | None) -> LocalizedText:
    return LocalizedText(
        "nobody in arm {arm} has generated any revenue, so its spread is unknown",
        arm=arm_name(row["arm"]),
    )


def _too_few_paid(row: Sums, found: Lacking | None) -> LocalizedText:
    return LocalizedText(
        "the revenue of arm {arm} comes from too few people, as if {carriers:.1f} had each "
        "generated the same; at least {least} are needed",
        arm=arm_name(row["arm"]),
        carriers=found.carriers if isinstance(found, Mean | Ratio) else 0.0,
        least=CARRIERS_MIN,
    )


def _no_purchase(row: Sums, _found: Lacking | None) -> LocalizedText:
    return LocalizedText(
        "no purchase in arm {arm} has reported a value yet", arm=arm_name(row["arm"])
    )


def _too_few_beyond(row: Sums, _found: Lacking | None) -> LocalizedText:
    return LocalizedText(
        "too few purchases of arm {arm} lie on one side of the quantile, or all about it are "
        "alike, so its spread is unknown",
        arm=arm_name(row["arm"]),
    )


def _all_alike(row: Sums, _found: Lacking | None) -> LocalizedText:
    return LocalizedText(
        "everyone in arm {arm} has generated the same revenue, so there is no spread to compare by",
        arm=arm_name(row["arm"]),
    )


LACKS: dict[str, Callable[[Sums, Lacking | None], LocalizedText]] = {
    "people": _too_few_people,
    "sum": _nobody_paid,
    "carriers": _too_few_paid,
    "spread": _all_alike,
    "base": _no_purchase,
    "sides": _too_few_beyond,
}


def _told(
    metric: Metric,
    row: Sums,
    control: Sums,
    found: experiment.Difference,
    plan: Plan,
    read: Reading,
) -> Effect:
    people = row["people"] if metric.kind in {"binomial", "mean"} else None
    state = _status(metric, row, control, found, plan, read)
    return Effect(
        arm=row["arm"],
        control=control["arm"],
        metric=metric.name,
        role=_role(metric.name, plan),
        treated_value=found.treated,
        control_value=found.control,
        difference=found.value,
        low=found.low,
        high=found.high,
        standard_error=found.standard_error,
        p_value=found.p_value,
        p_holm=None,
        relative=found.relative,
        relative_low=found.relative_low,
        relative_high=found.relative_high,
        increment=None if people is None else found.value * people,
        increment_low=None if people is None else found.low * people,
        increment_high=None if people is None else found.high * people,
        method=METHODS[metric.kind if found.method == "t" else found.method],
        confidence=1 - read.level,
        alpha=read.alpha,
        status=state.kind,
        words=_words(metric, state, waits=_waits(plan), over=plan.over),
    )


def _role(metric: str, plan: Plan) -> str:
    if metric in plan.goals:
        return "goal"
    return "guardrail" if metric in plan.guardrails else "other"


def _status(
    metric: Metric,
    row: Sums,
    control: Sums,
    found: experiment.Difference,
    plan: Plan,
    read: Reading,
) -> Status:
    from features.statistics.status import Now, status

    smallest = _smallest(found, plan)
    return status(
        Now(
            low=found.low,
            high=found.high,
            days=plan.day,
            over=plan.over,
            found=0 if _waits(plan) else read.found,
            events=row[metric.counted] + control[metric.counted],
            smallest=smallest,
            days_left=_days_left(row, control, found, plan, smallest)
            if plan.days is None
            else plan.days - plan.day,
        )
    )


def _smallest(found: experiment.Difference, plan: Plan) -> float | None:
    """Return the least difference that matters, where it was recorded."""
    lift = plan.recorded.smallest_lift if plan.recorded else None
    return None if lift is None or not found.control else lift * abs(found.control)


def _days_left(
    row: Sums, control: Sums, found: experiment.Difference, plan: Plan, smallest: float | None
) -> float | None:
    """Return the days until the least difference that matters is found, at the pace so far."""
    from features.statistics.power import days_left

    if smallest is None or not found.standard_error:
        return None
    people = int(row["people"] + control["people"])
    return days_left(smallest, found.standard_error, people, people / plan.day)


def _waits(plan: Plan) -> bool:
    """Return whether the design shows nothing yet, whatever the p-value is."""
    return plan.design == "fixed" and not plan.over


def _words(metric: Metric, state: Status, *, waits: bool, over: bool) -> LocalizedText:
    if state.kind == "no_larger":
        return _no_larger(metric, state.difference or 0.0, over=over)
    if state.kind == "days_needed" and state.days is not None:
        if waits:
            return LocalizedText(
                "not decided before the planned end; days to go: {days}", days=state.days
            )
        return LocalizedText("no effect shown yet; days to go: {days}", days=state.days)
    return STATUSES[state.kind]


def _no_larger(metric: Metric, most: float, *, over: bool) -> LocalizedText:
    shown = (points if metric.is_rate else signed_money)(most)[1:]
    if over and metric.is_rate:
        return LocalizedText(
            "no effect shown by the end; no difference larger than {most} pts", most=shown
        )
    if over:
        return LocalizedText(
            "no effect shown by the end; no difference larger than {most}", most=shown
        )
    if metric.is_rate:
        return LocalizedText("no difference that matters: none larger than {most} pts", most=shown)
    return LocalizedText("no difference that matters: none larger than {most}", most=shown)
