"""The report of lift: what a randomised campaign caused, each treated arm against the control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.reporting.figures import (
    NONE,
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
from console.reports.basis import Asker, NotRandomisedError, Query, Words
from console.reports.campaigns import require
from console.reports.effects import METRICS, RATES, Effect, Withheld, effects
from console.reports.notes import notes
from console.reports.prospects import Prospect, prospects
from console.reports.split import SampleRatio, probability, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clickhouse_connect.driver.client import Client

    from console.reporting.layout import Layout
    from console.web.language import Phrases

CONTROL_ARMS = ("none", "control", "holdout")
CROSSED = ""  # the query's name for people in more than one arm

Sums = Mapping[str, Any]  # a row of reports/arms

BASIS = Words(
    en="Arms are compared as assigned, whether or not the message arrived. A person counts once, "
    "by what happened from assignment on.",
    zh="按随机分配的组比较，不论消息是否送达。每人只计一次，统计自分配之后发生的行为。",
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
    """Arms, effects and the check that lets them be believed."""

    campaign: str
    control: str
    arms: tuple[Arm, ...]  # control first, then by name
    effects: tuple[Effect, ...]  # by arm, then metric; empty when blocked
    withheld: tuple[Withheld, ...]  # the other arms' metrics, likewise
    prospects: tuple[Prospect, ...]  # by arm, while there is no outcome at all
    sample_ratio: SampleRatio | None  # none when the probabilities allow no check
    blocked: Words | None  # why there are no effects
    cautions: tuple[Words, ...]  # what must be known to read the effects
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
    of = split({name: sums[name] for name in names})
    told, withheld = effects(sums[base], [sums[name] for name in names[1:]])
    nothing = not any(row["visits"] or row["conversions"] for row in sums.values())
    people = {name: int(sums[name]["people"]) for name in names}
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
        basis=BASIS,
        notes=notes((campaign,)),
        queries=asker.asked,
    )


def _control(campaign: str, arms: Sequence[str], asked: str | None) -> str:
    """Return the arm to compare with."""
    if not arms:
        raise NotRandomisedError(
            Words(
                en=f"campaign {campaign} was not randomised: nobody was assigned to an arm, so "
                f"what it caused can't be told; use `flowdrop report reach {campaign}`",
                zh=f"活动 {campaign} 没有随机分组，无法得知它带来了什么；"
                f"可用 `flowdrop report reach {campaign}`。",
            )
        )
    for name in [asked] if asked else CONTROL_ARMS:
        if name in arms:
            return name
    wanted = repr(asked) if asked else " or ".join(CONTROL_ARMS)
    raise NotRandomisedError(
        Words(
            en=f"campaign {campaign} has no control arm {wanted}; its arms are "
            f"{', '.join(arms)}: name the one to compare with by --control",
            zh=f"活动 {campaign} 没有对照组 {wanted.replace(' or ', '、')}，只有"
            f"{'、'.join(arm_name(arm, 'zh') for arm in arms)}；请用 --control 指定用来比较的组。",
        )
    )


def _arm(row: Sums) -> Arm:
    """Return an arm as people read it."""
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


METHODS = {"chi-squared": "chi-squared test", "exact": "exact test", "drawn": "test by draws"}
NAMES = {
    "visit_rate": "visit rate",
    "conversion_rate": "conversion rate",
    "value_per_person": "value a person",
}
DIFFERENCES = {
    metric: f"{name}, pts" if metric in RATES else name for metric, name in NAMES.items()
}
CSV_METRICS = {"value_per_person": "value_per_person_cents"}


def _text(found: LiftReport, to: Layout) -> None:
    """Print a lift report."""
    to.heading("Lift of {campaign}", campaign=found.campaign)
    to.table(
        "Randomised arms",
        ("arm", "people", "visit rate", "conversion rate", "value a person"),
        (
            (
                arm_name(arm.arm, to.lang),
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
            "{arm} against {control}",
            ("metric", "difference", "95 % interval", "lift", "95 % interval", "p", "increment"),
            (_effect_cells(to, effect) for effect in found.effects if effect.arm == arm),
            arm=arm_name(arm, to.lang),
            control=arm_name(found.control, to.lang),
        )
    to.line()
    _print_check(found, to)
    if found.blocked is not None:
        to.line(found.blocked.of(to.lang), style="bold red")
    if found.prospects:
        to.line(to.word("No outcomes yet. What this split can show at best:"))
    for prospect in found.prospects:
        to.line(prospect.words.of(to.lang))
    for caution in found.cautions:
        to.line(caution.of(to.lang), style="bold")
    if not found.prospects:
        _print_withheld(to, found.withheld)
    methods = dict.fromkeys(effect.method for effect in found.effects)
    to.sentences([found.basis, *found.notes, *methods])


def _print_check(found: LiftReport, to: Layout) -> None:
    check = found.sample_ratio
    if check is not None:
        words = "sample ratio: {method}, chi-squared {chi:.3f}, p {p}"
        method = to.word(METHODS[check.method])
        to.line(to.word(words, method=method, chi=check.chi_squared, p=p_value(check.p_value)))
    if found.crossed:
        to.line(f"{to.word('people assigned to several arms, left out')}: {found.crossed:,}")


def _print_withheld(to: Layout, found: Iterable[Withheld]) -> None:
    for one in found:
        arm, metric = arm_name(one.arm, to.lang), to.word(NAMES[one.metric])
        words = "withheld: {metric}, {arm}: {why}"
        to.line(to.word(words, metric=metric, arm=arm, why=one.why.of(to.lang)))


def _effect_cells(to: Layout, effect: Effect) -> tuple[str, ...]:
    rate = effect.metric in RATES
    shown = points if rate else signed_money
    return (
        to.word(DIFFERENCES[effect.metric]),
        shown(effect.difference),
        f"{shown(effect.low)} .. {shown(effect.high)}",
        NONE if effect.relative is None else lift_percent(effect.relative),
        to.word("at least {low}", low=lift_percent(effect.relative_low))
        if effect.relative_high is None
        else f"{lift_percent(effect.relative_low)} .. {lift_percent(effect.relative_high)}",
        p_value(effect.p_value),
        f"{round(effect.increment):+,}" if rate else signed_money(effect.increment),
    )


def _rows(found: LiftReport) -> list[Row]:
    """Return one row an arm and metric; the control's has no effect, nor has one withheld.

    Rates and their effects are shares, and the metric of money says that it is in cents. A
    `relative_low` without a `relative_high` has no upper end.
    """
    withheld = {(one.arm, one.metric): one.reason for one in found.withheld}
    told = {(effect.arm, effect.metric): plain(effect) for effect in found.effects}
    shown = ("difference", "low", "high", "p_value", "relative", "relative_low", "relative_high")
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


def _charts(found: LiftReport, say: Phrases) -> dict[str, dict[str, Any]]:
    """Return one chart of the rates (percentage points) and one of the value (money)."""
    rates = [e for e in found.effects if e.metric in RATES]
    value = [e for e in found.effects if e.metric not in RATES]
    charts = {}
    if rates:
        rates.sort(key=lambda effect: (RATES.index(effect.metric), effect.arm))
        charts["rates"] = {
            "kind": "forest",
            "unit": say("lift.points"),
            "rows": [_interval(effect, say, 100.0) for effect in rates],
        }
    if any(e.treated_value or e.control_value for e in value):
        charts["value"] = {
            "kind": "forest",
            "unit": say("lift.money_a_person"),
            "rows": [_interval(effect, say, 0.01) for effect in value],
        }
    return charts


def _interval(effect: Effect, say: Phrases, scale: float) -> dict[str, Any]:
    """Return one row of a forest; `scale` turns the effect into what the axis counts."""
    from console.web import formats

    shown = formats.points if effect.metric in RATES else formats.signed_money
    return {
        "name": f"{arm_name(effect.arm, say.lang)} · {say.label('metric', effect.metric)}",
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
    ),
    queries=("reports/campaign_names", "reports/arms"),
    compute=lift,
    result=LiftReport,
    tables=(Table(title="Lift", row="one row an arm and metric", rows=_rows),),
    charts=_charts,
    words={
        "95 % interval": "95% 置信区间",
        "Lift of {campaign}": "{campaign} 的增量",
        "No outcomes yet. What this split can show at best:": "尚无结果。该分组最多能说明：",
        "Randomised arms": "随机分组",
        "arm": "组",
        "at least {low}": "至少 {low}",
        "chi-squared test": "卡方检验",
        "conversion rate": "转化率",
        "conversion rate, pts": "转化率（百分点）",
        "difference": "差值",
        "exact test": "精确检验",
        "increment": "增量",
        "lift": "相对提升",
        "metric": "指标",
        "p": "p 值",
        "people": "人数",
        "people assigned to several arms, left out": "分到多个组而被排除的人数",
        "sample ratio: {method}, chi-squared {chi:.3f}, p {p}": (
            "样本比例：{method}，卡方 {chi:.3f}，p {p}"
        ),
        "test by draws": "抽样检验",
        "value a person": "人均收入",
        "visit rate": "到访率",
        "visit rate, pts": "到访率（百分点）",
        "withheld: {metric}, {arm}: {why}": "不显示：{metric}，{arm}：{why}",
        "{arm} against {control}": "{arm}（对照：{control}）",
    },
    text=_text,
    page=Page(template="lift.html"),
    loads=("features.experiment", "features.prospect", "features.sample_ratio"),
)
