"""The postings behind a statement: of a line, or of what went to a network's users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText, Names
from console.reports.basis import NoReportError, QueryLog

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from console.settlement.month import Month
    from console.settlement.statement import Statement

ANY_PRICE = -1.0
POSTING_COLUMNS = (
    *("program", "operation", "time", "event_id", "event_source", "cause", "cause_source"),
    *("account", "amount", "partition", "offset"),
)


def line_postings(
    client: Client, found: Statement, month: Month, *, operation: str, program: str, limit: int
) -> list[dict[str, Any]]:
    """Return the postings behind a line of a statement, all lines when `operation` is ''.

    Raises:
        NoReportError: when the statement has no such line.
    """
    lines = sorted({line.operation for own in found.programs for line in own.lines})
    if operation and operation not in lines:
        asked = {"party": found.party, "operation": operation, "month": found.month}
        raise NoReportError(
            LocalizedText(
                "{party} has no line {operation!r} in {month}; its lines are {lines}",
                lines=Names(tuple(f"`{line}`" for line in lines)),
                **asked,
            )
            if lines
            else LocalizedText(
                "{party} has no line {operation!r} in {month}: {why}",
                why=found.empty,
                **asked,
            )
        )
    return QueryLog(client).rows(
        "settlement/line_postings",
        parties=list(found.keys),
        program=program,
        operation=operation,
        limit=limit,
        **month.bounds,
    )


def delivered_postings(
    client: Client,
    found: Statement,
    month: Month,
    *,
    network: str,
    price: float,
    program: str,
    limit: int,
) -> list[dict[str, Any]]:
    """Return the postings behind what was delivered to the users of `network`.

    Args:
        client: of the warehouse.
        found: the carrier's statement.
        month: that of the statement.
        network: whose users.
        price: coins per MB; 0 for what has none, `ANY_PRICE` for all.
        program: whose coins; '' for all.
        limit: maximum number of postings.

    Raises:
        NoReportError: when the statement has nothing of the kind.
    """
    lines = [line for own in found.programs for line in own.delivered or ()]
    networks = sorted({line.network for line in lines})
    if network not in networks:
        asked = {"party": found.party, "network": network, "month": found.month}
        raise NoReportError(
            LocalizedText(
                "{party} delivered nothing to users of {network!r} in {month}; it delivered to "
                "users of {networks}",
                networks=Names(tuple(networks)),
                **asked,
            )
            if lines
            else LocalizedText(
                "{party} delivered nothing to users of {network!r} in {month}: {why}",
                why=found.empty,
                **asked,
            )
            if found.empty
            else LocalizedText(
                "{party} delivered nothing to users of {network!r} in {month}; only a carrier "
                "delivers",
                **asked,
            )
        )
    rows = QueryLog(client).rows(
        "settlement/delivered_postings",
        party=found.party,
        program=program,
        network=network,
        price=price,
        limit=limit,
        **month.bounds,
    )
    if not rows:
        prices = sorted({line.price or 0 for line in lines if line.network == network})
        raise NoReportError(
            LocalizedText(
                "{party} delivered nothing to users of {network!r} at {price:g} coins per MB in "
                "{month}; there are prices of {prices} (0: no price)",
                party=found.party,
                network=network,
                price=price,
                month=found.month,
                prices=Names(tuple(f"{each:g}" for each in prices)),
            )
        )
    return rows
