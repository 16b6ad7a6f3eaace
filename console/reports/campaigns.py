"""Which campaigns there are, and the refusal of a name that is none of them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.reports.basis import FILL, Asker, EmptyWarehouseError, UnknownCampaignError, utc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One campaign as its events show it."""

    name: str
    start: datetime | None  # its first contact; none while nobody was contacted
    end: datetime | None  # the latest end of its offers; none when no contact gave one
    reach: int  # people contacted, each once
    contacts: int
    conversions: int  # of the people contacted, from their first contact on
    conversions_value_cents: int | None  # none when no conversion gave a value
    arms: tuple[str, ...]  # of its randomisation, sorted; empty when not randomised
    assigned: int  # people assigned to an arm


def campaigns(client: Client) -> list[Campaign]:
    """Return every campaign that an event or a grant names, by start, then name.

    Raises:
        EmptyWarehouseError: when there are no campaign events.
    """
    found = [
        Campaign(
            name=row["name"],
            start=utc(row["start"]),
            end=utc(row["end"]),
            reach=row["reach"],
            contacts=row["sent"],
            conversions=row["conversions_reached"],
            conversions_value_cents=row["value_cents"],
            arms=tuple(sorted(row["arms"])),
            assigned=row["assigned"],
        )
        for row in Asker(client).rows("reports/campaigns")
    ]
    _not_empty(found)
    return found


def require(client: Client, names: Sequence[str]) -> None:
    """Refuse names that are no campaign's.

    Raises:
        UnknownCampaignError: naming the first one and those that look like it.
        EmptyWarehouseError: when there are no campaign events.
    """
    known = [row["name"] for row in Asker(client).rows("reports/campaign_names")]
    _not_empty(known)
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, cutoff=0.5)
            hint = f"did you mean {_either(close)}?" if close else "see `flowdrop report campaigns`"
            raise UnknownCampaignError(f"no event names a campaign {name!r}; {hint}")


def _not_empty(found: Sequence[object]) -> None:
    if not found:
        raise EmptyWarehouseError(f"the warehouse holds no campaign events; {FILL}")


def _either(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
