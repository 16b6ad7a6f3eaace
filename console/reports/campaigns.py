"""Which campaigns there are, and the refusal of a name that is none of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    raise NotImplementedError


def require(client: Client, names: Sequence[str]) -> None:
    """Refuse names that are no campaign's.

    Raises:
        UnknownCampaignError: naming the first one and those that look like it.
        EmptyWarehouseError: when there are no campaign events.
    """
    raise NotImplementedError
