"""A report's answer to an organisation: of its own campaigns, and with small counts hidden."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from console.i18n import LocalizedText
from console.reporting.masked import masked
from console.reporting.scope import own_campaigns, require_own
from console.reports.basis import NoReportError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from clickhouse_connect.driver.client import Client

    from console.reporting.answer import Answer
    from console.reporting.protection import Protection
    from console.reporting.viewer import Viewer

T = TypeVar("T")


UNDECLARED = LocalizedText(
    "this report is for the platform's staff only, since nothing says yet how its "
    "figures are kept from telling of single people; ask the platform for them"
)


class NotForOrganisationsError(NoReportError):
    """Nothing says how a report's figures relate to people, so it is for staff only."""


def protected(
    client: Client,
    protection: Protection[T] | LocalizedText | None,
    asked: Mapping[str, Any],
    compute: Callable[[], T],
    viewer: Viewer,
    database: str,
) -> Answer[T]:
    """Return what `viewer`, of an organisation, may see of a result.

    Args:
        client: of the warehouse.
        protection: of the report, if it has one, or why it has none.
        asked: its arguments.
        compute: returns the result.
        viewer: who asks.
        database: URL of the console's, which keeps whom organisations were told of.

    Raises:
        NotForOrganisationsError: when the report declares no protection, or not for this.
        UnknownCampaignError: when a campaign or advertiser is not the organisation's.
        TooCloseError: when it counts nearly the same people as an answer before.
    """
    if protection is None:
        raise NotForOrganisationsError(UNDECLARED)
    if isinstance(protection, LocalizedText):
        raise NotForOrganisationsError(protection)
    if refused := protection.refusal(asked):
        raise NotForOrganisationsError(refused)
    organisation = viewer.organisation or ""
    own = own_campaigns(client, organisation)
    require_own(asked, protection, organisation, own)
    computed = compute() if protection.own is None else protection.own(client, own)
    found = protection.prepare(client, protection.only(computed, own))
    answer = masked(found, protection, viewer)
    if told := list(protection.populations(client, answer.found)):
        from console.database import open_database
        from console.reporting.watch import close_ones, watch

        engine = open_database(database)
        if protection.without is None:
            watch(engine, organisation, told)
        elif close := close_ones(engine, organisation, told):
            return replace(answer, found=protection.without(answer.found, close))
    return answer
