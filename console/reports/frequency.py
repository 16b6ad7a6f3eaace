"""The report of frequency: how many people campaigns reached, how often, and at what cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import fields
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from console.i18n import N_, LocalizedText
from console.reporting.figures import any_figure, money, number, percent
from console.reporting.report import Page, Parameter, Report, Row, Table, plain
from console.reports.asked import PARAMETERS, campaigns_of, file_of
from console.reports.basis import NoReportError, QueryLog
from console.reports.consistency import check, name_of
from console.reports.cuts import cut_of, require_parts
from console.reports.days import known_of, require_days, window_of
from console.reports.frequency_figures import (
    BasisFigures,
    CampaignFigures,
    DayFigures,
    FrequencyReport,
    PartFigures,
)
from console.reports.frequency_page import charts, facts
from console.reports.frequency_protected import PROTECTION
from console.reports.frequency_rows import QUERIES, FrequencyRows
from console.reports.invalid import INVALID, TABLE, invalid
from console.reports.notes import notes
from console.reports.reached import UNION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from console.reporting.layout import Layout
    from console.reports.cuts import Cut

TIMES_MAX = 10  # the last bin of a distribution is "so often or more"
SECONDS_MIN, SECONDS_MAX = 0.1, 3600

BASIS = LocalizedText(
    "Contacted: a message or offer was sent. Served: an advertisement was shown, however much of "
    "it was in view. Viewable: half its pixels were in view for a second (of a large display 30 "
    "%, of a video for two seconds). The three are never added."
)
PEOPLE = LocalizedText(
    "Everybody counts once, also over several campaigns and days, so reach is never a sum. A "
    "linked id counts as its person; an unlinked one is a device or id of which nothing else is "
    "known. Exposures that people were paid for are incentivised and counted apart. The "
    "population is everybody of whom there is any event."
)
COST = LocalizedText(
    "Cost is what contacts or exposures gave, in cents; for viewable exposures it is that of all "
    "served; it is nothing where there is no event, and not known where none gave it. GRP are "
    "impressions per hundred people of the population: of everybody, whoever could be reached, or, "
    "where the cut is of people (by an attribute, an audience, a decile or an arm), of the people "
    "of the part."
)


class BasisKey(NamedTuple):
    """What is counted, apart from everything else."""

    basis: str  # contacted, served, viewable
    incentivised: bool  # exposures that people were paid to look at

    @property
    def column(self) -> str:
        """The queries' name for it."""
        return f"{self.basis}_paid" if self.incentivised else self.basis

    @property
    def kind(self) -> str:
        """The type of its events."""
        return "contact" if self.basis == "contacted" else "exposure"


NAMES = (
    N_("contacted"),
    N_("served"),
    N_("viewable"),
    N_("served, incentivised"),
    N_("viewable, incentivised"),
)
KEYS = (
    BasisKey("contacted", incentivised=False),
    BasisKey("served", incentivised=False),
    BasisKey("viewable", incentivised=False),
    BasisKey("served", incentivised=True),
    BasisKey("viewable", incentivised=True),
)


class Asked(NamedTuple):
    """What is asked of the report, as it was given; see the parameters of `REPORT`."""

    campaigns: Sequence[str] = ()
    advertiser: str = ""
    begin: str | None = None
    end: str | None = None
    by: str | None = None
    as_of: str | None = None
    known_on: str | None = None
    seconds: float | None = None
    zone: str = "UTC"


def frequency(client: Client, asked: Asked) -> FrequencyReport:
    """Return reach and frequency of campaigns, in a window of days, and cut by something.

    Raises:
        UnknownCampaignError: when no event names one of them, or none is the advertiser's.
        EmptyWarehouseError: when there are no campaign events.
        NoReportError: when a day or the cut is not one, or what is stored is in another zone.
        InconsistentError: when the figures contradict each other.
    """
    log = QueryLog(client)
    window = window_of(asked.begin, asked.end, asked.as_of)
    known = known_of(asked.known_on, asked.zone)
    seconds = _denominator(asked.seconds)
    owners = [] if asked.campaigns else log.rows("reports/advertisers")
    of = {row["campaign"]: row for row in owners}
    names = campaigns_of(client, asked.campaigns, asked.advertiser, of)
    cut = cut_of(asked.by, names)
    require_days(log, asked.zone)
    rows = FrequencyRows(log, names, window, cut, asked.zone, known, seconds or 0)
    rows.ask()
    population, counted = rows.population, rows.counted
    bases = _bases(rows, counted, population["population"])
    used = {(own.basis, own.incentivised) for own in bases}
    found = FrequencyReport(
        campaigns=names,
        begin=window.begin,
        end=window.end,
        zone=asked.zone,
        advertiser=asked.advertiser or None,
        by=cut.text,
        as_of=window.as_of,
        known_on=known,
        seconds=seconds,
        population=population["population"],
        population_known=population["population_known"],
        bases=bases,
        by_day=tuple(_days(rows, used, population["population"])),
        by_campaign=tuple(_campaigns(rows, used)),
        parts=tuple(_parts(rows, used, population["population"])) if cut.by else (),
        invalid=invalid(rows, {(own.basis, own.incentivised): own.reach for own in bases}),
        basis=BASIS,
        people=PEOPLE,
        cost=COST,
        net=INVALID,
        notes=(*_conditions(known, seconds), *notes(names)),
        queries=log.asked,
    )
    check(
        found, {name_of(own): _frequency(counted, _of_figures(own))["impressions"] for own in bases}
    )
    return found


def _denominator(seconds: float | None) -> float | None:
    """Return the time in view that counts as one weighted impression.

    Raises:
        NoReportError: when it is no time.
    """
    if seconds is None:
        return None
    if not SECONDS_MIN <= seconds <= SECONDS_MAX:
        raise NoReportError(
            LocalizedText(
                "seconds must be at least {least} and at most {most}, such as 30, got {n}",
                least=SECONDS_MIN,
                most=SECONDS_MAX,
                n=seconds,
            )
        )
    return round(seconds, 3)  # in milliseconds, as time in view is summed


def _conditions(known: datetime | None, seconds: float | None) -> Iterator[LocalizedText]:
    """Yield what was asked for beyond campaigns, window and cut."""
    if known is not None:
        yield LocalizedText(
            "As known on {time}: only events, profiles and links that had arrived by then count.",
            time=known.isoformat(sep=" ", timespec="seconds"),
        )
    if seconds is not None:
        yield LocalizedText(
            "A weighted impression is a viewable one that counts for its time in view: {seconds:g} "
            "seconds or more as one, half of that as a half.",
            seconds=seconds,
        )


def _bases(
    rows: FrequencyRows, found: list[dict[str, Any]], population: int
) -> tuple[BasisFigures, ...]:
    """Return the figures of each basis.

    Reach is of the bitmaps, impressions are of the sums, and `found` is counted person by person:
    three tables that are held against each other.
    """
    people = {_key(row): row for row in rows.people if row["campaign"] == UNION}
    sums = rows.sums
    made = []
    for key in KEYS:
        counted = _frequency(found, key)
        own = people.get(key, {"reach": 0, "reach_known": 0})
        reach, impressions = own["reach"], _impressions(sums, key)
        if key.incentivised and not reach and not counted["impressions"]:
            continue
        events, cents, priced, measurable = _summed(sums, key)
        cost = _cost(cents, priced, events)
        grp = 100 * impressions / population if population else None
        share = reach / population if population else None
        weighted = _weighted(found, key, rows.seconds)
        made.append(
            BasisFigures(
                basis=key.basis,
                incentivised=key.incentivised,
                reach_known=own["reach_known"],
                reach_unlinked=reach - own["reach_known"],
                reach_share=share,
                grp=grp,
                measurable=measurable if key.kind == "exposure" else None,
                measurable_share=_ratio(measurable, events) if key.kind == "exposure" else None,
                cost_cents=cost,
                priced=priced,
                cost_per_thousand_cents=_ratio(cost, impressions, 1000),
                cost_per_person_cents=_ratio(cost, reach),
                cost_per_grp_cents=_ratio(cost, grp),
                cost_per_reach_point_cents=_ratio(cost, share, 0.01),
                weighted_impressions=weighted,
                weighted_grp=_ratio(weighted, population, 100),
                **{**counted, "reach": reach, "impressions": impressions},
            )
        )
    return tuple(made)


def _key(row: dict[str, Any]) -> BasisKey:
    return BasisKey(row["basis"], incentivised=row["paid"])


def _of_figures(figures: BasisFigures) -> BasisKey:
    return BasisKey(figures.basis, incentivised=figures.incentivised)


def _ratio(part: float | None, whole: float | None, times: float = 1) -> float | None:
    return times * part / whole if part is not None and whole else None


def _added(rows: Iterable[dict[str, Any]], names: Iterable[str]) -> tuple[int, ...]:
    rows = list(rows)
    return tuple(sum(row[name] for row in rows) for name in names)


def _cost(cents: int, priced: int, events: int) -> int | None:
    """Return what events cost: nothing where there are none; none where none of them says."""
    return cents if priced or not events else None


def _frequency(rows: Iterable[dict[str, Any]], key: BasisKey) -> dict[str, Any]:
    """Return the fields of `Frequency` for one basis, from combinations of how often."""
    times: Counter[int] = Counter()
    impressions = 0
    for row in rows:
        times[row[key.column]] += row["people"]
        impressions += row[f"sum_{key.column}"]
    exactly = [times[n] for n in range(1, TIMES_MAX + 1)]
    reach = sum(exactly)
    return {
        "reach": reach,
        "impressions": impressions,
        "average_frequency": _ratio(impressions, reach),
        "reached_times": tuple(exactly),
        "reach_plus": tuple(sum(exactly[n:]) for n in range(TIMES_MAX)),
    }


def _weighted(rows: Iterable[dict[str, Any]], key: BasisKey, seconds: float) -> float | None:
    """Return viewable impressions by their time in view, if that is asked for."""
    if not seconds or key.basis != "viewable":
        return None
    in_view = sum(int(row[f"{key.column}_ms"]) for row in rows)
    return in_view / round(1000 * seconds)


def _of(sums: Iterable[dict[str, Any]], key: BasisKey) -> list[dict[str, Any]]:
    return [row for row in sums if (row["kind"], row["paid"]) == (key.kind, key.incentivised)]


def _counts(row: dict[str, Any], key: BasisKey) -> int:
    """Return the impressions of a row of sums."""
    return int(row["viewable"] if key.basis == "viewable" else row["events"])


def _impressions(sums: Iterable[dict[str, Any]], key: BasisKey) -> int:
    return sum(_counts(row, key) for row in _of(sums, key) if row["is_of_a_day"])


def _summed(sums: Iterable[dict[str, Any]], key: BasisKey) -> tuple[int, int, int, int]:
    """Return events, their cost, how many gave one, and how many were measurable."""
    days = [row for row in _of(sums, key) if row["is_of_a_day"]]
    events, cents, priced, measurable = _added(days, ("events", "cents", "priced", "measurable"))
    return events, cents, priced, measurable


def _days(
    rows: FrequencyRows, used: set[tuple[str, bool]], population: int
) -> Iterable[DayFigures]:
    reached = {(_key(row), row["day"]): row for row in rows.days}
    for key in KEYS:
        if key not in used:
            continue
        before = {"cumulative": 0, "cumulative_known": 0}
        for row in _of(rows.sums, key):
            if not row["is_of_a_day"]:
                continue
            own = reached.get((key, row["day"]), {**before, "reach": 0})
            yield DayFigures(
                basis=key.basis,
                incentivised=key.incentivised,
                day=row["day"],
                reach=own["reach"],
                new=own["cumulative"] - before["cumulative"],
                cumulative=own["cumulative"],
                cumulative_known=own["cumulative_known"],
                impressions=_counts(row, key),
                grp=_ratio(_counts(row, key), population, 100),
                cost_cents=_cost(row["cents"], row["priced"], row["events"]),
            )
            before = own


def _campaigns(rows: FrequencyRows, used: set[tuple[str, bool]]) -> Iterable[CampaignFigures]:
    reached = {(_key(row), row["campaign"]): row["reach"] for row in rows.people}
    for name in rows.names:
        for key in KEYS:
            if key not in used:
                continue
            own = [r for r in _of(rows.sums, key) if not r["is_of_a_day"] and r["campaign"] == name]
            impressions = sum(_counts(row, key) for row in own)
            reach = reached.get((key, name), 0)
            yield CampaignFigures(
                campaign=name,
                basis=key.basis,
                incentivised=key.incentivised,
                reach=reach,
                impressions=impressions,
                average_frequency=_ratio(impressions, reach),
                cost_cents=_cost(*_added(own, ("cents", "priced", "events"))),
            )


def _parts(
    rows: FrequencyRows, used: set[tuple[str, bool]], population: int
) -> Iterable[PartFigures]:
    """Yield every part of the cut, on each basis."""
    cut = rows.cut
    by_part = defaultdict(list)
    for row in rows.parts:
        by_part[row["part"]].append(row)
    people = _populations(cut, by_part) if cut.is_of_people else {}
    if people:
        people[""] = population - sum(people.values())  # of whom nothing is known
    states = _states(rows)
    for key in KEYS:
        if key not in used:
            continue
        for part in cut.in_order(by_part.keys() | people.keys()):
            own = by_part[part]
            counted = _frequency(own, key)
            paid_for = key.column.replace("viewable", "served")
            columns = (f"{paid_for}_cents", f"{paid_for}_priced", f"sum_{paid_for}")
            cents = _cost(*_added(own, columns))
            if states is not None:
                counted["reach"] = states.get((key, part), 0)
            if not any((counted["reach"], counted["impressions"], cents, people.get(part))):
                continue
            every = people.get(part, 0) if people else population
            grp = _ratio(counted["impressions"], every, 100)
            yield PartFigures(
                basis=key.basis,
                incentivised=key.incentivised,
                part=cut.said(part),
                population=people.get(part),
                reach_share=_ratio(counted["reach"], every),
                grp=grp,
                cost_cents=cents,
                cost_per_thousand_cents=_ratio(cents, counted["impressions"], 1000),
                cost_per_person_cents=_ratio(cents, counted["reach"]),
                cost_per_grp_cents=_ratio(cents, grp),
                weighted_impressions=_weighted(own, key, rows.seconds),
                **counted,
            )


def _populations(cut: Cut, by_part: dict[str, list[dict[str, Any]]]) -> dict[str, int]:
    """Return how many people each part of a cut of people has.

    Raises:
        NoReportError: when it has none.
    """
    found = {part: sum(row["people"] for row in own) for part, own in by_part.items() if part}
    require_parts(cut, found)
    return found


def _states(rows: FrequencyRows) -> dict[tuple[BasisKey, str], int] | None:
    """Return the people whom each part of a cut reached, if the tables of reach tell them apart."""
    found = rows.states
    if found is None:
        return None
    states = {(_key(row), row["part"]): row["reach"] for row in found}
    if rows.cut.is_of_people:
        for row in rows.people:
            if row["campaign"] == UNION:
                known = sum(n for (key, _), n in states.items() if key == _key(row))
                states |= {(_key(row), ""): row["reach"] - known}
    return states


def _title(found: FrequencyReport) -> str:
    return found.advertiser or " + ".join(found.campaigns)


def _text(found: FrequencyReport, to: Layout) -> None:
    """Print the report: what is said of each basis in a column, as there is so much of it."""
    _ = to.gettext
    to.heading(_("Reach and frequency of {campaigns}", campaigns=_title(found)))
    bases = [_(name_of(own)) for own in found.bases]
    weighted = {} if found.seconds is None else _WEIGHTED
    to.table(
        _("Reach and frequency"),
        ("", *bases),
        [
            (_("population"), *[number(found.population)] * len(bases)),
            *((_(name), *map(show, found.bases)) for name, show in _SHOWN.items()),
            *((_(name), *map(show, found.bases)) for name, show in weighted.items()),
            *(
                (
                    _("reached {n} times or more", n=n),
                    *(number(own.reach_plus[n - 1]) for own in found.bases),
                )
                for n in range(2, TIMES_MAX + 1)
            ),
        ],
    )
    for table in REPORT.tables[1:]:
        rows = [dict(row) for row in table.rows(found)]
        for row in rows:
            row["basis"] = _(name_of(SimpleNamespace(**row)))
        heads = [
            name
            for name in (rows[0] if rows else ())
            if name not in _LEFT_OUT and any(row[name] is not None for row in rows)
        ]
        if rows and (table.title != "Reach and frequency by campaign" or len(found.campaigns) > 1):
            to.table(
                _(table.title),
                [_(table.head(name)) for name in heads],
                [[any_figure(row[name]) for name in heads] for row in rows],
                listed={_(table.head("basis"))},
            )
    to.sentences([found.basis, found.people, found.cost, found.net, *found.notes])


_LEFT_OUT = {"incentivised", *(f"reached_{n}" for n in range(1, TIMES_MAX)), "reached_10_plus"}
_LEFT_OUT |= {f"reach_{n}_plus" for n in range(1, TIMES_MAX + 1)}
_LEFT_OUT |= {f"cost_per_{of}_cents" for of in ("thousand", "person", "grp")}
_WEIGHTED: dict[str, Callable[[BasisFigures], str]] = {
    N_("weighted impressions"): lambda own: any_figure(own.weighted_impressions),
    N_("weighted GRP"): lambda own: any_figure(own.weighted_grp),
}
_SHOWN: dict[str, Callable[[BasisFigures], str]] = {
    N_("people reached"): lambda own: number(own.reach),
    N_("of the population"): lambda own: percent(own.reach_share),
    N_("known people"): lambda own: number(own.reach_known),
    N_("unlinked ids"): lambda own: number(own.reach_unlinked),
    N_("impressions"): lambda own: number(own.impressions),
    N_("average frequency"): lambda own: any_figure(own.average_frequency),
    N_("GRP"): lambda own: any_figure(own.grp),
    N_("measurable"): lambda own: percent(own.measurable_share),
    N_("cost"): lambda own: money(own.cost_cents),
    N_("cost per thousand impressions"): lambda own: money(own.cost_per_thousand_cents),
    N_("cost per person reached"): lambda own: money(own.cost_per_person_cents),
    N_("cost per GRP"): lambda own: money(own.cost_per_grp_cents),
}


HEADS = {
    "basis": N_("basis"),
    "incentivised": N_("incentivised"),
    "part": N_("part"),
    "day": N_("day"),
    "campaign": N_("campaign"),
    "reach": N_("people reached"),
    "reach_known": N_("known people"),
    "reach_unlinked": N_("unlinked ids"),
    "reach_share": N_("of the population"),
    "population": N_("population"),
    "new": N_("new people"),
    "cumulative": N_("cumulative reach"),
    "cumulative_known": N_("of these known"),
    "weighted_impressions": N_("weighted impressions"),
    "weighted_grp": N_("weighted GRP"),
    "impressions": N_("impressions"),
    "average_frequency": N_("average frequency"),
    "grp": N_("GRP"),
    "measurable": N_("measurable"),
    "measurable_share": N_("measurable share"),
    "priced": N_("events with a cost"),
    "cost_cents": N_("cost, in cents"),
    "cost_per_thousand_cents": N_("cost per thousand impressions, in cents"),
    "cost_per_person_cents": N_("cost per person reached, in cents"),
    "cost_per_grp_cents": N_("cost per GRP, in cents"),
    "cost_per_reach_point_cents": N_("cost per reach point, in cents"),
    **{f"reach_{n}_plus": f"{n}+" for n in range(1, TIMES_MAX + 1)},
    **{f"reached_{n}": f"{n}×" for n in range(1, TIMES_MAX)},  # noqa: RUF001 - times
    f"reached_{TIMES_MAX}_plus": f"{TIMES_MAX}+ ×",  # noqa: RUF001 - times
}
_WORDS = frozenset({"basis"})


def _flat(found: Any) -> Row:
    """Return figures as a row of a table: a distribution has a column for each of its bins."""
    row = {key: value for key, value in plain(found).items() if not isinstance(value, tuple)}
    row = {name: row[name] for name in ("basis", "incentivised", "part") if name in row} | row
    times = range(1, TIMES_MAX + 1)
    row |= {f"reach_{n}_plus": found.reach_plus[n - 1] for n in times}
    row |= {f"reached_{n}": found.reached_times[n - 1] for n in times[:-1]}
    return row | {f"reached_{TIMES_MAX}_plus": found.reached_times[-1]}


def _columns(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


REPORT = Report(
    name="frequency",
    help=N_(
        "Show how many people campaigns reached, how often, and what that cost: contacted, "
        "served and viewable side by side."
    ),
    example="flowdrop report frequency cj-8 cj-13 --begin 2017-05-01 --json",
    parameters=(
        *PARAMETERS,
        Parameter(name="begin", metavar="DATE", option=True, help="The first day counted."),
        Parameter(name="end", metavar="DATE", option=True, help="The last day counted."),
        Parameter(
            name="by",
            metavar="CUT",
            option=True,
            help="Cut by channel, creative, format, hour, arm, audience:NAME, decile:PROGRAM or an "
            "attribute of people.",
        ),
        Parameter(
            name="as_of",
            metavar="DATE",
            option=True,
            help="Take attributes as they were said before this day began, or the day of --begin "
            "where it is `start`; by default as now.",
        ),
        Parameter(
            name="known_on",
            metavar="TIME",
            option=True,
            help="Count only what had arrived by this time, or by the end of this day: what was "
            "reported then.",
        ),
        Parameter(
            name="seconds",
            metavar="N",
            option=True,
            kind=float,
            help="Weight viewable impressions by their time in view: N seconds or more are one.",
        ),
    ),
    settings=("zone",),
    queries=("reports/campaign_names", "reports/advertisers", "reports/reach_zone", *QUERIES),
    compute=lambda client, *given: frequency(client, Asked(*given)),
    result=FrequencyReport,
    tables=(
        Table(
            title=N_("Reach and frequency"),
            heads=HEADS,
            words=_WORDS,
            row="one row per basis",
            rows=lambda found: [_flat(own) for own in found.bases],
        ),
        Table(
            title=N_("Reach and frequency by day"),
            heads=HEADS,
            words=_WORDS,
            row="one row per basis and day",
            rows=lambda found: plain(found.by_day),
            columns=_columns(DayFigures),
        ),
        Table(
            title=N_("Reach and frequency by campaign"),
            heads=HEADS,
            words=_WORDS,
            row="one row per campaign and basis",
            rows=lambda found: plain(found.by_campaign),
        ),
        Table(
            title=N_("Reach and frequency by part"),
            heads=HEADS,
            words=_WORDS,
            row="one row per basis and part",
            rows=lambda found: [_flat(own) for own in found.parts],
            columns=_columns(PartFigures),
        ),
        TABLE,
    ),
    text=_text,
    title=_title,
    file=lambda asked: file_of("frequency", asked),
    sentences=lambda found: (found.basis, found.people, found.cost, found.net, *found.notes),
    charts=charts,
    definitions=(BASIS, PEOPLE, COST, INVALID),
    page=Page(template="frequency.html", facts=lambda *asked: facts(asked[-1])),
    protection=PROTECTION,
)
