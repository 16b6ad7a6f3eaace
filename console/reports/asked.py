"""Which campaigns a report is of: those named, or all those of an advertiser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText
from console.reporting.report import Parameter
from console.reports.basis import NoReportError
from console.reports.campaigns import require
from console.reports.unknown import unknown_advertiser

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clickhouse_connect.driver.client import Client

    from console.reporting.report import Values

NOBODY_NAMED = LocalizedText("name at least one campaign, or an advertiser")
BOTH_NAMED = LocalizedText("name campaigns or an advertiser, not both")
PARAMETERS = (
    Parameter(name="campaign", many=True, optional=True),
    Parameter(
        name="advertiser",
        metavar="NAME",
        help="All campaigns of the advertiser NAME, instead of named ones.",
        option=True,
        default="",
    ),
)


def campaigns_of(
    client: Client,
    campaigns: Sequence[str],
    advertiser: str,
    known: Mapping[str, Mapping[str, Any]],
) -> tuple[str, ...]:
    """Return the names of the campaigns that are asked for, each once.

    Args:
        client: of the warehouse.
        campaigns: their names; none when an advertiser is named.
        advertiser: its name, '' for none.
        known: rows of reports/advertisers, by campaign.

    Raises:
        NoReportError: when neither is named, or both are.
        UnknownCampaignError: when no event names a campaign, or no campaign is the advertiser's.
        EmptyWarehouseError: when there are no campaign events.
    """
    names = tuple(dict.fromkeys(campaigns))
    if names and advertiser:
        raise NoReportError(BOTH_NAMED)
    if names or not known:
        require(client, names)
        return names
    if not advertiser:
        raise NoReportError(
            NOBODY_NAMED,
            command=f"{NOBODY_NAMED.en} with --advertiser; see `flowdrop report campaigns`",
        )
    found = tuple(name for name, row in known.items() if row["advertiser"] == advertiser)
    if not found:
        raise unknown_advertiser(advertiser, sorted({row["advertiser"] for row in known.values()}))
    return found


def file_of(report: str, asked: Values) -> str:
    """Return the name of a download of `report`, without its ending."""
    return "-".join([report, *(asked["campaign"] or [asked["advertiser"]])])
