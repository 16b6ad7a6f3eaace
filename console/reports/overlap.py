"""The report of overlap: whom two campaigns both contacted, and what each adds to the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.reporting.figures import number, percent
from console.reporting.report import Page, Parameter, Report, Row, Table, plain
from console.reports.basis import Asker, NoReportError, Query, Words
from console.reports.campaigns import campaigns, require
from console.reports.notes import notes
from console.reports.uncounted import uncounted, uncounted_words

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from console.reporting.layout import Layout

BASIS = Words(
    en="Overlap counts people contacted, each once. A contact is a message or offer sent; it is "
    "not a viewable impression. What a campaign adds depends on the order, so both are given.",
    zh="重叠按被联系的人去重计数。联系是指已发出的消息或优惠，并不等于可见曝光。"
    "一个活动新增多少人取决于先后次序，因此两种次序都给出。",
)


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one campaign adds, after those before it in the stated order."""

    campaign: str
    reach: int  # its own
    incremental: int  # people whom no campaign before it contacted
    cumulative: int


@dataclass(frozen=True, kw_only=True)
class OverlapReport:
    """Two campaigns' people, each person once."""

    a: str
    b: str
    reach_a: int
    reach_b: int
    overlap: int  # in both
    union: int  # in either
    only_a: int
    only_b: int
    share_of_a: float | None  # overlap / reach_a; none when nobody was contacted
    share_of_b: float | None
    share_of_union: float | None
    orders: tuple[tuple[Step, ...], ...]  # a then b, and b then a
    basis: Words
    uncounted: tuple[Words, ...]  # what is stored and in no figure, if anything
    notes: tuple[Words, ...]
    queries: tuple[Query, ...]


def overlap(client: Client, a: str, b: str) -> OverlapReport:
    """Return the overlap of campaigns `a` and `b`.

    Raises:
        NoReportError: when `a` and `b` are the same.
        UnknownCampaignError: when no event names one of them.
        EmptyWarehouseError: when there are no campaign events.
    """
    if a == b:
        raise NoReportError(
            Words(
                en=f"overlap needs two campaigns, got {a!r} twice; name another",
                zh=f"重叠需要两个不同的活动，而两次都是 {a!r}；请另选一个。",
            )
        )
    require(client, (a, b))
    asker = Asker(client)
    (row,) = asker.rows("reports/overlap", a=a, b=b)
    reach_a, reach_b, both, either = (row[k] for k in ("reach_a", "reach_b", "overlap", "union"))
    return OverlapReport(
        a=a,
        b=b,
        reach_a=reach_a,
        reach_b=reach_b,
        overlap=both,
        union=either,
        only_a=reach_a - both,
        only_b=reach_b - both,
        share_of_a=_share(both, reach_a),
        share_of_b=_share(both, reach_b),
        share_of_union=_share(both, either),
        orders=(_order(a, reach_a, b, reach_b, either), _order(b, reach_b, a, reach_a, either)),
        basis=BASIS,
        uncounted=uncounted_words(uncounted(asker, (a, b)).values()),
        notes=notes((a, b)),
        queries=asker.asked,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _order(
    first: str, reach_first: int, then: str, reach_then: int, either: int
) -> tuple[Step, Step]:
    """Return what `first` brings, and what `then` adds to it."""
    return (
        Step(campaign=first, reach=reach_first, incremental=reach_first, cumulative=reach_first),
        Step(
            campaign=then,
            reach=reach_then,
            incremental=either - reach_first,
            cumulative=either,
        ),
    )


def _text(found: OverlapReport, to: Layout) -> None:
    """Print an overlap report."""
    to.heading("Overlap of {a} and {b}", a=found.a, b=found.b)
    to.facts(
        [
            (found.a, number(found.reach_a)),
            (found.b, number(found.reach_b)),
            (to.word("in both"), number(found.overlap)),
            (to.word("in either"), number(found.union)),
            (to.word("only {campaign}", campaign=found.a), number(found.only_a)),
            (to.word("only {campaign}", campaign=found.b), number(found.only_b)),
            (to.word("share of {campaign}", campaign=found.a), percent(found.share_of_a)),
            (to.word("share of {campaign}", campaign=found.b), percent(found.share_of_b)),
            (to.word("share of both"), percent(found.share_of_union)),
        ]
    )
    to.table(
        "What each adds",
        ("first", "reach", "then", "new", "cumulative"),
        (
            (
                first.campaign,
                number(first.reach),
                then.campaign,
                number(then.incremental),
                number(then.cumulative),
            )
            for first, then in found.orders
        ),
    )
    to.sentences([*found.uncounted, found.basis, *found.notes])


def _rows(found: OverlapReport) -> list[Row]:
    """Return the one row of an overlap."""
    fields = plain(found).items()
    return [{key: value for key, value in fields if not isinstance(value, dict | tuple)}]


REPORT = Report(
    name="overlap",
    help="Show whom two campaigns both contacted, and what each adds to the other.",
    example="flowdrop report overlap cj-8 cj-13 --json",
    parameters=(
        Parameter(name="a", metavar="CAMPAIGN"),
        Parameter(name="b", metavar="CAMPAIGN"),
    ),
    queries=("reports/campaign_names", "reports/overlap", "reports/uncounted"),
    compute=overlap,
    result=OverlapReport,
    tables=(
        Table(title="Overlap", row="one row", rows=_rows),
        Table(
            title="What each adds",
            row="one row a campaign and order",
            rows=lambda found: [
                {"order": n, **plain(step)}
                for n, order in enumerate(found.orders, 1)
                for step in order
            ],
        ),
    ),
    words={
        "Overlap of {a} and {b}": "{a} 与 {b} 的重叠",
        "What each adds": "先后新增",
        "cumulative": "累计触达",
        "first": "先",
        "in both": "两者皆有",
        "in either": "至少其一",
        "new": "新增",
        "only {campaign}": "仅 {campaign}",
        "reach": "触达",
        "share of both": "占并集",
        "share of {campaign}": "占 {campaign}",
        "then": "后",
    },
    text=_text,
    page=Page(
        template="overlap.html",
        facts=lambda client, *_: {"names": [campaign.name for campaign in campaigns(client)]},
        form=True,
    ),
)
