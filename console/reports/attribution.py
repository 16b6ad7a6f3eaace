"""The report of attribution: conversions divided among the touches before them, model by model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.i18n import N_, LocalizedText, Names
from console.reporting.report import Page, Parameter, Report, Table, plain
from console.reports.asked import PARAMETERS, campaigns_of, file_of
from console.reports.attribution_caused import caused
from console.reports.attribution_figures import (
    BASIS,
    CAUSE,
    DRIVEN,
    METHOD,
    AttributionReport,
    Credited,
    Windows,
)
from console.reports.attribution_models import (
    DATA_DRIVEN,
    MODELS,
    WHOLE,
    Credit,
    Journeys,
    credits_of,
    faults,
    models_of,
)
from console.reports.attribution_protected import PROTECTION
from console.reports.attribution_shown import charts, headline, show, stated
from console.reports.basis import NoReportError, QueryLog
from console.reports.consistency import InconsistentError
from console.reports.days import Window, window_of
from console.reports.lift import REPORT as LIFT
from console.reports.notes import notes
from flowdrop.files import SheetChart

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from clickhouse_connect.driver.client import Client

    from console.reporting.report import Row

DAY_US = 86_400_000_000
DAYS_MAX = 90
HALF_LIFE_MAX = 365
ATTEMPTS_MAX = 3  # events that arrive between two queries make them differ
CUTS = ("channel", "campaign", "creative", "touch")
VIEWS = ("viewable", "served")


def attribution(  # noqa: PLR0913, PLR0917 - as many as may be asked for
    client: Client,
    campaigns: Sequence[str],
    advertiser: str,
    by: str,
    views: str,
    click_days: int | None,
    view_days: int | None,
    half_life: float,
    begin: str | None,
    end: str | None,
    zone: str,
) -> AttributionReport:
    """Return conversions attributed by every model.

    Args:
        client: of the warehouse.
        campaigns: their names; none when an advertiser is named.
        advertiser: its name, '' for none.
        by: the cut, one of CUTS.
        views: which exposures are touches, one of VIEWS.
        click_days: for how long clicks qualify; as each campaign's description says if none.
        view_days: for how long contacts and exposures qualify, likewise.
        half_life: of credit by time decay, in days.
        begin: first day of the conversions, if any.
        end: their last day, if any.
        zone: whose days these are.

    Raises:
        NoReportError: when neither campaigns nor an advertiser are named, or both, or an option is
            none that there is.
        UnknownCampaignError: when no event names a campaign, or no campaign is the advertiser's.
        EmptyWarehouseError: when there are no campaign events.
        InconsistentError: when the figures contradict each other.
    """
    _require(by, views, click_days, view_days, half_life)
    window = window_of(begin, end, None)
    before = QueryLog(client)
    known = {row["campaign"]: row for row in before.rows("reports/advertisers")}
    names = campaigns_of(client, campaigns, advertiser, known)
    windows = tuple(_windows(known[name], click_days, view_days) for name in names)
    log, counted, journeys, credit = _counted(
        client, windows, _days(window, zone), by, views, half_life
    )
    is_valued = bool(counted["valued"])
    attributed = [each for each in journeys if each.parts]
    rest = [each for each in journeys if not each.parts]
    experiments, asked = caused(client, names)
    return AttributionReport(
        campaigns=names,
        advertiser=advertiser or None,
        by=by,
        views=views,
        begin=window.begin,
        end=window.end,
        zone=zone,
        half_life_days=half_life,
        windows=windows,
        conversions=counted["conversions"],
        value_cents=counted["cents"] if is_valued else None,
        attributed=sum(each.conversions for each in attributed),
        attributed_value_cents=sum(each.cents for each in attributed) if is_valued else None,
        unattributed=sum(each.conversions for each in rest),
        unattributed_value_cents=sum(each.cents for each in rest) if is_valued else None,
        credits=(
            *(_credited(each, is_valued=is_valued) for each in credit),
            _credited(_without(rest, models_of(journeys)), attributed=False, is_valued=is_valued),
        ),
        caused=tuple(experiments),
        basis=BASIS,
        method=(METHOD, DRIVEN if DATA_DRIVEN in models_of(journeys) else _not_driven()),
        cause=CAUSE,
        notes=notes(names),
        queries=(*before.asked, *log.asked, *asked),
    )


def _require(
    by: str, views: str, click_days: int | None, view_days: int | None, half_life: float
) -> None:
    """Refuse options that there are not."""
    for name, value, choices in (("by", by, CUTS), ("views", views, VIEWS)):
        if value not in choices:
            raise NoReportError(
                LocalizedText(
                    "{name} must be {choices}, got {value!r}",
                    name=name,
                    choices=Names(choices, last="or"),
                    value=value,
                )
            )
    for name, days in (("click_days", click_days), ("view_days", view_days)):
        if days is not None and not 0 <= days <= DAYS_MAX:
            raise NoReportError(
                LocalizedText(
                    "{name} must be from 0 to {most} days, got {days}",
                    name=name,
                    most=DAYS_MAX,
                    days=days,
                )
            )
    if not 0 < half_life <= HALF_LIFE_MAX:
        raise NoReportError(
            LocalizedText(
                "half_life must be more than 0 and at most {most} days, got {days}",
                most=HALF_LIFE_MAX,
                days=half_life,
            )
        )


def _windows(known: Mapping[str, Any], click_days: int | None, view_days: int | None) -> Windows:
    return Windows(
        campaign=known["campaign"],
        advertiser=known["advertiser"],
        click_days=known["click_days"] if click_days is None else click_days,
        view_days=known["view_days"] if view_days is None else view_days,
    )


def _days(window: Window, zone: str) -> dict[str, Any]:
    first, last = window.bounds
    return {"begin": first, "end": last, "zone": zone}


def _counted(
    client: Client,
    windows: Sequence[Windows],
    days: Mapping[str, Any],
    by: str,
    views: str,
    half_life: float,
) -> tuple[QueryLog, Row, list[Journeys], tuple[Credit, ...]]:
    """Return all conversions, the journeys by what they touched, and the credit of each part.

    Raises:
        InconsistentError: when they contradict each other each time.
    """
    advertisers = sorted({each.advertiser for each in windows})
    touches = {
        "campaigns": [each.campaign for each in windows],
        "advertisers": [advertisers.index(each.advertiser) for each in windows],
        "click_us": [each.click_days * DAY_US for each in windows],
        "view_us": [each.view_days * DAY_US for each in windows],
        "views": views,
        "by": by,
        **days,
    }
    for _ in range(ATTEMPTS_MAX):
        log = QueryLog(client)
        (counted,) = log.rows("reports/attribution_totals", campaigns=touches["campaigns"], **days)
        journeys = [
            Journeys(
                parts=tuple(row["parts"]),
                conversions=row["conversions"],
                cents=row["cents"],
                without=row["without"],
            )
            for row in log.rows("reports/attribution_sets", **touches)
        ]
        half_life_us = max(round(half_life * DAY_US), 1)
        rows = log.rows("reports/attribution_credits", half_life_us=half_life_us, **touches)
        credit = credits_of(rows, journeys)
        wrong = tuple(faults(credit, journeys, counted))
        if not wrong:
            return log, counted, journeys, credit
    raise InconsistentError(
        LocalizedText(
            "the figures contradict each other and are withheld: {faults}; ask again, as events "
            "may have arrived in between",
            faults=Names(wrong[:3], last="and"),
        )
    )


def _not_driven() -> LocalizedText:
    from features.statistics.shapley import PLAYERS_MAX

    return LocalizedText(
        "The data-driven model is left out: more than {most} parts share a journey; cut by fewer.",
        most=PLAYERS_MAX,
    )


def _without(rest: Sequence[Journeys], models: Iterable[str]) -> Credit:
    """Return the conversions without a touch as credit of nobody, the same by every model."""
    return Credit(
        part="",
        conversions=dict.fromkeys(models, WHOLE * sum(each.conversions for each in rest)),
        cents=dict.fromkeys(models, WHOLE * sum(each.cents for each in rest)),
    )


def _credited(credit: Credit, *, is_valued: bool, attributed: bool = True) -> Credited:
    conversions = {model: credit.conversions.get(model) for model in MODELS}
    cents = {model: credit.cents.get(model) if is_valued else None for model in MODELS}
    of = {
        **conversions,
        **{f"{model}_value_cents": value for model, value in cents.items()},
    }
    whole: dict[str, Any] = {
        name: None if value is None else value / WHOLE for name, value in of.items()
    }
    return Credited(attributed=attributed, part=credit.part, **whole)


REPORT = Report(
    name="attribution",
    help="""Divide conversions among the touches before them, and say what was caused.

    Last touch (clicks 7 days, views 1), first touch, position, time decay and data-driven.
    """,
    example="flowdrop report attribution cj-8 --view-days 30 --json",
    parameters=(
        *PARAMETERS,
        Parameter(
            name="by",
            metavar="CUT",
            option=True,
            default="channel",
            help="Credit each channel (the default), campaign, creative or kind of touch.",
        ),
        Parameter(
            name="views",
            option=True,
            default="viewable",
            help="Exposures that count: viewable (the default) or served.",
        ),
        Parameter(
            name="click_days",
            metavar="DAYS",
            option=True,
            kind=int,
            help="Clicks qualify for DAYS days (default: the campaign's, or 7).",
        ),
        Parameter(
            name="view_days",
            metavar="DAYS",
            option=True,
            kind=int,
            help="Contacts and exposures qualify for DAYS days (default: the campaign's, or 1).",
        ),
        Parameter(
            name="half_life",
            metavar="DAYS",
            option=True,
            kind=float,
            default=7.0,
            help="Credit by time decay halves in DAYS days (default: 7).",
        ),
        Parameter(name="begin", metavar="DATE", option=True, help="The first day counted."),
        Parameter(name="end", metavar="DATE", option=True, help="The last day counted."),
    ),
    settings=("zone",),
    queries=(
        *("reports/advertisers", "reports/campaign_names", "reports/attribution_totals"),
        *("reports/attribution_sets", "reports/attribution_credits"),
        *(name for name in LIFT.queries if name != "reports/campaign_names"),
    ),
    compute=attribution,
    result=AttributionReport,
    tables=(
        Table(
            title=N_("Credits"),
            row="one row per part of the cut, and one for conversions without a touch",
            rows=lambda found: plain(found.credits),
            chart=SheetChart(kind="bar", x="part", y=tuple(MODELS)),
        ),
        Table(
            title=N_("Caused"),
            row="one row per campaign and arm",
            rows=lambda found: [
                {**plain(each), "why": each.why.en if each.why else ""} for each in found.caused
            ],
        ),
        Table(
            title=N_("Windows"),
            row="one row per campaign",
            rows=lambda found: plain(found.windows),
        ),
    ),
    charts=charts,
    text=show,
    page=Page(
        template="attribution.html",
        facts=lambda _client, _settings, asked, found: {
            "given": {name: value for name, value in asked.items() if value not in (None, "", [])},
            "models": MODELS,
            "cuts": CUTS,
            "headline": None if found is None else headline(found),
            "stated": None if found is None else stated(found),
        },
    ),
    file=lambda asked: file_of("attribution", asked),
    loads=(*LIFT.loads, "features.statistics.shapley"),
    definitions=(BASIS, METHOD, DRIVEN, CAUSE),
    protection=PROTECTION,
)
