"""What a report's page offers to choose from while its address lacks what the report needs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.i18n import N_, LocalizedText
from console.reporting.scope import own_campaigns
from console.reports.basis import EmptyWarehouseError, QueryLog
from console.web.asking import NOT_ASKED
from features.audiences import audiences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

    from console.reporting.report import Parameter, Report, Values
    from console.reporting.viewer import Viewer

SEVERAL = LocalizedText("Choose what it should be about: campaigns, or all those of an advertiser.")
CAMPAIGN = LocalizedText("Choose a campaign.")
CAMPAIGNS = LocalizedText("Choose at least one campaign.")
TWO = LocalizedText("Choose at least two campaigns.")
AUDIENCE = LocalizedText("Choose a frozen audience, and whose it is.")
OTHER = LocalizedText("Fill in what this report needs.")
NO_CAMPAIGNS = LocalizedText("There are no campaigns yet.")
NO_AUDIENCES = LocalizedText("No audience is frozen yet; it comes from `flowdrop audience freeze`.")
LABELS = {
    "audience": N_("Audience"),
    "program": N_("Program"),
    "advertiser": N_("Advertiser"),
    "a": N_("First campaign"),
    "b": N_("Second campaign"),
}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A field of the form: names to choose from, or a text to fill in."""

    name: str
    label: str  # a message of the catalogue
    many: bool = False
    required: bool = True
    names: Sequence[str] | None = None  # none where anything may be written


def lacks(report: Report[Any], asked: Values) -> bool:
    """Return whether something is missing without which there is no report."""
    if any(asked[each.name] in NOT_ASKED for each in report.parameters if each.required):
        return True
    return report.is_of_campaigns_or_advertiser and all(
        asked[name] in NOT_ASKED for name in ("campaign", "advertiser")
    )


def wanted(report: Report[Any]) -> LocalizedText:
    """Return in words what is to be chosen."""
    if report.is_of_campaigns_or_advertiser:
        return SEVERAL
    needed = [each for each in report.parameters if each.required]
    names = {each.name for each in needed}
    if names == {"campaign"}:
        (one,) = needed
        return CAMPAIGN if not one.many else TWO if one.least > 1 else CAMPAIGNS
    return AUDIENCE if names == {"audience", "program"} else OTHER


def choices(client: Client, report: Report[Any], by: Viewer) -> list[Choice]:
    """Return the fields of what the report needs, with names that `by` may know."""
    either = report.is_of_campaigns_or_advertiser
    return [
        Choice(
            name=each.name,
            label=LABELS.get(each.name, each.name.replace("_", " ").capitalize())
            if not each.is_campaign or each.name in LABELS
            else N_("Campaigns")
            if each.many
            else N_("Campaign"),
            many=each.many,
            required=each.required and not each.many,
            names=_names(client, each, by),
        )
        for each in report.parameters
        if each.required or (either and each.name in {"campaign", "advertiser"})
    ]


def nothing(found: Sequence[Choice]) -> LocalizedText | None:
    """Return why there is nothing to choose from, if there is not."""
    empty = {each.name for each in found if each.required or each.many if each.names == []}
    if not empty:
        return None
    return NO_AUDIENCES if "audience" in empty else NO_CAMPAIGNS


def _names(client: Client, parameter: Parameter, by: Viewer) -> list[str] | None:
    """Return the names that a parameter may have, none where it takes any text."""
    if parameter.is_campaign:
        return _campaigns(client, by)
    if parameter.name == "advertiser":
        return _advertisers(client, by)
    if parameter.name in {"audience", "program"}:
        frozen = audiences(client) if by.is_staff else []
        key = {"audience": "name", "program": "program"}[parameter.name]
        return [*dict.fromkeys(getattr(each, key) for each in frozen)]
    return None


def _campaigns(client: Client, by: Viewer) -> list[str]:
    if by.organisation is not None:
        return sorted(own_campaigns(client, by.organisation))
    with suppress(EmptyWarehouseError):
        return sorted(row["name"] for row in QueryLog(client).rows("reports/campaign_names"))
    return []


def _advertisers(client: Client, by: Viewer) -> list[str]:
    if by.organisation is not None:
        return [by.organisation]
    with suppress(EmptyWarehouseError):
        found = QueryLog(client).rows("reports/advertisers")
        return sorted({row["advertiser"] for row in found if row["advertiser"]})
    return []
