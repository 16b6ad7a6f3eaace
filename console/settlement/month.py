"""A month of settlement: a calendar month in UTC, like the days of every other report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from console.i18n import LocalizedText
from console.reports.basis import LocalizedError

YEARS = range(1970, 2200)  # what the warehouse's times can hold, and then some
MONTHS = range(1, 13)
ZONE = "UTC"
NO_END = "2299-12-31 00:00:00"  # later than any event, if no month is given


@dataclass(frozen=True, kw_only=True)
class Month:
    """From `start` on, before `end`."""

    name: str  # 2026-10
    start: datetime
    end: datetime

    @property
    def bounds(self) -> dict[str, str]:
        """The two as a query binds them."""
        return {"start": f"{self.start:%Y-%m-%d %H:%M:%S}", "end": f"{self.end:%Y-%m-%d %H:%M:%S}"}


def month(text: str) -> Month:
    """Return the month written as 2026-10.

    Raises:
        LocalizedError: when it is not written so, or does not exist.
    """
    found = re.fullmatch(r"([0-9]{4})-([0-9]{2})", text)
    year, number = map(int, found.groups()) if found else (0, 0)
    if year not in YEARS or number not in MONTHS:
        raise LocalizedError(
            LocalizedText(
                "{text!r} is not a month; write year and month, such as 2026-10, from {first} to "
                "{last}",
                text=text,
                first=f"{YEARS[0]}-01",
                last=f"{YEARS[-1]}-12",
            )
        )
    following = (year + 1, 1) if number == MONTHS[-1] else (year, number + 1)
    return Month(
        name=text,
        start=datetime(year, number, 1, tzinfo=UTC),
        end=datetime(*following, 1, tzinfo=UTC),
    )
