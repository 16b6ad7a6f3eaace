"""The postings behind a statement: of a line, or of what went to the users of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.reports.basis import Asker, NoReportError, Words

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
        there = f"there are {', '.join(lines)}" if lines else found.empty
        zh = (
            f"有 {'、'.join(f'`{line}`' for line in lines)}。"
            if lines
            else f"{found.month} 没有流量币变动。"
        )
        raise NoReportError(
            Words(
                en=f"{found.party} has no line {operation!r} in {found.month}; {there}",
                zh=f"{found.party} 在 {found.month} 没有项目 {operation!r}；{zh}",
            )
        )
    return Asker(client).rows(
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
        price: coins a MB; 0 for what has none, `ANY_PRICE` for all.
        program: whose coins; '' for all.
        limit: postings at most.

    Raises:
        NoReportError: when the statement has nothing of the kind.
    """
    lines = [line for own in found.programs for line in own.delivered or ()]
    networks = sorted({line.network for line in lines})
    if network not in networks:
        there = f"it delivered to those of {', '.join(networks)}" if lines else _nothing(found)
        zh = f"有提供给 {'、'.join(networks)} 用户的。" if lines else "只有运营商提供流量。"
        raise NoReportError(
            Words(
                en=f"{found.party} delivered nothing to users of {network!r} in {found.month}; "
                f"{there}",
                zh=f"{found.party} 在 {found.month} 没有向 {network!r} 的用户提供流量；{zh}",
            )
        )
    rows = Asker(client).rows(
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
        shown = [f"{each:g}" for each in prices]
        raise NoReportError(
            Words(
                en=f"{found.party} delivered nothing to users of {network!r} at {price:g} coins a "
                f"MB in {found.month}; there are {', '.join(shown)} (0: no price)",
                zh=f"{found.party} 在 {found.month} 没有以每 MB {price:g} 币向 {network!r} 的用户"
                f"提供流量；有 {'、'.join(shown)}（0：无价格）。",
            )
        )
    return rows


def _nothing(found: Statement) -> str:
    return found.empty or "only a carrier delivers"
