"""What a carrier delivered: to whose users, how much data, at which price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.reports.basis import Words

if TYPE_CHECKING:
    from console.reports.basis import Asker
    from console.settlement.month import Month

BASIS = Words(
    en="Whose users got the data is the network that the redemption names, else the carrier's own. "
    "The price is the one in force when it was redeemed. What has none a megabyte (coins redeemed "
    "without one, a deposit's return, results stored before they told it) is a row without data.",
    zh="数据所属用户的网络以兑换事件所写为准，未写则为该运营商自身。价格为兑换时生效的价格。"
    "没有每兆价格的（未定价的兑换、存入流量的返还、此前未记录数据量的结果）单列一行，不计数据量。",
)


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
