"""The lift report printed for a person: arms, effects, what they cost, checks, words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.reporting.figures import (
    NONE,
    confidence,
    money,
    number,
    p_value,
    percent,
    points,
    signed_money,
)
from console.reporting.figures import lift as lift_percent
from console.reports.arm_names import arm_name
from console.reports.metric_names import ADJUSTMENTS, DIFFERENCES, METHODS, NAMES, ROLES
from console.reports.metrics import METRICS
from console.reports.recorded import words as recorded_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from console.reporting.layout import Layout
    from console.reports.effects import Effect, Withheld
    from console.reports.lift_report import LiftReport
    from console.reports.past import Adjusted


def print_lift(found: LiftReport, to: Layout) -> None:
    """Print a lift report."""
    _ = to.gettext
    to.heading(_("Lift of {campaign}", campaign=found.campaign))
    to.table(
        _("Randomised arms"),
        (_("arm"), _("people"), _("visit rate"), _("conversion rate"), _("revenue per person")),
        (
            (
                arm_name(arm.arm).of(to.lang),
                number(arm.people),
                percent(arm.visit_rate),
                percent(arm.conversion_rate),
                money(arm.value_per_person),
            )
            for arm in found.arms
        ),
    )
    for arm in dict.fromkeys(effect.arm for effect in found.effects):
        to.table(
            _("{arm} against {control}", arm=arm_name(arm), control=arm_name(found.control)),
            (
                *(_("metric"), _("difference"), _("interval"), _("lift"), _("interval")),
                *(_("confidence"), _("p"), *([_("p (Holm)")] * bool(found.plan.goals))),
                _("total increment"),
            ),
            (
                _effect_cells(to, effect, holm=bool(found.plan.goals))
                for effect in found.effects
                if effect.arm == arm
            ),
        )
    _print_adjusted(to, found.adjusted)
    _print_costs(to, found)
    _print_before(to, found)
    to.line()
    _print_check(found, to)
    if found.blocked is not None:
        to.line(found.blocked.of(to.lang), style="bold red")
    if found.prospects:
        to.line(_("No outcomes yet. At best, this split can show:"))
    for prospect in found.prospects:
        to.line(prospect.words.of(to.lang))
    for caution in found.cautions:
        to.line(caution.of(to.lang), style="bold")
    if not found.prospects:
        _print_withheld(to, found.withheld)
    for effect in found.effects:
        to.line(
            to.gettext(
                "{metric}, {arm}: {words} (significance level {alpha})",
                metric=to.gettext(NAMES[effect.metric]),
                arm=arm_name(effect.arm),
                words=effect.words,
                alpha=p_value(effect.alpha),
            )
        )
    methods = dict.fromkeys(effect.method for effect in found.effects)
    said = found.plan.recorded
    to.sentences(
        [
            *([recorded_words(said)] if said else []),
            *(found.goal, found.basis, *found.notes, *methods),
            *([found.plan.words] * bool(methods)),
        ]
    )


def _print_adjusted(to: Layout, found: Iterable[Adjusted]) -> None:
    rows = [
        (
            f"{to.gettext(NAMES[one.metric])}, {arm_name(one.arm).of(to.lang)}",
            to.gettext(ADJUSTMENTS[one.method]),
            _shown(one.metric, one.difference),
            f"{_shown(one.metric, one.low)} .. {_shown(one.metric, one.high)}",
            NONE if one.relative is None else lift_percent(one.relative),
            _ends(to, one.relative_low, one.relative_high),
            p_value(one.p_value),
            percent(one.variance_saved, 1),
        )
        for one in found
    ]
    if rows:
        _ = to.gettext
        to.table(
            _("Adjusted effects, beside those that decide"),
            (
                *(_("metric"), _("adjustment"), _("difference"), _("interval"), _("lift")),
                *(_("interval"), _("p"), _("variance saved")),
            ),
            rows,
        )


def _print_costs(to: Layout, found: LiftReport) -> None:
    _ = to.gettext
    known = [one for one in found.costs if one.cost_cents is not None]
    if known:
        to.table(
            _("Cost of one more person, or unit of revenue"),
            (_("metric"), _("cost"), _("of one more"), _("interval")),
            (
                (
                    f"{_(NAMES[one.metric])}, {arm_name(one.arm).of(to.lang)}",
                    money(one.cost_cents),
                    money(one.per_cents),
                    f"{money(one.per_low_cents)} .. {money(one.per_high_cents)}"
                    if one.words is None
                    else one.words.of(to.lang),
                )
                for one in known
            ),
        )
    for whole in found.of_whole:
        to.line(
            _(
                "Of the whole business: {lift} ({low} .. {high}) of all revenue since the first "
                "assignment, had everyone here been in {arm}; these arms brought {coverage} of it.",
                lift=lift_percent(whole.lift),
                low=lift_percent(whole.low),
                high=lift_percent(whole.high),
                arm=arm_name(whole.arm),
                coverage=percent(whole.coverage, 1),
            )
        )


def _print_before(to: Layout, found: LiftReport) -> None:
    _ = to.gettext
    if found.before:
        to.table(
            _("The arms before assignment ({days} days)", days=found.pre_days),
            (_("metric"), _("treated"), _("control"), _("p"), _("alike")),
            (
                (
                    f"{_(NAMES[one.metric])}, {arm_name(one.arm).of(to.lang)}",
                    *(
                        percent(value) if METRICS[one.metric].is_rate else money(value)
                        for value in (one.treated, one.control)
                    ),
                    p_value(one.p_value),
                    _("yes") if one.ok else _("no"),
                )
                for one in found.before
            ),
        )
    if found.exposures:
        to.table(
            _("Exposures after assignment"),
            (_("arm"), _("people"), _("exposed"), _("exposures"), _("per person")),
            (
                (
                    arm_name(one.arm).of(to.lang),
                    number(one.people),
                    number(one.exposed),
                    number(one.exposures),
                    f"{one.per_person:.2f}",
                )
                for one in found.exposures
            ),
        )


def _print_check(found: LiftReport, to: Layout) -> None:
    check = found.sample_ratio
    if check is not None:
        to.line(
            to.gettext(
                "sample ratio: {method}, chi-squared {chi:.3f}, p {p}",
                method=to.gettext(METHODS[check.method]),
                chi=check.chi_squared,
                p=p_value(check.p_value),
            )
        )
        if check.sequential_p is not None:
            to.line(
                to.gettext(
                    "sample ratio at every look: p {p} (sequential test)",
                    p=p_value(check.sequential_p),
                )
            )
    if found.crossed:
        to.line(
            to.ngettext(
                "{n} person was assigned to more than one arm and is left out.",
                "{n} people were assigned to more than one arm and are left out.",
                found.crossed,
            )
        )


def _print_withheld(to: Layout, found: Iterable[Withheld]) -> None:
    for one in found:
        to.line(
            to.gettext(
                "withheld: {metric}, {arm}: {why}",
                metric=to.gettext(NAMES[one.metric]),
                arm=arm_name(one.arm),
                why=one.why,
            )
        )


def _effect_cells(to: Layout, effect: Effect, *, holm: bool) -> tuple[str, ...]:
    name = to.gettext(DIFFERENCES[effect.metric])
    role = "" if effect.role == "other" else f" ({to.gettext(ROLES[effect.role])})"
    return (
        f"{name}{role}",
        _shown(effect.metric, effect.difference),
        f"{_shown(effect.metric, effect.low)} .. {_shown(effect.metric, effect.high)}",
        NONE if effect.relative is None else lift_percent(effect.relative),
        _ends(to, effect.relative_low, effect.relative_high),
        confidence(effect.confidence),
        p_value(effect.p_value),
        *([NONE if effect.p_holm is None else p_value(effect.p_holm)] * holm),
        _total(effect),
    )


def _shown(metric: str, value: float) -> str:
    return points(value) if METRICS[metric].is_rate else signed_money(value)


def _total(effect: Effect) -> str:
    if effect.increment is None:
        return NONE
    if METRICS[effect.metric].is_rate:
        return f"{round(effect.increment):+,}"
    return signed_money(effect.increment)


def _ends(to: Layout, low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return to.gettext("any lift")
    if high is None:
        return to.gettext("at least {low}", low=lift_percent(low or 0.0))
    if low is None:
        return to.gettext("at most {high}", high=lift_percent(high))
    return f"{lift_percent(low)} .. {lift_percent(high)}"
