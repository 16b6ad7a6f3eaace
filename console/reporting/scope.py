"""Which campaigns an organisation may see: those that their descriptions give to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.reports.basis import EmptyWarehouseError, QueryLog
from console.reports.unknown import unknown_advertiser, unknown_campaign

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clickhouse_connect.driver.client import Client

    from console.reporting.protection import Protection


def own_campaigns(client: Client, organisation: str) -> tuple[str, ...]:
    """Return the names of the campaigns of an advertiser, by the latest description of each.

    Raises:
        UnknownCampaignError: when none of the campaigns that there are is its own.
    """
    try:
        log = QueryLog(client)
        own = tuple(
            row["campaign"] for row in log.rows("reports/campaigns_of", advertiser=organisation)
        )
        others = () if own else log.rows("reports/advertisers")
    except EmptyWarehouseError:
        return ()
    if others:
        raise unknown_advertiser(organisation, ())  # whose names are nobody else's business
    return own


def require_own(
    asked: Mapping[str, Any], protection: Protection[Any], organisation: str, own: tuple[str, ...]
) -> None:
    """Refuse campaigns and advertisers that are not the organisation's, as if there were none.

    Raises:
        UnknownCampaignError: naming the first one and similar ones of its own.
    """
    for parameter in protection.campaigns:
        named = asked.get(parameter) or ()
        for name in (named,) if isinstance(named, str) else named:
            if name not in own:
                raise unknown_campaign(name, own)
    advertiser = asked.get(protection.advertiser)
    if advertiser and advertiser != organisation:
        raise unknown_advertiser(advertiser, (organisation,))
