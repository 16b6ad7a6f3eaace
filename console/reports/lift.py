"""The report of lift: what a randomised campaign caused, each treated arm against the control."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from console.i18n import N_, LocalizedText, Names, Translator
from console.i18n.labels import label
from console.reporting.report import Page, Parameter, Report, Row, Table, plain
from console.reports.arm_names import arm_name
from console.reports.basis import NotRandomisedError, QueryLog
from console.reports.campaigns import require
from console.reports.checks import exposed, first_block, imbalanced, too_many_crossed
from console.reports.effects import RATES, Effect, effects
from console.reports.identities import identities, identity_notes
from console.reports.lift_cost import costs, of_whole
from console.reports.lift_protected import PROTECTION
from console.reports.lift_report import Arm, LiftReport
from console.reports.lift_text import print_lift
from console.reports.looks import Plan, by_day, plan, readings
from console.reports.metric_names import CSV_METRICS, NAMES
from console.reports.metrics import METRICS, quantiles, statistic
from console.reports.notes import notes
from console.reports.past import DAYS as PRE_DAYS
from console.reports.past import adjusted, befores, past
from console.reports.past import blocked as blocked_by_past
from console.reports.prospects import prospects
from console.reports.purchases import Purchases, purchases
from console.reports.reached import UNION
from console.reports.recorded import words
from console.reports.refused import cautions as refusals
from console.reports.split import probability, split
from flowdrop.files import SheetChart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

    from console.settings import ConsoleSettings

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


def lift(
    client: Client,
    campaign: str,
    control: str | None = None,
    design: str | None = None,
    goals: str | None = None,
    guardrails: str | None = None,
    pre_days: int = PRE_DAYS,
    strata: str | None = None,
) -> LiftReport:
    """Return the lift report of a randomised campaign.

    Args:
        client: of the warehouse.
        campaign: its name.
        control: the arm to compare with; by default the first of `CONTROL_ARMS` it has.
        design: how effects are read; by default as recorded before launch, or else
            group-sequentially where an end is planned.
        goals: names of metrics with commas between, by default those recorded or described.
        guardrails: names of metrics, likewise.
        pre_days: before each person's assignment, whose conversions and visits are their past.
        strata: an attribute of people, as of their assignment, to put effects together by.

    Raises:
        NotRandomisedError: when nobody was assigned, or there is no control arm.
        NoReportError: when the design or a metric is none, or needs what is not known.
        UnknownCampaignError: when no event names the campaign.
        EmptyWarehouseError: when there are no campaign events.
    """
    require(client, (campaign,))
    log = QueryLog(client)
    sums = {row["arm"]: row for row in log.rows("reports/arms", campaign=campaign)}
    crossed = sums.pop(CROSSED, {"people": 0})["people"]
    base = _control(campaign, sorted(sums), control)
    names = [base, *sorted(sums.keys() - {base})]
    planned = plan(log, campaign, design, goals, guardrails)
    daily = by_day(log, campaign, planned)
    of = split({name: sums[name] for name in names}, daily)
    bought = purchases(log, campaign) if quantiles(planned.metrics) else {}
    days = [sums] if planned.design == "fixed" else daily
    read = readings(days, base, names[1:], planned, bought)
    told, withheld = effects(sums[base], [sums[name] for name in names[1:]], planned, read, bought)
    history = past(log, campaign, pre_days, strata or "")
    before = befores(history, base, names[1:])
    blocked = first_block(of, blocked_by_past(before))
    shown = () if blocked else told
    spent = log.rows("reports/lift_exposures", campaign=campaign)
    (whole,) = log.rows("reports/lift_whole", campaign=campaign)
    nothing = not any(row["visits"] or row["conversions"] for row in sums.values())
    people = {name: int(sums[name]["people"]) for name in names}
    (everybody,) = log.rows("reports/assigned", campaign=campaign)
    known = {UNION: (everybody["people"], everybody["people_known"])}
    assigned = identities(log, known, (campaign,), "assignment")
    return LiftReport(
        campaign=campaign,
        control=base,
        arms=tuple(_arm(sums[name]) for name in names),
        measured={name: _values(name, names, sums, bought) for name in planned.metrics},
        effects=shown,
        withheld=() if blocked else withheld,
        adjusted=adjusted(history, shown),
        costs=costs(shown, spent),
        of_whole=of_whole(shown, sums, int(whole["value_cents"])),
        before=before,
        exposures=exposed(spent, names),
        pre_days=pre_days,
        prospects=prospects(people, base) if nothing and not blocked else (),
        sample_ratio=of.check,
        blocked=blocked,
        cautions=(
            *planned.departures,
            *of.cautions,
            *refusals(log, campaign),
            *imbalanced(spent, base),
            *too_many_crossed(crossed, crossed + sum(people.values())),
        ),
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
    """Return which metrics decide, and how `arms` treated arms share the risk of an error."""
    if not found.goals:
        return None
    if len(found.goals) > 1:
        return LocalizedText(
            "The goal metrics are {metrics}. Over all treated arms ({arms}) they are one family of "
            "{n} tests (Holm): the risk that any of them shows an effect that does not exist is "
            "5 % in all, so an interval's confidence may be higher than 95 %.",
            metrics=Names(tuple(LocalizedText(NAMES[name]) for name in found.goals)),
            arms=arms,
            n=arms * len(found.goals),
        )
    metric = LocalizedText(NAMES[found.goals[0]])
    if arms == 1:
        return LocalizedText("The campaign's goal is the {metric}.", metric=metric)
    return LocalizedText(
        "The campaign's goal is the {metric}. Its {n} arms are one family (Holm): the risk that "
        "any of them shows an effect that does not exist is 5 % in all, so an interval's "
        "confidence may be higher than 95 %.",
        metric=metric,
        n=arms,
    )


def _values(
    metric: str, names: Sequence[str], sums: Mapping[str, Sums], bought: Mapping[str, Purchases]
) -> dict[str, float | None]:
    """Return a metric's value by arm."""
    found: dict[str, float | None] = {}
    for name in names:
        row, of = sums[name], METRICS[metric]
        if of.kind == "mean":
            valued = row["conversions_valued"]
            found[name] = row["value_cents"] / row["people"] if valued else None
        else:
            one = statistic(of, row, bought.get(name))
            found[name] = one.value if one else None
    return found


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


def _rows(found: LiftReport) -> list[Row]:
    """Return one row per arm and metric; the control's has no effect, nor has one withheld.

    Rates and their effects are shares, and the money metric has cents in its name. A
    `relative_low` without a `relative_high` has no upper end.
    """
    withheld = {(one.arm, one.metric): one.reason for one in found.withheld}
    told = {(effect.arm, effect.metric): plain(effect) for effect in found.effects}
    adjusted = {(one.arm, one.metric): one for one in found.adjusted if one.method == "cuped"}
    cost = {(one.arm, one.metric): one for one in found.costs}
    shown = (
        *("difference", "low", "high", "p_value", "relative", "relative_low", "relative_high"),
        *("confidence", "alpha", "status", "role", "p_holm"),
        *("increment", "increment_low", "increment_high"),
    )
    rows: list[Row] = []
    for arm in found.arms:
        for metric in found.plan.metrics:
            effect = told.get((arm.arm, metric), {})
            saved, per = adjusted.get((arm.arm, metric)), cost.get((arm.arm, metric))
            rows.append(
                {
                    "arm": arm.arm,
                    "people": arm.people,
                    "metric": CSV_METRICS.get(metric, metric),
                    "value": found.measured.get(metric, {}).get(arm.arm),
                    **{key: effect.get(key) for key in shown},
                    "adjusted": saved and saved.difference,
                    "adjusted_low": saved and saved.low,
                    "adjusted_high": saved and saved.high,
                    "variance_saved": saved and saved.variance_saved,
                    "cost_of_one_cents": per and per.per_cents,
                    "cost_of_one_low_cents": per and per.per_low_cents,
                    "cost_of_one_high_cents": per and per.per_high_cents,
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
            "unit": say.gettext("revenue"),
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


def _facts(
    _client: Client, _settings: ConsoleSettings, _asked: Mapping[str, Any], found: LiftReport | None
) -> dict[str, Any]:
    """Return what the page shows beside the result."""
    said = found.plan.recorded if found else None
    return {"rates": RATES, "recorded": words(said) if said else None}


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
            "as recorded before launch, or else group-sequential up to a planned end and fixed "
            "without one).",
            option=True,
        ),
        Parameter(
            name="goals",
            metavar="METRICS",
            help="The metrics that decide, with commas between, of visit_rate, conversion_rate, "
            "value_per_person, value_per_purchase, purchase_p50 and purchase_p90 (default: as "
            "recorded before launch).",
            option=True,
        ),
        Parameter(
            name="guardrails",
            metavar="METRICS",
            help="Metrics that must not be harmed, likewise.",
            option=True,
        ),
        Parameter(
            name="pre_days",
            metavar="DAYS",
            help="Days before each person's assignment that count as their past (0 for none).",
            option=True,
            kind=int,
            default=PRE_DAYS,
        ),
        Parameter(
            name="strata",
            metavar="ATTRIBUTE",
            help="Put effects together from strata by this attribute as of assignment, too.",
            option=True,
        ),
    ),
    queries=(
        *("reports/campaign_names", "reports/arms", "reports/campaign_plan"),
        *("reports/arms_by_day", "reports/purchases", "reports/lift_past"),
        *("reports/lift_exposures", "reports/lift_whole", "reports/assigned"),
        *("reports/identities", "reports/lift_refused"),
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
    text=print_lift,
    page=Page[LiftReport](template="lift.html", facts=_facts),
    protection=PROTECTION,
    loads=(
        "features.statistics.adjustment",
        "features.statistics.balance",
        "features.statistics.experiment",
        "features.statistics.impact",
        "features.statistics.prospect",
        "features.statistics.sample_ratio",
        "features.statistics.strata",
    ),
)
