"""What a carrier delivered: to whose users, how much data, at which price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.reports.basis import Asker, NoReportError, Words

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from console.settlement.month import Month
    from console.settlement.statement import Statement

BASIS = Words(
    en="Whose users got the data is the network that the redemption names, else the carrier's own. "
    "The price is the one in force when it was redeemed. What has none a megabyte (coins redeemed "
    "without one, a deposit's return, results stored before they told it) is a row without data.",
    zh="数据所属用户的网络以兑换事件所写为准，未写则为该运营商自身。价格为兑换时生效的价格。"
    "没有每兆价格的（未定价的兑换、存入流量的返还、此前未记录数据量的结果）单列一行，不计数据量。",
)
ANY_PRICE = -1.0


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What went to the users of one network at one price in the month, less what was taken back."""

    network: str
    own: bool  # whether it is the carrier's
    price: float | None  # coins a MB; none is known, nor `mb`
    events: int
    mb: int | None
    coins: int


def delivered(asker: Asker, party: str, month: Month, program: str) -> dict[str, list[Delivered]]:
    """Return what the carrier `party` delivered, by program; own users first."""
    found: dict[str, list[Delivered]] = {}
    asked = {"party": party, "program": program, **month.bounds}
    for row in asker.rows("settlement/delivered", **asked):
        line = Delivered(
            network=row["network"],
            own=party == f"carrier:{row['network']}",
            price=row["price"] or None,
            events=row["events"],
            mb=row["mb"] if row["price"] else None,
            coins=row["coins"],
        )
        found.setdefault(row["program"], []).append(line)
    return found


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
