"""The report of duplication: what each of several campaigns adds, and whom they reach in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from console.i18n import N_, LocalizedText
from console.reporting.report import Parameter, Report, Table, plain
from console.reports.basis import NoReportError, Query, QueryLog
from console.reports.campaigns import require
from console.reports.consistency import REACH, at_most, equal, refuse
from console.reports.days import require_days, window_of
from console.reports.notes import notes
from console.reports.overlap_protected import DUPLICATION
from console.reports.reached import NET, UNION, net_rows, reached
from flowdrop.files import SheetChart

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from clickhouse_connect.driver.client import Client

CAMPAIGNS_MAX = 20
BASES = ("contacted", "served", "viewable")

BASIS = LocalizedText(
    "Everybody counts once, so reach is never a sum. What a campaign adds depends on those before "
    "it, so the order is stated; the best order takes the campaign next that adds most. Unique "
    "reach are the people whom no other of the campaigns reached. Incentivised exposures do not "
    "count."
)

ORDERS = (N_("stated"), N_("best"))


@dataclass(frozen=True, kw_only=True)
class Stacked:
    """What a campaign adds to those before it."""

    order: str  # stated, or best: the one that adds most comes next
    place: int
    campaign: str
    reach: int  # its own
    incremental: int  # people whom none before it reached
    cumulative: int
    unique: int  # people whom no other of all campaigns reached


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Whom two campaigns both reached."""

    campaign: str
    other: str
    both: int
    share: float | None  # of the first one's reach


@dataclass(frozen=True, kw_only=True)
class Combination:
    """The people whom just these campaigns reached, and those whom they and perhaps others did."""

    campaigns: tuple[str, ...]
    only: int
    at_least: int


@dataclass(frozen=True, kw_only=True)
class DuplicationReport:
    """What campaigns reach together, one after the other and in common."""

    campaigns: tuple[str, ...]
    counted: str  # contacted, served or viewable
    begin: date | None  # first day counted; none from the beginning
    end: date | None  # last day counted; none up to now
    zone: str  # whose days these are
    union: int  # people reached by any, each once
    stacked: tuple[Stacked, ...]  # in the stated order, then in the best
    pairs: tuple[Pair, ...]
    combinations: tuple[Combination, ...]  # that reached somebody, by people
    basis: LocalizedText
    notes: tuple[LocalizedText, ...]
    queries: tuple[Query, ...]


def duplication(
    client: Client,
    campaigns: Sequence[str],
    counted: str,
    begin: str | None,
    end: str | None,
    zone: str,
) -> DuplicationReport:
    """Return what up to 20 campaigns reach together and in common.

    Raises:
        UnknownCampaignError: when no event names one of them.
        EmptyWarehouseError: when there are no campaign events.
        NoReportError: when it is one campaign or too many, or no basis or day.
        InconsistentError: when the figures contradict each other.
    """
    names = tuple(dict.fromkeys(campaigns))
    if not 1 < len(names) <= CAMPAIGNS_MAX:
        raise NoReportError(
            LocalizedText(
                "duplication needs 2 to {most} campaigns, got {n}",
                most=CAMPAIGNS_MAX,
                n=len(names),
            )
        )
    if counted not in BASES:
        raise NoReportError(
            LocalizedText("counted is contacted, served or viewable, got {text!r}", text=counted)
        )
    window = window_of(begin, end, None)
    require(client, names)
    log = QueryLog(client)
    require_days(log, zone)
    first, last = window.bounds
    rows = net_rows(log, "reports/duplication", names, basis=counted, begin=first, end=last)
    people = {row["mask"]: row["people"] for row in rows}
    orders = {"stated": range(len(names)), "best": _best(people, len(names))}
    found = DuplicationReport(
        campaigns=names,
        counted=counted,
        begin=window.begin,
        end=window.end,
        zone=zone,
        union=sum(people.values()),
        stacked=tuple(
            step for name, order in orders.items() for step in _stacked(name, order, names, people)
        ),
        pairs=tuple(_pairs(names, people)),
        combinations=tuple(_combinations(names, people)),
        basis=BASIS,
        notes=notes(names),
        queries=log.asked,
    )
    states = {
        row["campaign"]: row["reach"]
        for row in reached(log, names, window)
        if row["basis"] == counted and not row["paid"]
    }
    refuse(faults(found, states))
    return found


def _any(people: Mapping[int, int], mask: int) -> int:
    """Return the people whom any campaign of `mask` reached."""
    return sum(n for own, n in people.items() if own & mask)


def _all(people: Mapping[int, int], mask: int) -> int:
    """Return the people whom all campaigns of `mask` reached."""
    return sum(n for own, n in people.items() if own & mask == mask)


def _best(people: Mapping[int, int], count: int) -> list[int]:
    """Return the campaigns so that each next one adds most; of equals the first stated."""
    order: list[int] = []
    before = 0
    while len(order) < count:
        left = [n for n in range(count) if n not in order]
        best = max(left, key=lambda n: _any(people, before | 1 << n))
        order.append(best)
        before |= 1 << best
    return order


def _stacked(
    order: str, places: Sequence[int], names: Sequence[str], people: Mapping[int, int]
) -> Iterator[Stacked]:
    before = 0
    for place, n in enumerate(places, 1):
        cumulative = _any(people, before | 1 << n)
        yield Stacked(
            order=order,
            place=place,
            campaign=names[n],
            reach=_any(people, 1 << n),
            incremental=cumulative - _any(people, before),
            cumulative=cumulative,
            unique=people.get(1 << n, 0),
        )
        before |= 1 << n


def _pairs(names: Sequence[str], people: Mapping[int, int]) -> Iterator[Pair]:
    for n, name in enumerate(names):
        own = _any(people, 1 << n)
        for m, other in enumerate(names):
            if n != m:
                both = _all(people, 1 << n | 1 << m)
                share = both / own if own else None
                yield Pair(campaign=name, other=other, both=both, share=share)


def _combinations(names: Sequence[str], people: Mapping[int, int]) -> Iterator[Combination]:
    for mask, only in people.items():
        own = tuple(name for n, name in enumerate(names) if mask >> n & 1)
        yield Combination(campaigns=own, only=only, at_least=_all(people, mask))


def faults(found: DuplicationReport, states: Mapping[str, int]) -> Iterator[LocalizedText]:
    """Yield what contradicts itself, or `states`: the reach of each campaign's bitmap."""
    union = LocalizedText("reach of all")
    yield from equal(found.counted, union, found.union, REACH, states.get(UNION, 0))
    stated = [step for step in found.stacked if step.order == "stated"]
    added = LocalizedText("reach of each, added,")
    yield from at_most(found.counted, union, found.union, added, sum(s.reach for s in stated))
    for step in found.stacked:
        of = f"{found.counted}, {step.campaign}"
        own = states.get(step.campaign, 0)
        yield from equal(of, REACH, step.reach, LocalizedText("reach of its bitmap"), own)
        adds = LocalizedText("incremental reach")
        yield from at_most(of, adds, step.incremental, REACH, step.reach)
        unique = LocalizedText("unique reach")
        yield from at_most(of, unique, step.unique, adds, step.incremental)
        yield from at_most(
            of, LocalizedText("cumulative reach"), step.cumulative, union, found.union
        )
    for order in ORDERS:
        steps = sum(step.incremental for step in found.stacked if step.order == order)
        all_steps = LocalizedText("incremental reach added")
        yield from equal(found.counted, all_steps, steps, union, found.union)
    for pair in found.pairs:
        of = f"{found.counted}, {pair.campaign}, {pair.other}"
        both = LocalizedText("people in both")
        yield from at_most(of, both, pair.both, REACH, states.get(pair.campaign, 0))


REPORT = Report(
    name="duplication",
    help=N_(
        "Show what each of up to 20 campaigns adds to the others' reach, and whom they reach in "
        "common."
    ),
    example="flowdrop report duplication cj-8 cj-13 cj-18 --counted contacted --json",
    parameters=(
        Parameter(name="campaign", many=True, least=2),
        Parameter(
            name="counted",
            metavar="BASIS",
            option=True,
            default="contacted",
            help="Count people contacted (the default), served or viewable.",
        ),
        Parameter(name="begin", metavar="DATE", option=True, help="The first day counted."),
        Parameter(name="end", metavar="DATE", option=True, help="The last day counted."),
    ),
    settings=("zone",),
    queries=(
        *("reports/campaign_names", "reports/reach_zone", "reports/duplication"),
        *("reports/frequency_people", "reports/frequency_people_whole"),
        *NET,
    ),
    compute=duplication,
    result=DuplicationReport,
    tables=(
        Table(
            title=N_("Stacked reach"),
            heads={
                "order": N_("order"),
                "place": N_("place"),
                "campaign": N_("campaign"),
                "reach": N_("people reached"),
                "incremental": N_("adds"),
                "cumulative": N_("cumulative reach"),
                "unique": N_("only by it"),
            },
            words=frozenset({"order"}),
            row="one row per order and campaign",
            rows=lambda found: plain(found.stacked),
        ),
        Table(
            title=N_("Duplication"),
            heads={
                "campaign": N_("campaign"),
                "other": N_("other campaign"),
                "both": N_("both"),
                "share": N_("share of the first"),
            },
            row="one row per campaign and other campaign",
            rows=lambda found: plain(found.pairs),
        ),
        Table(
            title=N_("Combinations"),
            heads={
                "campaigns": N_("campaigns"),
                "only": N_("only these"),
                "at_least": N_("these and perhaps others"),
            },
            row="one row per combination of campaigns",
            rows=lambda found: [
                {**plain(own), "campaigns": " + ".join(own.campaigns)} for own in found.combinations
            ],
            columns=("campaigns", "only", "at_least"),
            chart=SheetChart(kind="bar", x="campaigns", y=("only",)),
        ),
    ),
    title=lambda found: " + ".join(found.campaigns),
    sentences=lambda found: (found.basis, *found.notes),
    protection=DUPLICATION,
)
