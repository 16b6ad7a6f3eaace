"""How fresh what a report was made of is, and what was not counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - of what the API says its types are


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """Up to when events are counted, and what was set aside; times are UTC.

    An organisation is told the UTC days of its own campaigns' latest event alone, as their
    beginnings: a time is one person's, and the rest is of everybody's events.
    """

    latest_event: datetime | None  # of the campaigns asked for, or of all
    latest_arrived: datetime | None  # when the last of theirs arrived
    late_events: int | None  # of the days counted, arrived after the last; none without a last day
    stored_until: datetime | None  # when the last event of any campaign arrived
    behind: int | None  # records that are not stored yet, at most; none when Kafka did not answer
    latest_posting: datetime | None  # of the ledger
    dead_letters: int | None  # records that could not be read, of everything
    latest_dead_letter: datetime | None
    unlinked_ids: int | None  # of which no more is known than the id, of everything
