"""What a carrier delivered: to whose users, how much data, at what price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.i18n import LocalizedText

if TYPE_CHECKING:
    from console.reports.basis import QueryLog
    from console.settlement.month import Month

BASIS = LocalizedText(
    "The users who got the data belong to the network that the redemption names, else to the "
    "carrier's own. The price is the one in force at redemption. Coins without a price per "
    "megabyte (redeemed without one, a returned deposit, results stored before the price was "
    "recorded) are a row without data."
)


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What went to the users of one network at one price in the month, less what was taken back."""

    network: str
    own: bool  # whether it is the carrier's
    price: float | None  # coins per MB; none if unknown, as is `mb`
    events: int
    mb: int | None
    coins: int


def delivered(log: QueryLog, party: str, month: Month, program: str) -> dict[str, list[Delivered]]:
    """Return what the carrier `party` delivered, by program; own users first."""
    found: dict[str, list[Delivered]] = {}
    asked = {"party": party, "program": program, **month.bounds}
    for row in log.rows("settlement/delivered", **asked):
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
