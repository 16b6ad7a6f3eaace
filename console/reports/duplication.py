"""The report of duplication: what each of several campaigns adds, and whom they reach in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from console.i18n import N_, LocalizedText
from console.reporting.figures import number
from console.reporting.report import Parameter, Report, Table, plain
from console.reporting.upset import upset
from console.reports.basis import NoReportError, Query, QueryLog
from console.reports.campaigns import require
from console.reports.consistency import REACH, at_most, equal, refuse
from console.reports.days import require_days, window_of
from console.reports.notes import notes
from console.reports.overlap_protected import DUPLICATION
from console.reports.reached import NET, UNION, has_suspects, net_rows, reached
from flowdrop.files import SheetChart

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from clickhouse_connect.driver.client import Client

    from console.i18n import Translator

CAMPAIGNS_MAX = 20
COMBINATIONS_MAX = 100  # of 20 campaigns there can be a million
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
    combinations: tuple[Combination, ...]  # that reached somebody: those with most people
    combinations_other: int  # how many more there are
    people_other: int  # and whom just those reached
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
    values = {"basis": counted, "begin": first, "end": last, "is_whole": window.is_whole}
    has_suspects(log, names)  # what is asked depends on it
    (steps,), only, people = log.together(
        lambda: net_rows(log, "reports/duplication_steps", names, **values),
        lambda: net_rows(log, "reports/duplication", names, **values, most=COMBINATIONS_MAX),
        lambda: reached(log, names, window),
    )
    masks = [row["mask"] for row in only]
    shared = net_rows(log, "reports/duplication_shared", names, **values, masks=masks)
    all_of = {row["mask"]: row["people"] for row in shared}
    all_masks, all_people = (only[0][f"all_{name}"] if only else 0 for name in _OF_ALL)
    found = DuplicationReport(
        campaigns=names,
        counted=counted,
        begin=window.begin,
        end=window.end,
        zone=zone,
        union=steps["cumulative"][-1],
        stacked=(
            *_stacked("stated", range(len(names)), names, steps, steps["cumulative"]),
            *_stacked(
                "best", [n - 1 for n in steps["best"]], names, steps, steps["best_cumulative"]
            ),
        ),
        pairs=tuple(_pairs(names, steps)),
        combinations=tuple(_combinations(names, only, all_of)),
        combinations_other=all_masks - len(only),
        people_other=all_people - sum(row["people"] for row in only),
        basis=BASIS,
        notes=notes(names),
        queries=log.asked,
    )
    states = {
        row["campaign"]: row["reach"]
        for row in people
        if row["basis"] == counted and not row["paid"]
    }
    refuse(faults(found, states))
    return found


_OF_ALL = ("combinations", "people")


def _stacked(
    order: str,
    places: Sequence[int],
    names: Sequence[str],
    steps: Mapping[str, Sequence[int]],
    cumulative: Sequence[int],
) -> Iterator[Stacked]:
    for place, (n, so_far, before) in enumerate(
        zip(places, cumulative, (0, *cumulative[:-1]), strict=True), 1
    ):
        yield Stacked(
            order=order,
            place=place,
            campaign=names[n],
            reach=steps["reach"][n],
            incremental=so_far - before,
            cumulative=so_far,
            unique=steps["only"][n],
        )


def _pairs(names: Sequence[str], steps: Mapping[str, Any]) -> Iterator[Pair]:
    for n, name in enumerate(names):
        own = steps["reach"][n]
        for m, other in enumerate(names):
            if n != m:
                both = steps["both"][max(n, m)][min(n, m)]
                share = both / own if own else None
                yield Pair(campaign=name, other=other, both=both, share=share)


def _combinations(
    names: Sequence[str], only: Sequence[Mapping[str, int]], all_of: Mapping[int, int]
) -> Iterator[Combination]:
    for row in only:
        mask = row["mask"]
        own = tuple(name for n, name in enumerate(names) if mask >> n & 1)
        yield Combination(campaigns=own, only=row["people"], at_least=all_of[mask])


def _others(found: DuplicationReport) -> Iterator[LocalizedText]:
    if found.combinations_other:
        yield LocalizedText(
            "Of the combinations those with most people are shown; {people} people were reached "
            "by one of {n} others.",
            people=number(found.people_other),
            n=number(found.combinations_other),
        )


def _charts(found: DuplicationReport, say: Translator) -> dict[str, dict[str, Any]]:
    """Return the picture of exact combinations; none where anything of it is hidden."""
    reach = {step.campaign: step.reach for step in found.stacked}
    told: list[int | None] = [reach.get(name) for name in found.campaigns]
    told += [each.only for each in found.combinations]
    if not found.combinations or None in told:
        return {}
    exact = [(frozenset(each.campaigns), each.only) for each in found.combinations]
    return {"combinations": upset([(name, reach[name]) for name in found.campaigns], exact, say)}


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
    by_person = LocalizedText("people counted one by one")
    counted = found.people_other + sum(own.only for own in found.combinations)
    yield from equal(found.counted, by_person, counted, union, found.union)
    for these in found.combinations:
        of = f"{found.counted}, {' + '.join(these.campaigns)}"
        only = LocalizedText("people reached only by these")
        in_common = LocalizedText("people reached by all of these")
        yield from at_most(of, only, these.only, in_common, these.at_least)


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
        *("reports/campaigns_counted", "reports/campaign_names", "reports/reach_zone"),
        *("reports/duplication_steps", "reports/duplication", "reports/duplication_shared"),
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
    charts=_charts,
    title=lambda found: " + ".join(found.campaigns),
    sentences=lambda found: (found.basis, *_others(found), *found.notes),
    protection=DUPLICATION,
)
