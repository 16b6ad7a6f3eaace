"""What people did before their assignment: effects adjusted for it, and whether arms were alike.

The past is each person's own: visits and conversions of any campaign in the days before they were
assigned. It can be no effect, so its chance difference between arms is taken off (CUPED). By an
attribute as of the assignment an effect can be put together from strata.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText
from console.reports.arm_names import arm_name
from console.reports.basis import NoReportError
from console.reports.metric_names import NAMES
from console.reports.metrics import METRICS, Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.reports.basis import QueryLog
    from console.reports.effects import Effect
    from features.statistics.adjustment import MeanWithPast, RatioWithPast
    from features.statistics.arms import Mean, Proportion
    from features.statistics.contrast import Contrast
    from features.statistics.strata import Sums

Row = Mapping[str, Any]  # of reports/lift_past

DAYS = 28  # before the assignment
DAYS_MAX = 365
STRATA_MAX = 100

PAIRS = ("value", "purchases", "past_value", "past_purchases")
WITH_PAST: dict[str, tuple[str, str, str]] = {
    "visit_rate": ("visits", "past_visits", "visits_both"),
    "conversion_rate": ("conversions", "past_conversions", "conversions_both"),
}


@dataclass(frozen=True, kw_only=True)
class Adjusted:
    """An effect less what is no effect of the treatment; it stands beside the one that decides."""

    arm: str
    control: str
    metric: str
    method: str  # cuped or strata
    difference: float
    low: float
    high: float
    p_value: float
    relative: float | None  # to the control as it was
    relative_low: float | None
    relative_high: float | None
    confidence: float
    theta: float | None  # of CUPED: what one unit of the past is worth
    variance_saved: float  # share of the plain effect's variance
    words: LocalizedText


@dataclass(frozen=True, kw_only=True)
class Before:
    """The arms compared in what they did before assignment."""

    arm: str
    metric: str
    treated: float
    control: float
    p_value: float
    threshold: float  # .001, shared by all that are compared
    ok: bool


@dataclass(frozen=True)
class Past:
    """Sums by arm and stratum."""

    days: int
    attribute: str
    strata: Mapping[str, Mapping[str, Row]]  # by arm, then by value of the attribute

    def whole(self, arm: str) -> dict[str, int]:
        """Return an arm's sums over all strata."""
        found: dict[str, int] = defaultdict(int)
        for row in self.strata.get(arm, {}).values():
            for key, value in row.items():
                if key not in {"arm", "stratum"}:
                    found[key] += int(value)
        return found


def past(log: QueryLog, campaign: str, days: int, attribute: str) -> Past:
    """Return what the campaign's people did in the `days` before, by `attribute` if one is named.

    Raises:
        NoReportError: when the days are too many or too few, or the attribute has too many values
            or none.
    """
    if not 0 <= days <= DAYS_MAX:
        raise NoReportError(
            LocalizedText(
                "pre_days: {days} is not between 0 and {most}; give the days before assignment "
                "that count, 0 for none",
                days=days,
                most=DAYS_MAX,
            )
        )
    strata: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in log.rows(
        "reports/lift_past", campaign=campaign, days=days, attribute=attribute or ""
    ):
        strata[row["arm"]][row["stratum"]] = row
    values = {value for arm in strata.values() for value in arm}
    if len(values) > STRATA_MAX:
        raise NoReportError(
            LocalizedText(
                "strata: {attribute} has {n} values among these people, and {most} are the most; "
                "choose another attribute",
                attribute=attribute,
                n=len(values),
                most=STRATA_MAX,
            )
        )
    if attribute and values == {""}:
        raise NoReportError(
            LocalizedText(
                "strata: nobody's profile gave {attribute} when they were assigned; give an "
                "attribute that `flowdrop events attributes` lists",
                attribute=repr(attribute),
            )
        )
    return Past(days, attribute or "", strata)


def adjusted(found: Past, effects: Sequence[Effect]) -> tuple[Adjusted, ...]:
    """Return each effect adjusted for the past, where there is any, and by strata, if asked for."""
    from console.reports.effects import METHODS
    from features.statistics.adjustment import adjust  # with scipy, which takes a second

    told = []
    for effect in effects:
        metric = METRICS[effect.metric]
        if effect.method == METHODS["exact"]:
            continue  # of so few nothing can be taken off
        both = [found.whole(arm) for arm in (effect.arm, effect.control)]
        arms = [_with_past(metric, sums) for sums in both] if found.days else []
        if len(arms) == 2 and arms[0] is not None and arms[1] is not None:  # noqa: PLR2004
            made = adjust(arms[0], arms[1])
            if made.contrast.variance > 0:
                told.append(
                    _told(effect, "cuped", made.contrast, made.theta, made.variance_saved, found)
                )
        if found.attribute and metric.kind in {"binomial", "mean"}:
            told.extend(_by_strata(metric, effect, found))
    return tuple(told)


def _with_past(metric: Metric, sums: Mapping[str, int]) -> MeanWithPast | RatioWithPast | None:
    """Return an arm's sums with the past; none where either has no spread."""
    from features.statistics.adjustment import MeanWithPast, RatioWithPast

    people = sums["people"]
    if metric.kind == "quantile" or people < 2:  # noqa: PLR2004
        return None
    if metric.is_rate:
        now, before, both = (sums[key] for key in WITH_PAST[metric.name])
        found: MeanWithPast | RatioWithPast = MeanWithPast(people, now, now, before, before, both)
    elif metric.kind == "mean":
        found = MeanWithPast(
            people,
            *(sums["value"], sums["value_value"]),
            *(sums["past_value"], sums["past_value_past_value"], sums["value_past_value"]),
        )
    elif sums["purchases"] and sums["past_purchases"]:
        squares = (f"{key}_{key}" for key in PAIRS)
        products = (f"{a}_{b}" for index, a in enumerate(PAIRS) for b in PAIRS[index + 1 :])
        found = RatioWithPast(people, *(sums[key] for key in (*PAIRS, *squares, *products)))
    else:
        return None
    return found if found.past_variance > 0 and found.variance > 0 else None


def _by_strata(metric: Metric, effect: Effect, found: Past) -> list[Adjusted]:
    from features.statistics.strata import Stratum, post_stratify

    treated, control = (found.strata.get(arm, {}) for arm in (effect.arm, effect.control))
    strata = [
        Stratum(_sums(metric, treated.get(value)), _sums(metric, control.get(value)))
        for value in sorted({*treated, *control})
    ]
    contrast = post_stratify(strata)
    plain = (effect.standard_error or 0.0) ** 2
    if not contrast.variance or not plain:
        return []
    saved = 1 - contrast.variance / plain
    return [_told(effect, "strata", contrast, None, saved, found)]


def _sums(metric: Metric, row: Row | None) -> Sums:
    from features.statistics.strata import Sums

    if row is None:
        return Sums(0, 0, 0)
    if metric.is_rate:
        return Sums(row["people"], row[metric.counted], row[metric.counted])
    return Sums(row["people"], row["value"], row["value_value"])


def _told(
    effect: Effect, method: str, contrast: Contrast, theta: float | None, saved: float, found: Past
) -> Adjusted:
    from features.statistics.experiment import read

    told = read(contrast, alpha=effect.alpha)
    return Adjusted(
        arm=effect.arm,
        control=effect.control,
        metric=effect.metric,
        method=method,
        difference=told.value,
        low=told.low,
        high=told.high,
        p_value=told.p_value,
        relative=told.relative,
        relative_low=told.relative_low,
        relative_high=told.relative_high,
        confidence=effect.confidence,
        theta=theta,
        variance_saved=saved,
        words=LocalizedText(
            "adjusted for the {days} days before assignment (CUPED): {saved:.1f} % of the variance "
            "saved",
            days=found.days,
            saved=round(100 * saved, 1) + 0.0,  # none is not -0.0
        )
        if method == "cuped"
        else LocalizedText(
            "put together from strata by {attribute} as of assignment: {saved:.1f} % of the "
            "variance saved",
            attribute=found.attribute,
            saved=round(100 * saved, 1) + 0.0,  # none is not -0.0
        ),
    )


def befores(found: Past, control: str, arms: Sequence[str]) -> tuple[Before, ...]:
    """Compare what the arms did before assignment, which should be alike."""
    from features.statistics.arms import Mean, Proportion
    from features.statistics.balance import imbalances
    from features.statistics.experiment import lack

    if not found.days:
        return ()
    base = found.whole(control)
    pairs: dict[str, tuple[Proportion | Mean, Proportion | Mean]] = {}
    for arm in arms:
        sums = found.whole(arm)
        if not sums["people"] or not base["people"]:
            continue
        for name, (_, key, _) in WITH_PAST.items():
            if sums[key] or base[key]:
                rates = [Proportion(each[key], each["people"]) for each in (sums, base)]
                pairs[f"{name}\0{arm}"] = (rates[0], rates[1])
        if min(sums["people"], base["people"]) > 1:
            means = [
                Mean(each["people"], each["past_value"], each["past_value_past_value"])
                for each in (sums, base)
            ]
            if not any(lack(mean) for mean in means):
                pairs[f"value_per_person\0{arm}"] = (means[0], means[1])
    return tuple(
        Before(
            arm=one.name.partition("\0")[2],
            metric=one.name.partition("\0")[0],
            treated=pairs[one.name][0].value,
            control=pairs[one.name][1].value,
            p_value=one.p_value,
            threshold=one.threshold,
            ok=one.ok,
        )
        for one in imbalances(pairs)
    )


def blocked(found: Sequence[Before]) -> LocalizedText | None:
    """Return why effects are withheld; none where the arms were alike."""
    for one in found:
        if not one.ok:
            return LocalizedText(
                "Effects are withheld: the arms differed before they were assigned (arm {arm}, "
                "{metric}: p = {p:.2g} < {threshold:.2g}), so they may differ in more than the "
                "treatment.",
                arm=arm_name(one.arm),
                metric=LocalizedText(NAMES[one.metric]),
                p=one.p_value,
                threshold=one.threshold,
            )
    return None
