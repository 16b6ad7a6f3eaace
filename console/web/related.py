"""Links from a report to the others of the same selection: campaigns, advertiser, window, cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.i18n import N_
from console.reporting.found import reports
from console.reports.basis import QueryLog
from console.reports.duplication import CAMPAIGNS_MAX
from console.web.asking import NOT_ASKED, given
from console.web.rendering import link

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from console.reporting.report import Report, Values
    from console.reporting.viewer import Viewer

# In the order in which a campaign is read: whom it reached, what it caused, what it cost and sold.
ORDER = {
    "reach": N_("Reach"),
    "frequency": N_("Reach and frequency"),
    "duplication": N_("Duplication"),
    "lift": N_("Lift"),
    "coins": N_("Coins"),
    "sales": N_("Sales"),
    "attribution": N_("Attribution"),
}
KEPT = ("begin", "end")  # of the address, where the other report takes them, too
CUTS = ("channel", "creative")  # that every report with a cut has


@dataclass(frozen=True, kw_only=True)
class Related:
    """A link to another report of the same selection; of the report itself it has none."""

    label: str  # a message of the catalogue
    address: str  # "" for the report itself


def related(
    client: Client, report: Report[Any], asked: Values, found: Any, by: Viewer
) -> list[Related]:
    """Return the reports that can be asked of the same selection, if the report has one."""
    if report.name not in ORDER:
        return []
    campaigns = tuple(getattr(found, "campaigns", ())) or _named(asked)
    shown = []
    for name, label in ORDER.items():
        other = reports()[name]
        if other is report:
            shown.append(Related(label=label, address=""))
        elif (same := _same(other, asked, campaigns)) is not None and (
            name != "lift" or _is_randomised(client, campaigns[0])
        ):
            address = link((other.page and other.page.path) or other.place, **given(same, by))
            shown.append(Related(label=label, address=address))
    return shown


def _named(asked: Values) -> tuple[str, ...]:
    named = asked.get("campaign") or ()
    return (named,) if isinstance(named, str) else tuple(named)


def _same(other: Report[Any], asked: Values, campaigns: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the arguments of another report for the same selection; none where it takes none."""
    takes = {each.name: each for each in other.parameters}
    campaign = takes["campaign"]
    same: dict[str, Any] = {
        name: asked[name] for name in KEPT if name in takes and asked.get(name) not in NOT_ASKED
    }
    if "advertiser" in takes and asked.get("advertiser"):
        same["advertiser"] = asked["advertiser"]
    elif not campaign.many:
        if len(campaigns) != 1:
            return None
        same["campaign"] = campaigns[0]
    elif len(campaigns) < campaign.least or (campaign.least > 1 and len(campaigns) > CAMPAIGNS_MAX):
        return None
    else:
        same["campaign"] = list(campaigns)
    if "by" in takes and asked.get("by") in CUTS:
        same["by"] = asked["by"]
    return same


def _is_randomised(client: Client, campaign: str) -> bool:
    (row,) = QueryLog(client).rows("reports/is_randomised", campaign=campaign)
    return bool(row["is_randomised"])
