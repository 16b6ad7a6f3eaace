"""The report of overlap: who two campaigns both contacted, and what each adds to the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.i18n import N_, LocalizedText
from console.reporting.figures import number, percent
from console.reporting.report import Page, Parameter, Report, Row, Table, plain
from console.reports.basis import NoReportError, Query, QueryLog
from console.reports.campaigns import campaigns, require
from console.reports.days import ALWAYS, require_counted
from console.reports.identities import identities, identity_notes
from console.reports.notes import notes
from console.reports.overlap_protected import OVERLAP
from console.reports.reached import NET, UNION, Contacted, contacted, reached
from console.reports.uncounted import uncounted, uncounted_words

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from console.reporting.layout import Layout

BASIS = LocalizedText(
    "Overlap counts people contacted, each once. A contact is a message or offer sent; it is "
    "not a viewable impression. What a campaign adds depends on the order, so both are given."
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
    basis: LocalizedText
    uncounted: tuple[LocalizedText, ...]  # what is stored but in no figure, if anything
    notes: tuple[LocalizedText, ...]
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
            LocalizedText("overlap needs two campaigns, got {a!r} twice; name another", a=a)
        )
    require(client, (a, b))
    log = QueryLog(client)
    require_counted(log)
    found = contacted(reached(log, (a, b), ALWAYS))
    reach_a, reach_b, either = (found.get(of, Contacted()).people for of in (a, b, UNION))
    both = reach_a + reach_b - either
    known = {UNION: (either, found[UNION].people_known)}
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
        uncounted=uncounted_words(uncounted(log, (a, b)).values()),
        notes=(*notes((a, b)), *identity_notes(identities(log, known, (a, b))[UNION])),
        queries=log.asked,
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
    _ = to.gettext
    to.heading(_("Overlap of {a} and {b}", a=found.a, b=found.b))
    to.facts(
        [
            (found.a, number(found.reach_a)),
            (found.b, number(found.reach_b)),
            (_("in both"), number(found.overlap)),
            (_("in either"), number(found.union)),
            (_("only {campaign}", campaign=found.a), number(found.only_a)),
            (_("only {campaign}", campaign=found.b), number(found.only_b)),
            (_("share of {campaign}", campaign=found.a), percent(found.share_of_a)),
            (_("share of {campaign}", campaign=found.b), percent(found.share_of_b)),
            (_("share of the combined reach"), percent(found.share_of_union)),
        ]
    )
    to.table(
        _("What each adds"),
        (_("first"), _("reach"), _("then"), _("new"), _("cumulative")),
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
    help="Show who two campaigns both contacted, and what each adds to the other.",
    example="flowdrop report overlap cj-8 cj-13 --json",
    parameters=(
        Parameter(name="a", metavar="CAMPAIGN"),
        Parameter(name="b", metavar="CAMPAIGN"),
    ),
    queries=(
        *("reports/campaign_names", "reports/reach_zone", "reports/frequency_people_whole"),
        *("reports/uncounted", "reports/identities"),
        *NET,
    ),
    compute=overlap,
    result=OverlapReport,
    tables=(
        Table(title=N_("Overlap"), row="one row", rows=_rows),
        Table(
            title=N_("What each adds"),
            row="one row per campaign and order",
            rows=lambda found: [
                {"order": n, **plain(step)}
                for n, order in enumerate(found.orders, 1)
                for step in order
            ],
        ),
    ),
    text=_text,
    page=Page(
        template="overlap.html",
        facts=lambda client, *_: {"names": [campaign.name for campaign in campaigns(client)]},
        form=True,
    ),
    protection=OVERLAP,
)
