"""The report of a plan: whom a budget would reach, by replaying the audience's own past."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from console.i18n import N_, LocalizedText, Names
from console.reporting.figures import money, percent
from console.reporting.report import Page, Parameter, Report, Row, Table, plain
from console.reports.basis import NoReportError, QueryLog
from console.reports.days import SPAN, require_days, window_of
from console.reports.of_an_audience import OF_AN_AUDIENCE
from console.reports.plan_figures import HeldBack, Planned, PlanReport
from console.reports.reached import has_suspects
from features.audiences import audiences
from flowdrop.files import SheetChart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

    from console.i18n import Translator
    from features.audiences import Audience
    from features.statistics.replay import Past

BASES = ("contacted", "served", "viewable")
DAYS, DAYS_MAX = 28, 366
SHARES = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 1.75, 2.0)  # of the budget
CAPS = (1, 2, 3, 5, 10)
TOLD = 0.5, 1.0, 2.0  # shares of the budget of a campaign held back
HELD_BACK_MAX = 20
PEOPLE_MIN = 20  # of the audience, whom a campaign held back reached
SAMPLE = 100_000  # people by whom the error is found
SHOWN = (1, 2, 3, 5)  # k+ reach in the chart
NOTHING = date(1970, 1, 1)
AMOUNT_MAX = 10**15
DIGITS_MAX = 20  # of a number

BASIS = LocalizedText(
    "Figures are what is expected, not a promise: the people of the audience are assumed to be met "
    "as often as in the days replayed, by whoever reached them then. Everybody counts once; what "
    "people were paid to look at does not count, nor does invalid traffic."
)


class Terms(NamedTuple):
    """What is asked of a plan, as texts; None where it was left out."""

    budget: str
    cost_per_thousand: str
    cap: str | None
    cap_days: str | None
    days: str | None
    end: str | None
    counted: str | None
    program: str | None
    zone: str


def plan(client: Client, audience: str, terms: Terms) -> PlanReport:
    """Return what budgets and caps are expected to do.

    Raises:
        NoReportError: when there is no such audience, or a number or day is not one.
        EmptyWarehouseError: when the warehouse has no tables.
    """
    from features.statistics.replay import Past

    length = _whole("days", terms.days or str(DAYS), 1, DAYS_MAX)
    stretch = _whole("cap_days", terms.cap_days or str(length), 1, length)
    most = _whole("cap", terms.cap, 1, AMOUNT_MAX) if terms.cap else None
    cents = _whole("budget", terms.budget, 0, AMOUNT_MAX)
    price = _price(terms.cost_per_thousand)
    basis = terms.counted or BASES[0]
    if basis not in BASES:
        raise NoReportError(
            LocalizedText("counted is contacted, served or viewable, got {text!r}", text=basis)
        )
    log = QueryLog(client)
    require_days(log, terms.zone)
    chosen = _audience(client, audience, terms.program or "")
    last = window_of(None, terms.end, None).end or _last_day(log, basis)
    names = {
        "program": chosen.program,
        "audience": chosen.name,
        "fingerprint": chosen.fingerprint,
    }
    first = last - timedelta(days=length - 1)
    net = has_suspects(log, ())
    bound = {**names, "basis": basis, "zone": terms.zone, "end": last, "net": net}
    rows = log.rows("reports/plan_past", **bound, begin=first, cap_days=stretch)
    past = Past([row["seen"] for row in rows], [row["people"] for row in rows])
    if terms.end and not past.impressions:
        raise NoReportError(
            LocalizedText(
                "end: nobody of the audience was {basis} from {begin} to {end}, so there is no "
                "past to plan by; give another last day, or leave end out for the latest",
                basis=basis,
                begin=first.isoformat(),
                end=last.isoformat(),
            )
        )
    (row,) = log.rows("reports/plan_audience", **names)
    asked = _Plan(past, row["people"], price, math.ceil(length / stretch))
    edge = int(past.delivered(1.0, most) * price / 1000)
    errors = _errors(log, bound, length, row["people"])
    whole = asked.planned(cents, most)
    return PlanReport(
        audience=chosen.name,
        program=chosen.program,
        counted=basis,
        begin=first,
        end=last,
        zone=terms.zone,
        days=length,
        cap=most,
        cap_days=stretch,
        budget_cents=cents,
        cost_per_thousand_cents=price,
        people=row["people"],
        people_past=round(past.reach),
        impressions_past=round(past.impressions),
        budget_end_cents=edge,
        by_budget=_differing([asked.planned(own, most) for own in _budgets(cents, edge)], whole),
        by_cap=_differing([asked.planned(cents, own) for own in _caps(most)][::-1], whole)[::-1],
        errors=errors,
        unused=_unused(whole, basis, (first, last), stretch),
        method=_method(first, last, stretch, most),
        error=_error_words(errors),
        basis=BASIS,
        queries=log.asked,
    )


class _Plan:
    """What is planned with: a past, its people, and what a thousand impressions cost."""

    def __init__(self, past: Past, people: int, price_cents: float, windows: int) -> None:
        self._past = past
        self._people = people
        self._price_cents = price_cents
        self._windows = windows

    def planned(self, budget_cents: int, cap: int | None) -> Planned:
        """Return what a budget under a cap is expected to do."""
        from features.statistics.replay import expected

        bought = 1000 * budget_cents / self._price_cents
        point = expected(self._past, bought, cap, self._people, self._windows)
        reach = point.plus[0]
        spent = min(float(budget_cents), point.impressions * self._price_cents / 1000)
        return Planned(
            budget_cents=budget_cents,
            cap=cap,
            planned=round(bought),
            impressions=round(point.impressions),
            spent_cents=round(spent),
            reach=round(reach),
            reach_share=reach / self._people if self._people else None,
            average_frequency=point.impressions / reach if reach else None,
            cost_per_person_cents=spent / reach if reach else None,
            is_beyond=point.is_beyond,
            reach_plus=tuple(map(round, point.plus)),
        )


def _budgets(asked: int, edge: int) -> list[int]:
    """Return the budgets that are told, in cents; that at which the data end is among them."""
    found = {round(asked * share) for share in SHARES}
    return sorted(found | {edge} if 0 < edge < max(found) else found)


def _caps(asked: int | None) -> list[int | None]:
    known = {*CAPS} if asked is None else {*CAPS, asked}
    return [*sorted(known), None]


def _differing(rows: Sequence[Planned], whole: Planned) -> tuple[Planned, ...]:
    """Return the rows without those that do as the one before them; `whole` was asked for."""
    found: list[Planned] = []
    for row in rows:
        same = found and (row.impressions, row.reach_plus) == (
            found[-1].impressions,
            found[-1].reach_plus,
        )
        if not same or row == whole:
            found.append(row)
    return tuple(found)


def _unused(
    whole: Planned, basis: str, days: tuple[date, date], stretch: int
) -> LocalizedText | None:
    """Return why some of the budget that was asked for can't be used, if so."""
    left = whole.budget_cents - whole.spent_cents
    if whole.planned <= whole.impressions:
        return None
    if not whole.impressions:
        return LocalizedText(
            "None of the budget can be used by what is known: nobody of the audience was {basis} "
            "from {begin} to {end}. Give end, the last day of a past in which they were.",
            basis=basis,
            begin=days[0].isoformat(),
            end=days[1].isoformat(),
        )
    return LocalizedText(
        "{left} of the budget can't be used: with at most {cap} for each person in {days} days the "
        "audience is exhausted by {impressions:,} impressions, which cost {spent}. A higher cap, "
        "more days or a larger audience would take more.",
        left=money(left),
        cap=whole.cap,
        days=stretch,
        impressions=whole.impressions,
        spent=money(whole.spent_cents),
    )


def _whole(name: str, text: str, least: int, most: int) -> int:
    """Return a whole number that was asked for."""
    clean = text.strip()
    if (
        clean.removeprefix("-").isdecimal()
        and len(clean) <= DIGITS_MAX
        and least <= int(clean) <= most
    ):
        return int(clean)
    raise NoReportError(
        LocalizedText(
            "{name} must be a whole number from {least:,} to {most:,}, got {text!r}",
            name=name,
            least=least,
            most=most,
            text=text,
        )
    )


def _price(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if 0 < found < AMOUNT_MAX:
        return found
    raise NoReportError(
        LocalizedText(
            "cost_per_thousand must be the cents that a thousand impressions cost, more than 0, "
            "got {text!r}",
            text=text,
        )
    )


def _audience(client: Client, name: str, program: str) -> Audience:
    """Return the latest audience of a name."""
    known = audiences(client)
    for each in known:
        if each.name == name and program in {"", each.program}:
            return each
    others = Names(tuple(dict.fromkeys(each.name for each in known))[:5])
    words = LocalizedText(
        "no audience is called {name!r}; there are: {others}", name=name, others=others
    )
    if not known:
        words = LocalizedText(
            "no audience is frozen yet; freeze one with `flowdrop audience freeze` or `flowdrop "
            "audience load`"
        )
    raise NoReportError(words)


def _last_day(log: QueryLog, basis: str) -> date:
    """Return the last day of the past."""
    window = {"campaigns": [], "begin": SPAN[0], "end": SPAN[1]}
    (row,) = log.rows("reports/plan_last_day", basis=basis, **window)
    found: date = row["day"]
    if found > NOTHING:
        return found
    raise NoReportError(
        LocalizedText(
            "nobody was ever {basis}, so there is no past to plan by; choose another basis with "
            "counted",
            basis=basis,
        )
    )


def _errors(log: QueryLog, bound: dict[str, Any], days: int, people: int) -> tuple[HeldBack, ...]:
    """Return how far off the reach of campaigns was that were held back.

    Of each campaign half of what it bought is the budget, so that all its shares were observed:
    of 200 % it is all of the campaign. It is predicted from what others did before it.
    """
    from features.statistics.replay import Past, expected

    every = max(1, people // SAMPLE)
    rows = log.rows("reports/plan_held_back", **bound, days=days, most=HELD_BACK_MAX, every=every)
    of: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        of[row["campaign"]].append(row)
    found: dict[float, list[float]] = {share: [] for share in TOLD}
    for own in of.values():
        past = Past([[row["others"]] for row in own], [row["people"] for row in own])
        if past.reach == 0 or sum(row["people"] for row in own if row["own"]) < PEOPLE_MIN:
            continue
        campaign = Past([[row["own"]] for row in own], [row["people"] for row in own])
        for share in TOLD:
            part = share / max(TOLD)
            actual = campaign.plus(part, None)[0]
            bought = part * campaign.impressions
            guess = expected(past, bought, None, people // every, 1).plus[0]
            found[share].append(abs(guess - actual) / actual)
    return tuple(
        HeldBack(
            budget_share=share,
            campaigns=len(found[share]),
            median_error=median(found[share]) if found[share] else None,
        )
        for share in TOLD
    )


def _method(begin: date, end: date, stretch: int, cap: int | None) -> LocalizedText:
    limit = (
        LocalizedText("without a cap, since none was given")
        if cap is None
        else LocalizedText(
            "with at most {cap} impressions a person in {days} days", cap=cap, days=stretch
        )
    )
    return LocalizedText(
        "Each past impression from {begin} to {end} is replayed with the chance that the budget "
        "pays for, {limit}; nothing is drawn at random. Rows marked as beyond the data buy more "
        "than those days had: they follow Goerg's curve, {curve} with {most}, of which k+ reach "
        "is {plus}.",
        begin=begin.isoformat(),
        end=end.isoformat(),
        limit=limit,
        curve="M x / (x + M)",
        most="M = I R / (I - R)",
        plus="M (x / (x + M))^k",
    )


def _error_words(errors: Sequence[HeldBack]) -> LocalizedText:
    told = [each for each in errors if each.median_error is not None]
    if not told:
        return LocalizedText(
            "How far off this is isn't known: no campaign reached enough of the audience after "
            "others had."
        )
    return LocalizedText(
        "Held-back campaigns ({n}): the median error of reach at 50, 100 and 200 % of a budget was "
        "{errors}. It says nothing of rows beyond the data.",
        n=told[0].campaigns,
        errors=Names(tuple(percent(each.median_error, 1) for each in told), last="and"),
    )


def _flat(found: Planned) -> Row:
    row = {key: value for key, value in plain(found).items() if not isinstance(value, tuple)}
    return row | {f"reach_{k}_plus": people for k, people in enumerate(found.reach_plus, 1)}


def _charts(found: PlanReport, say: Translator) -> dict[str, dict[str, Any]]:
    """Return k+ reach by budget, and where the data end."""
    points = found.by_budget
    if not points[-1].planned:
        return {}
    edge = found.budget_end_cents / 100
    return {
        "plan": {
            "kind": "lines",
            "title": say.gettext("People reached by budget, at least 1, 2, 3 and 5 times"),
            "said": say.said(found.error),
            "x": say.gettext("budget, in whole units of money"),
            "series": [
                {
                    "name": f"{k}+",
                    "values": [
                        [0, 0],
                        *([own.budget_cents / 100, own.reach_plus[k - 1]] for own in points),
                    ],
                }
                for k in SHOWN
            ],
            "edge": edge if edge < points[-1].budget_cents / 100 else None,
            "edge_label": say.gettext("the data end here"),
        }
    }


def _facts(client: Client, _settings: Any, asked: Any, _found: PlanReport | None) -> dict[str, Any]:
    """Return what the form offers."""
    names = dict.fromkeys(each.name for each in audiences(client))
    return {"names": [*names], "bases": BASES, "chosen": asked["audience"]}


HEADS = {
    "budget_cents": N_("budget, in cents"),
    "cap": N_("cap"),
    "planned": N_("impressions bought"),
    "impressions": N_("impressions expected"),
    "spent_cents": N_("of the budget used, in cents"),
    "reach": N_("people reached"),
    "reach_share": N_("of the audience"),
    "average_frequency": N_("average frequency"),
    "cost_per_person_cents": N_("cost per person reached, in cents"),
    "is_beyond": N_("beyond the data"),
    "budget_share": N_("share of the budget"),
    "campaigns": N_("campaigns"),
    "median_error": N_("median error"),
    **{f"reach_{k}_plus": f"{k}+" for k in range(1, 11)},
}


def _to_person(row: Row) -> Row:
    """Return what a person sees: that there is no cap is said."""
    return {**row, "cap": N_("no cap") if row["cap"] is None else str(row["cap"])}


def _rows_of(found: Sequence[Planned]) -> list[Row]:
    return [_flat(own) for own in found]


REPORT: Report[PlanReport] = Report(
    name="plan",
    help=N_(
        "Show how many people of an audience a budget is expected to reach, and how often, by "
        "budget and frequency cap."
    ),
    example="flowdrop report plan redeemers --budget 500000 --cost-per-thousand 2000 --cap 3",
    parameters=(
        Parameter(name="audience"),
        Parameter(
            name="budget", metavar="CENTS", option=True, asked_for=True, help="The budget in cents."
        ),
        Parameter(
            name="cost_per_thousand",
            metavar="CENTS",
            option=True,
            asked_for=True,
            help="What a thousand impressions cost, in cents.",
        ),
        Parameter(name="cap", metavar="N", option=True, help="The most that a person gets."),
        Parameter(
            name="cap_days",
            metavar="N",
            option=True,
            help="The days in which the cap holds; by default all of the plan.",
        ),
        Parameter(
            name="days",
            metavar="N",
            option=True,
            help=f"The days of the plan, and of the past that is replayed ({DAYS}).",
        ),
        Parameter(name="end", metavar="DATE", option=True, help="The last day of that past."),
        Parameter(
            name="counted",
            metavar="BASIS",
            option=True,
            help="Count people contacted (the default), served or viewable.",
        ),
        Parameter(name="program", option=True, help="Of the audience, if others have its name."),
    ),
    settings=("zone",),
    queries=(
        *("reports/reach_zone", "reports/plan_last_day", "reports/plan_past"),
        *("reports/plan_audience", "reports/plan_held_back", "reports/suspects"),
    ),
    compute=lambda client, audience, *terms: plan(client, audience, Terms(*terms)),
    result=PlanReport,
    tables=(
        Table(
            title=N_("Reach by budget"),
            heads=HEADS,
            row="one row per budget",
            rows=lambda found: _rows_of(found.by_budget),
            words=frozenset({"cap"}),
            to_person=_to_person,
            chart=SheetChart(kind="line", x="budget_cents", y=("reach", "reach_2_plus")),
        ),
        Table(
            title=N_("Reach by frequency cap"),
            heads=HEADS,
            row="one row per cap",
            rows=lambda found: _rows_of(found.by_cap),
            words=frozenset({"cap"}),
            to_person=_to_person,
        ),
        Table(
            title=N_("Error on campaigns held back"),
            heads=HEADS,
            row="one row per share of the budget",
            rows=lambda found: plain(found.errors),
        ),
    ),
    title=lambda found: found.audience,
    sentences=lambda found: (
        *([found.unused] if found.unused else ()),
        *(found.error, found.method, found.basis),
    ),
    charts=_charts,
    page=Page(template="plan.html", facts=_facts, form=True),
    loads=("features.statistics.replay",),
    protection=OF_AN_AUDIENCE,
)
