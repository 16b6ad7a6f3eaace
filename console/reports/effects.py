"""Each treated arm's effects against the control's, or why one is withheld."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText
from console.reporting.figures import points, signed_money
from console.reports.arm_names import arm_name
from console.reports.looks import COUNTED, Plan
from features.statistics.arms import Mean, Proportion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from features.statistics import experiment
    from features.statistics.reading import Reading
    from features.statistics.status import Status

Sums = Mapping[str, Any]  # a row of reports/arms

METHODS: dict[str, LocalizedText] = {
    "score": LocalizedText(
        "Rates: score intervals of the difference and the ratio, and score test (Miettinen and "
        "Nurminen)"
    ),
    "t": LocalizedText(
        "Revenue: t interval of the difference and t test (Welch), t interval of the ratio "
        "(Fieller)"
    ),
}
NO_OUTCOMES = {
    "visit_rate": LocalizedText("nobody has visited yet"),
    "conversion_rate": LocalizedText("nobody has converted yet"),
    "value_per_person": LocalizedText("no conversion has reported a value"),
}
STATUSES: dict[str, LocalizedText] = {
    "too_early": LocalizedText("too early to tell"),
    "works": LocalizedText("works"),
    "harms": LocalizedText("harms"),
    "days_needed": LocalizedText("no effect shown yet"),
}
METRICS = tuple(NO_OUTCOMES)
RATES = ("visit_rate", "conversion_rate")  # those that are shares; the other is money


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A treated arm's metric minus the control's, with an interval."""

    arm: str
    control: str
    metric: str  # one of METRICS; rates are shares, value is in cents
    treated_value: float
    control_value: float
    difference: float
    low: float  # interval of the difference
    high: float
    standard_error: float | None  # none where neither arm has any spread
    p_value: float  # two-sided
    relative: float | None  # difference / control; none when the control's is zero
    relative_low: float  # interval by the same test, at least -1
    relative_high: float | None  # none when it has no upper end
    increment: float  # difference x people of the arm: people, or cents
    increment_low: float
    increment_high: float
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
    reason: str  # no_outcomes, or what an arm lacks: people, sum, carriers, spread
    why: LocalizedText


def effects(
    control: Sums,
    treated: Sequence[Sums],
    found: Plan,
    read: Mapping[tuple[str, str], Reading],
) -> tuple[tuple[Effect, ...], tuple[Withheld, ...]]:
    """Return, by arm and then metric, what can be said and what can't.

    Args:
        control: of the control arm.
        treated: of the others.
        found: when and how effects are read.
        read: what the looks so far come to, by arm and metric.
    """
    happened = {m for m in METRICS if any(_happened(m, row) for row in (control, *treated))}
    results = [
        _effect(metric, row, control, found, read.get((row["arm"], metric)))
        if metric in happened
        else Withheld(arm=row["arm"], metric=metric, reason="no_outcomes", why=NO_OUTCOMES[metric])
        for row in treated
        for metric in METRICS
    ]
    return (
        tuple(one for one in results if isinstance(one, Effect)),
        tuple(one for one in results if isinstance(one, Withheld)),
    )


def _happened(metric: str, row: Sums) -> bool:
    # Without one value anywhere, zero per person would be a claim that nobody made.
    counted = {"visit_rate": "visits", "conversion_rate": "conversions"}
    return bool(row[counted.get(metric, "conversions_valued")])


def _effect(
    metric: str, row: Sums, control: Sums, plan: Plan, reading: Reading | None
) -> Effect | Withheld:
    from features.statistics import experiment  # with scipy, which takes a second
    from features.statistics.reading import NONE

    read = reading or NONE
    if metric != "value_per_person":
        rates = _rate(metric, row), _rate(metric, control)
        return _told(metric, row, control, experiment.compare(*rates, alpha=read.alpha), plan, read)
    for arm in (row, control):
        # One person has no variance, so there is no mean to compare.
        lack = "people" if arm["people"] == 1 else experiment.lack(_value(arm))
        if lack:
            return _withheld(metric, row, arm, lack)
    means = _value(row), _value(control)
    return _told(metric, row, control, experiment.compare(*means, alpha=read.alpha), plan, read)


def _rate(metric: str, row: Sums) -> Proportion:
    return Proportion(row["visits" if metric == "visit_rate" else "conversions"], row["people"])


def _value(row: Sums) -> Mean:
    return Mean(row["people"], row["value_cents"], row["value_cents_squared"])


def _withheld(metric: str, row: Sums, lacking: Sums, lack: str) -> Withheld:
    return Withheld(arm=row["arm"], metric=metric, reason=lack, why=LACKS[lack](lacking))


def _too_few_people(row: Sums) -> LocalizedText:
    from features.statistics.experiment import CARRIERS_MIN

    return LocalizedText(
        "too few people in arm {arm}: {people}; at least {least} are needed",
        arm=arm_name(row["arm"]),
        people=row["people"],
        least=CARRIERS_MIN,
    )


def _nobody_paid(row: Sums) -> LocalizedText:
    return LocalizedText(
        "nobody in arm {arm} has generated any revenue, so its spread is unknown",
        arm=arm_name(row["arm"]),
    )


def _too_few_paid(row: Sums) -> LocalizedText:
    from features.statistics.experiment import CARRIERS_MIN

    return LocalizedText(
        "the revenue of arm {arm} comes from too few people, as if {carriers:.1f} had each "
        "generated the same; at least {least} are needed",
        arm=arm_name(row["arm"]),
        carriers=_value(row).carriers,
        least=CARRIERS_MIN,
    )


def _all_alike(row: Sums) -> LocalizedText:
    return LocalizedText(
        "everyone in arm {arm} has generated the same revenue, so there is no spread to compare by",
        arm=arm_name(row["arm"]),
    )


LACKS: dict[str, Callable[[Sums], LocalizedText]] = {
    "people": _too_few_people,
    "sum": _nobody_paid,
    "carriers": _too_few_paid,
    "spread": _all_alike,
}


def _told(
    metric: str,
    row: Sums,
    control: Sums,
    found: experiment.Difference,
    plan: Plan,
    read: Reading,
) -> Effect:
    state = _status(metric, row, control, found, plan, read)
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
        relative_low=-1.0 if found.relative_low is None else found.relative_low,
        relative_high=found.relative_high,
        increment=found.value * row["people"],
        increment_low=found.low * row["people"],
        increment_high=found.high * row["people"],
        method=METHODS[found.method],
        confidence=1 - read.level,
        alpha=read.alpha,
        status=state.kind,
        words=_words(metric, state, waits=_waits(plan)),
    )


def _status(
    metric: str,
    row: Sums,
    control: Sums,
    found: experiment.Difference,
    plan: Plan,
    read: Reading,
) -> Status:
    from features.statistics.status import Now, status

    return status(
        Now(
            low=found.low,
            high=found.high,
            days=plan.day,
            over=plan.over,
            found=0 if _waits(plan) else read.found,
            events=row[COUNTED[metric]] + control[COUNTED[metric]],
            days_left=None if plan.days is None else plan.days - plan.day,
        )
    )


def _waits(plan: Plan) -> bool:
    """Return whether the design shows nothing yet, whatever the p-value is."""
    return plan.design == "fixed" and not plan.over


def _words(metric: str, state: Status, *, waits: bool) -> LocalizedText:
    if state.kind == "no_larger":
        most = state.difference or 0.0
        if metric in RATES:
            return LocalizedText(
                "no effect shown by the end; no difference larger than {most} pts",
                most=points(most)[1:],
            )
        return LocalizedText(
            "no effect shown by the end; no difference larger than {most}",
            most=signed_money(most)[1:],
        )
    if state.kind == "days_needed" and state.days is not None:
        if waits:
            return LocalizedText(
                "not decided before the planned end; days to go: {days}", days=state.days
            )
        return LocalizedText("no effect shown yet; days to go: {days}", days=state.days)
    return STATUSES[state.kind]
