"""The report of lift: what a randomised campaign caused, each treated arm against the control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.i18n import N_, LocalizedText, Names, Translator
from console.i18n.labels import label
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
from console.reporting.report import Page, Parameter, Report, Row, Table, plain
from console.reports.arm_names import arm_name
from console.reports.basis import NotRandomisedError, Query, QueryLog
from console.reports.campaigns import require
from console.reports.effects import METRICS, RATES, Effect, Withheld, effects
from console.reports.identities import identities, identity_notes
from console.reports.looks import Plan, by_day, plan, readings
from console.reports.notes import notes
from console.reports.prospects import Prospect, prospects
from console.reports.reached import UNION
from console.reports.split import SampleRatio, probability, split
from flowdrop.files import SheetChart

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clickhouse_connect.driver.client import Client

    from console.reporting.layout import Layout

CONTROL_ARMS = ("none", "control", "holdout")
CROSSED = ""  # the query's name for people in more than one arm

Sums = Mapping[str, Any]  # a row of reports/arms

BASIS = LocalizedText(
    "Arms are compared as assigned, whether or not the message arrived. Each person counts once, "
    "by what happened from assignment on."
)
MONEY = LocalizedText(
    "Revenue is in the currency of the events' values: whole units and hundredths at a terminal "
    "and on the page, hundredths (cents) in JSON and CSV."
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
class LiftReport:
    """Arms, effects, and the check that makes them credible."""

    campaign: str
    control: str
    arms: tuple[Arm, ...]  # control first, then by name
    effects: tuple[Effect, ...]  # by arm, then metric; empty when blocked
    withheld: tuple[Withheld, ...]  # the other arms' metrics, likewise
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


def lift(
    client: Client, campaign: str, control: str | None = None, design: str | None = None
) -> LiftReport:
    """Return the lift report of a randomised campaign.

    Args:
        client: of the warehouse.
        campaign: its name.
        control: the arm to compare with; by default the first of `CONTROL_ARMS` it has.
        design: how effects are read; by default group-sequentially where an end is planned.

    Raises:
        NotRandomisedError: when nobody was assigned, or there is no control arm.
        NoReportError: when the design is none, or needs an end that is not known.
        UnknownCampaignError: when no event names the campaign.
        EmptyWarehouseError: when there are no campaign events.
    """
    require(client, (campaign,))
    log = QueryLog(client)
    sums = {row["arm"]: row for row in log.rows("reports/arms", campaign=campaign)}
    crossed = sums.pop(CROSSED, {"people": 0})["people"]
    base = _control(campaign, sorted(sums), control)
    names = [base, *sorted(sums.keys() - {base})]
    of = split({name: sums[name] for name in names})
    planned = plan(log, campaign, design)
    days = [sums] if planned.design == "fixed" else by_day(log, campaign, planned)
    read = readings(days, base, names[1:], METRICS, planned)
    told, withheld = effects(sums[base], [sums[name] for name in names[1:]], planned, read)
    nothing = not any(row["visits"] or row["conversions"] for row in sums.values())
    people = {name: int(sums[name]["people"]) for name in names}
    (everybody,) = log.rows("reports/assigned", campaign=campaign)
    known = {UNION: (everybody["people"], everybody["people_known"])}
    assigned = identities(log, known, (campaign,), "assignment")
    return LiftReport(
        campaign=campaign,
        control=base,
        arms=tuple(_arm(sums[name]) for name in names),
        effects=() if of.blocked else told,
        withheld=() if of.blocked else withheld,
        prospects=prospects(people, base) if nothing and not of.blocked else (),
        sample_ratio=of.check,
        blocked=of.blocked,
        cautions=of.cautions,
        crossed=crossed,
        plan=planned,
        goal=_goal(planned, len(names) - 1),
        basis=BASIS,
        notes=(*notes((campaign,)), *identity_notes(assigned[UNION]), *_money(sums)),
        queries=log.asked,
    )


def _control(campaign: str, arms: Sequence[str], asked: str | None) -> str:
    """Return the arm to compare with."""
    if not arms:
        raise NotRandomisedError(
            LocalizedText(
                "campaign {campaign} was not randomised: nobody was assigned to an arm, so its "
                "lift can't be measured; use `flowdrop report reach {campaign}`",
                campaign=campaign,
            )
        )
    for name in [asked] if asked else CONTROL_ARMS:
        if name in arms:
            return name
    raise NotRandomisedError(
        LocalizedText(
            "campaign {campaign} has no control arm {wanted}; its arms are {arms}: name one of "
            "them with --control",
            campaign=campaign,
            wanted=repr(asked) if asked else Names(CONTROL_ARMS, last="or"),
            arms=Names(tuple(arm_name(arm) for arm in arms)),
        )
    )


def _money(sums: Mapping[str, Sums]) -> tuple[LocalizedText, ...]:
    """Return the unit of money, where anything gave a value."""
    return (MONEY,) if any(row["conversions_valued"] for row in sums.values()) else ()


def _goal(found: Plan, arms: int) -> LocalizedText | None:
    """Return which metric decides, and how `arms` treated arms share the risk of an error."""
    if found.goal is None:
        return None
    metric = LocalizedText(NAMES[found.goal])
    if arms == 1:
        return LocalizedText("The campaign's goal is the {metric}.", metric=metric)
    return LocalizedText(
        "The campaign's goal is the {metric}. Its {n} arms are one family (Holm): the risk that "
        "any of them shows an effect that does not exist is 5 % in all, so an interval's "
        "confidence may be higher than 95 %.",
        metric=metric,
        n=arms,
    )


def _arm(row: Sums) -> Arm:
    """Return an arm for display."""
    people, valued = row["people"], row["conversions_valued"] > 0
    return Arm(
        arm=row["arm"],
        people=people,
        probability=probability(row),
        visits=row["visits"],
        visit_rate=row["visits"] / people,
        conversions=row["conversions"],
        conversion_rate=row["conversions"] / people,
        value_cents=row["value_cents"] if valued else None,
        value_per_person=row["value_cents"] / people if valued else None,
    )


METHODS = {
    "chi-squared": N_("chi-squared test"),
    "exact": N_("exact test"),
    "drawn": N_("test by random draws"),
}
NAMES = {
    "visit_rate": N_("visit rate"),
    "conversion_rate": N_("conversion rate"),
    "value_per_person": N_("revenue per person"),
}
DIFFERENCES = {
    "visit_rate": N_("visit rate, pts"),
    "conversion_rate": N_("conversion rate, pts"),
    "value_per_person": N_("revenue per person"),
}
CSV_METRICS = {"value_per_person": "value_per_person_cents"}


def _text(found: LiftReport, to: Layout) -> None:
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
                *(_("confidence"), _("p"), _("total increment")),
            ),
            (_effect_cells(to, effect) for effect in found.effects if effect.arm == arm),
        )
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
    to.sentences(
        [found.goal, found.basis, *found.notes, *methods, *([found.plan.words] * bool(methods))]
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


def _effect_cells(to: Layout, effect: Effect) -> tuple[str, ...]:
    rate = effect.metric in RATES
    shown = points if rate else signed_money
    return (
        to.gettext(DIFFERENCES[effect.metric]),
        shown(effect.difference),
        f"{shown(effect.low)} .. {shown(effect.high)}",
        NONE if effect.relative is None else lift_percent(effect.relative),
        to.gettext("at least {low}", low=lift_percent(effect.relative_low))
        if effect.relative_high is None
        else f"{lift_percent(effect.relative_low)} .. {lift_percent(effect.relative_high)}",
        confidence(effect.confidence),
        p_value(effect.p_value),
        f"{round(effect.increment):+,}" if rate else signed_money(effect.increment),
    )


def _rows(found: LiftReport) -> list[Row]:
    """Return one row per arm and metric; the control's has no effect, nor has one withheld.

    Rates and their effects are shares, and the money metric has cents in its name. A
    `relative_low` without a `relative_high` has no upper end.
    """
    withheld = {(one.arm, one.metric): one.reason for one in found.withheld}
    told = {(effect.arm, effect.metric): plain(effect) for effect in found.effects}
    shown = (
        *("difference", "low", "high", "p_value", "relative", "relative_low", "relative_high"),
        *("confidence", "alpha", "status"),
    )
    rows: list[Row] = []
    for arm in found.arms:
        for metric in METRICS:
            effect = told.get((arm.arm, metric), {})
            rows.append(
                {
                    "arm": arm.arm,
                    "people": arm.people,
                    "metric": CSV_METRICS.get(metric, metric),
                    "value": getattr(arm, metric),
                    **{key: effect.get(key) for key in shown},
                    "withheld": "blocked"
                    if found.blocked and arm.arm != found.control
                    else withheld.get((arm.arm, metric)),
                }
            )
    return rows


def _charts(found: LiftReport, say: Translator) -> dict[str, dict[str, Any]]:
    """Return one chart of the rates (percentage points) and one of the value (money)."""
    rates = [e for e in found.effects if e.metric in RATES]
    value = [e for e in found.effects if e.metric not in RATES]
    charts = {}
    if rates:
        rates.sort(key=lambda effect: (RATES.index(effect.metric), effect.arm))
        charts["rates"] = {
            "kind": "forest",
            "unit": say.gettext("percentage points"),
            "rows": [_interval(effect, say, 100.0) for effect in rates],
        }
    if any(e.treated_value or e.control_value for e in value):
        charts["value"] = {
            "kind": "forest",
            "unit": say.gettext("revenue per person"),
            "rows": [_interval(effect, say, 0.01) for effect in value],
        }
    return charts


def _interval(effect: Effect, say: Translator, scale: float) -> dict[str, Any]:
    """Return one row of a forest; `scale` turns the effect into what the axis counts."""
    from console.web import formats

    shown = formats.points if effect.metric in RATES else formats.signed_money
    return {
        "name": f"{arm_name(effect.arm).of(say.lang)} · {label(say, 'metric', effect.metric)}",
        "low": effect.low * scale,
        "difference": effect.difference * scale,
        "high": effect.high * scale,
        "clear": effect.low > 0 or effect.high < 0,
        "text": f"{shown(effect.difference)}  [{shown(effect.low)}, {shown(effect.high)}]",
    }


REPORT = Report(
    name="lift",
    help="Show what a randomised CAMPAIGN caused: each treated arm against the control arm.",
    example="flowdrop report lift hillstrom --json",
    parameters=(
        Parameter(name="campaign"),
        Parameter(
            name="control",
            metavar="ARM",
            help="Compare with ARM (default: none, control, holdout).",
            option=True,
        ),
        Parameter(
            name="design",
            help="Read effects by DESIGN: fixed, group-sequential or always-valid (default: "
            "group-sequential up to a planned end, fixed without one).",
            option=True,
        ),
    ),
    queries=(
        *("reports/campaign_names", "reports/arms", "reports/campaign_plan"),
        *("reports/arms_by_day", "reports/assigned", "reports/identities"),
    ),
    compute=lift,
    result=LiftReport,
    tables=(
        Table(
            title=N_("Lift"),
            row="one row per arm and metric",
            rows=_rows,
            chart=SheetChart(kind="column", x="metric", y=("relative",), by="arm"),
        ),
    ),
    charts=_charts,
    text=_text,
    page=Page(template="lift.html"),
    loads=(
        "features.statistics.experiment",
        "features.statistics.prospect",
        "features.statistics.sample_ratio",
    ),
)
