"""The report of a campaign's description: what it is said to be, and was before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.i18n import N_, LocalizedText
from console.reporting.protection import Protection
from console.reporting.report import Parameter, Report, Row, Table, plain
from console.reports.basis import Query, QueryLog, utc
from console.reports.campaigns import require

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

MICROCENTS = 1_000_000  # in a cent
UNDESCRIBED = LocalizedText(
    "Nobody has described this campaign: no `flowdrop.campaign.describe` event names it. Its "
    "events count all the same."
)
BASIS = LocalizedText(
    "The latest description applies as a whole, by its own time; those before it are kept. "
    "Whatever it leaves out is not known, but for the windows of attribution, which are then 7 "
    "days after a click and 1 day after a view."
)


@dataclass(frozen=True, kw_only=True)
class Description:
    """What one event said that the campaign is, from its time on; '' and none are not known."""

    time: datetime
    source: str
    advertiser: str
    title_en: str
    title_zh: str
    goal: str  # reach, visits, conversions, value
    begin: datetime | None
    end: datetime | None
    budget: int | None  # coins
    channels: tuple[str, ...]
    coin_microcents: int | None  # the price of a coin to the advertiser, millionths of a cent
    click_window_days: int
    view_window_days: int


@dataclass(frozen=True, kw_only=True)
class DescribedCreative:
    """One advertisement, by the description that applies; '' and none are not known."""

    creative: str
    format: str
    cost_model: str  # cpm, cpc, cpa, flat
    cost_cents: int | None


@dataclass(frozen=True, kw_only=True)
class DescriptionReport:
    """What a campaign is said to be."""

    campaign: str
    is_described: bool
    descriptions: tuple[Description, ...]  # the one that applies first
    creatives: tuple[DescribedCreative, ...]  # of that one
    basis: LocalizedText
    queries: tuple[Query, ...]


def description(client: Client, campaign: str) -> DescriptionReport:
    """Return the descriptions of a campaign that there is, perhaps none.

    Raises:
        UnknownCampaignError: when no event names the campaign.
        EmptyWarehouseError: when there are no campaign events.
    """
    require(client, (campaign,))
    log = QueryLog(client)
    found = log.rows("reports/description", campaign=campaign)
    creatives = [_creatives(row) for row in found]
    return DescriptionReport(
        campaign=campaign,
        is_described=bool(found),
        descriptions=tuple(_description(row) for row in found),
        creatives=creatives[0] if creatives else (),
        basis=BASIS if found else UNDESCRIBED,
        queries=log.asked,
    )


def _creatives(row: dict[str, Any]) -> tuple[DescribedCreative, ...]:
    """Return a description's creatives, and take them out of its row."""
    columns = ("names", "formats", "cost_models", "costs_cents")
    return tuple(
        DescribedCreative(creative=name, format=shape, cost_model=model, cost_cents=cost)
        for name, shape, model, cost in zip(
            *(row.pop(f"creative_{column}") for column in columns), strict=True
        )
    )


def _description(row: dict[str, Any]) -> Description:
    times = {name: utc(row[name]) for name in ("time", "begin", "end")}
    return Description(**{**row, **times, "channels": tuple(row["channels"])})


def _to_person(row: Row) -> Row:
    """Return a description with the price of a coin in cents."""
    price = row["coin_microcents"]
    cents = None if price is None else f"{price / MICROCENTS:,.6f}".rstrip("0").rstrip(".")
    return {**row, "coin_microcents": cents}


REPORT = Report(
    name="description",
    help=N_("Show what a campaign is said to be, and what it was said to be before."),
    example="flowdrop report description cj-8",
    parameters=(Parameter(name="campaign"),),
    queries=("reports/campaign_names", "reports/description"),
    compute=description,
    result=DescriptionReport,
    tables=(
        Table(
            title=N_("Description"),
            row="one row per description, the one that applies first",
            rows=lambda found: plain(found.descriptions),
            columns=tuple(Description.__dataclass_fields__),
            heads={
                "time": N_("applies from"),
                "source": N_("source"),
                "advertiser": N_("advertiser"),
                "title_en": N_("English title"),
                "title_zh": N_("Chinese title"),
                "goal": N_("goal"),
                "begin": N_("start"),
                "end": N_("end"),
                "budget": N_("budget (coins)"),
                "channels": N_("channels"),
                "coin_microcents": N_("price of a coin (cents)"),
                "click_window_days": N_("days after a click"),
                "view_window_days": N_("days after a view"),
            },
            upright=True,
            to_person=_to_person,
        ),
        Table(
            title=N_("Creatives"),
            row="one row per creative of the description that applies",
            rows=lambda found: plain(found.creatives),
            columns=tuple(DescribedCreative.__dataclass_fields__),
            heads={
                "creative": N_("creative"),
                "format": N_("format"),
                "cost_model": N_("cost model"),
                "cost_cents": N_("cost (cents)"),
            },
        ),
    ),
    title=lambda found: found.campaign,
    sentences=lambda found: (found.basis,),
    said_title=N_("Note"),
    protection=Protection(  # what the advertiser said itself; none of it counts people
        told=frozenset(DescriptionReport.__dataclass_fields__)
    ),
)
