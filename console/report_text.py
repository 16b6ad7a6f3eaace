"""Reports laid out for a person at a terminal, in English or Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from console.reports.arm_names import arm_name
from console.reports.campaigns import not_counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from console.reports.basis import Words
    from console.reports.campaigns import Campaign
    from console.reports.effects import Effect, Withheld
    from console.reports.lift import LiftReport
    from console.reports.overlap import OverlapReport
    from console.reports.reach import ReachReport

NONE = "-"
TABLE_WIDTH_MIN = 120  # columns
P_SHOWN_MIN = 0.0001

# Every word of the layout, by its English form.
CHINESE = {
    "95 % interval": "95% 置信区间",
    "Campaigns": "活动",
    "Lift of {campaign}": "{campaign} 的增量",
    "Overlap of {a} and {b}": "{a} 与 {b} 的重叠",
    "Randomised arms": "随机分组",
    "Reach by campaign": "各活动触达",
    "Reach by day": "按日触达",
    "Reach of {campaigns}": "{campaigns} 的触达",
    "What each adds": "先后新增",
    "arm": "组",
    "arms": "分组",
    "campaign": "活动",
    "coins given, net, {program}": "净发放流量币，{program}",
    "contact cost": "联系成本",
    "contacted": "当日触达",
    "contacts": "联系次数",
    "contacts a person": "人均联系次数",
    "conversion rate": "转化率",
    "conversion rate, pts": "转化率（百分点）",
    "conversions": "转化次数",
    "conversions outside the basis": "口径之外的转化",
    "cumulative": "累计触达",
    "day": "日期",
    "difference": "差值",
    "end": "结束",
    "first": "先",
    "in both": "两者皆有",
    "in either": "至少其一",
    "increment": "增量",
    "new": "新增",
    "not given": "未提供",
    "only {campaign}": "仅 {campaign}",
    "p": "p 值",
    "people": "人数",
    "reached": "触达人数",
    "people assigned to several arms, left out": "分到多个组而被排除的人数",
    "people converted": "转化人数",
    "people reached": "触达人数",
    "reach": "触达",
    "lift": "相对提升",
    "{arm} against {control}": "{arm}（对照：{control}）",
    "revenue": "收入",
    "sample ratio: {method}, chi-squared {chi:.3f}, p {p}": (
        "样本比例：{method}，卡方 {chi:.3f}，p {p}"
    ),
    "chi-squared test": "卡方检验",
    "exact test": "精确检验",
    "test by draws": "抽样检验",
    "at least {low}": "至少 {low}",
    "No outcomes yet. What this split can show at best:": "尚无结果。该分组最多能说明：",
    "withheld: {metric}, {arm}: {why}": "不显示：{metric}，{arm}：{why}",
    "share of {campaign}": "占 {campaign}",
    "share of both": "占并集",
    "start": "开始",
    "then": "后",
    "value a person": "人均收入",
    "visit rate": "到访率",
    "visit rate, pts": "到访率（百分点）",
    "metric": "指标",
}
METHODS = {"chi-squared": "chi-squared test", "exact": "exact test", "drawn": "test by draws"}
NAMES = {
    "visit_rate": "visit rate",
    "conversion_rate": "conversion rate",
    "value_per_person": "value a person",
}
METRICS = {
    "visit_rate": "visit rate, pts",
    "conversion_rate": "conversion rate, pts",
    "value_per_person": "value a person",
}


class Layout:
    """Prints tables and sentences in one language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.out = Console(highlight=False)
        self.wide = Console(highlight=False, width=max(self.out.width, TABLE_WIDTH_MIN))

    def word(self, english: str, **values: Any) -> str:
        """Return a word of the layout in this language."""
        return (CHINESE[english] if self.lang == "zh" else english).format(**values)

    def heading(self, english: str, **values: Any) -> None:
        """Print a report's name."""
        self.out.print(Text(self.word(english, **values), style="bold"))

    def facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Print names beside their values."""
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="dim")
        table.add_column(justify="right")
        for name, value in facts:
            table.add_row(name, value)
        self.out.print(table)

    def table(
        self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], **values: Any
    ) -> None:
        """Print a table; its first column is text, the others are numbers."""
        table = Table(
            title=self.word(title, **values),
            title_justify="left",
            box=None,
            padding=(0, 1),
            pad_edge=False,
            header_style="bold",
        )
        for index, column in enumerate(columns):
            # Only a list in words may break into lines: a broken number is read wrongly.
            listed = column == "arms"
            table.add_column(
                self.word(column),
                justify="right" if index and not listed else "left",
                no_wrap=not listed,
            )
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self.out.print()
        # In a narrow window lines break, but no number is ever cut short.
        self.wide.print(table)

    def sentences(self, words: Iterable[Words | None]) -> None:
        """Print what has to be said, a paragraph each."""
        self.out.print()
        for sentence in words:
            if sentence is not None:
                self.out.print(Text(sentence.of(self.lang), style="dim"))


def _number(value: int | None) -> str:
    return NONE if value is None else f"{value:,}"


def _percent(value: float | None, digits: int = 2) -> str:
    return NONE if value is None else f"{value * 100:.{digits}f} %"


def _money(cents: float | None) -> str:
    return NONE if cents is None else f"{cents / 100:,.2f}"


def _date(moment: datetime | None) -> str:
    return NONE if moment is None else moment.date().isoformat()


def campaigns_text(found: Sequence[Campaign], lang: str) -> None:
    """Print the list of campaigns."""
    to = Layout(lang)
    to.table(
        "Campaigns",
        ("campaign", "start", "end", "reached", "contacts", "conversions", "arms"),
        (
            (
                each.name,
                _date(each.start),
                _date(each.end),
                _number(each.reach),
                _number(each.contacts),
                _number(each.conversions),
                " ".join(arm_name(arm, lang) for arm in each.arms) or NONE,
            )
            for each in found
        ),
    )
    if uncounted := not_counted(found):
        to.sentences(uncounted)


def reach_text(report: ReachReport, lang: str) -> None:
    """Print a reach report."""
    to = Layout(lang)
    to.heading("Reach of {campaigns}", campaigns=" + ".join(report.campaigns))
    each = report.contacts_per_person
    cost = report.cost.contacts_cents
    to.facts(
        [
            (to.word("people reached"), _number(report.reach)),
            (to.word("contacts"), _number(report.contacts)),
            (to.word("contacts a person"), NONE if each is None else f"{each:.2f}"),
            (to.word("people converted"), _number(report.conversions.people)),
            (to.word("conversions"), _number(report.conversions.count)),
            (to.word("revenue"), _money(report.conversions.value_cents)),
            (to.word("conversions outside the basis"), _number(report.conversions.outside)),
            (to.word("contact cost"), to.word("not given") if cost is None else _money(cost)),
            *(
                (to.word("coins given, net, {program}", program=coins.program), _number(coins.net))
                for coins in report.cost.coins
            ),
        ]
    )
    to.table(
        "Reach by day",
        ("day", "contacted", "new", "cumulative", "conversions"),
        (
            (
                day.day.isoformat(),
                *map(_number, (day.contacted, day.new, day.cumulative, day.conversions)),
            )
            for day in report.by_day
        ),
    )
    if len(report.campaigns) > 1:
        to.table(
            "Reach by campaign",
            ("campaign", "reached", "contacts", "start", "end", "conversions"),
            (
                (
                    own.campaign,
                    _number(own.reach),
                    _number(own.contacts),
                    _date(own.start),
                    _date(own.end),
                    _number(own.conversions),
                )
                for own in report.by_campaign
            ),
        )
    to.sentences([*report.uncounted, report.basis, report.among, *report.notes])


def lift_text(report: LiftReport, lang: str) -> None:
    """Print a lift report."""
    to = Layout(lang)
    to.heading("Lift of {campaign}", campaign=report.campaign)
    to.table(
        "Randomised arms",
        ("arm", "people", "visit rate", "conversion rate", "value a person"),
        (
            (
                arm_name(arm.arm, lang),
                _number(arm.people),
                _percent(arm.visit_rate),
                _percent(arm.conversion_rate),
                _money(arm.value_per_person),
            )
            for arm in report.arms
        ),
    )
    for arm in dict.fromkeys(effect.arm for effect in report.effects):
        to.table(
            "{arm} against {control}",
            ("metric", "difference", "95 % interval", "lift", "95 % interval", "p", "increment"),
            (_effect(to, effect) for effect in report.effects if effect.arm == arm),
            arm=arm_name(arm, lang),
            control=arm_name(report.control, lang),
        )
    to.out.print()
    check = report.sample_ratio
    if check is not None:
        words = "sample ratio: {method}, chi-squared {chi:.3f}, p {p}"
        method = to.word(METHODS[check.method])
        to.out.print(to.word(words, method=method, chi=check.chi_squared, p=_p(check.p_value)))
    if report.crossed:
        crossed = to.word("people assigned to several arms, left out")
        to.out.print(f"{crossed}: {report.crossed:,}")
    if report.blocked is not None:
        to.out.print(Text(report.blocked.of(lang), style="bold red"))
    if report.prospects:
        to.out.print(Text(to.word("No outcomes yet. What this split can show at best:")))
    for prospect in report.prospects:
        to.out.print(Text(prospect.words.of(lang)))
    for caution in report.cautions:
        to.out.print(Text(caution.of(lang), style="bold"))
    if not report.prospects:
        _withheld(to, report.withheld)
    methods = dict.fromkeys(effect.method for effect in report.effects)
    to.sentences([report.basis, *report.notes, *methods])


def _withheld(to: Layout, found: Iterable[Withheld]) -> None:
    for one in found:
        words, metric = "withheld: {metric}, {arm}: {why}", to.word(NAMES[one.metric])
        to.out.print(
            Text(
                to.word(
                    words, metric=metric, arm=arm_name(one.arm, to.lang), why=one.why.of(to.lang)
                )
            )
        )


def _effect(to: Layout, effect: Effect) -> tuple[str, ...]:
    rate = effect.metric != "value_per_person"
    show = _points if rate else _signed_money
    increment = f"{round(effect.increment):+,}" if rate else _signed_money(effect.increment)
    return (
        to.word(METRICS[effect.metric]),
        show(effect.difference),
        f"{show(effect.low)} .. {show(effect.high)}",
        NONE if effect.relative is None else _lift(effect.relative),
        to.word("at least {low}", low=_lift(effect.relative_low))
        if effect.relative_high is None
        else f"{_lift(effect.relative_low)} .. {_lift(effect.relative_high)}",
        _p(effect.p_value),
        increment,
    )


def _lift(value: float) -> str:
    return f"{value * 100:+,.1f} %"


def _points(value: float) -> str:
    """Return a difference of rates in percentage points."""
    return f"{value * 100:+.2f}"


def _signed_money(cents: float) -> str:
    return f"{cents / 100:+,.2f}"


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= P_SHOWN_MIN else f"< {P_SHOWN_MIN}"


def overlap_text(report: OverlapReport, lang: str) -> None:
    """Print an overlap report."""
    to = Layout(lang)
    to.heading("Overlap of {a} and {b}", a=report.a, b=report.b)
    to.facts(
        [
            (report.a, _number(report.reach_a)),
            (report.b, _number(report.reach_b)),
            (to.word("in both"), _number(report.overlap)),
            (to.word("in either"), _number(report.union)),
            (to.word("only {campaign}", campaign=report.a), _number(report.only_a)),
            (to.word("only {campaign}", campaign=report.b), _number(report.only_b)),
            (to.word("share of {campaign}", campaign=report.a), _percent(report.share_of_a)),
            (to.word("share of {campaign}", campaign=report.b), _percent(report.share_of_b)),
            (to.word("share of both"), _percent(report.share_of_union)),
        ]
    )
    to.table(
        "What each adds",
        ("first", "reach", "then", "new", "cumulative"),
        (
            (
                first.campaign,
                _number(first.reach),
                then.campaign,
                _number(then.incremental),
                _number(then.cumulative),
            )
            for first, then in report.orders
        ),
    )
    to.sentences([*report.uncounted, report.basis, *report.notes])
