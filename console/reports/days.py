"""The days that a report counts: a window of whole days, in the platform's time zone."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from console.i18n import LocalizedText
from console.reports.basis import NoReportError

if TYPE_CHECKING:
    from console.reports.basis import QueryLog

SPAN = (date(1970, 1, 1), date(2149, 6, 6))  # of the warehouse's dates


class Window(NamedTuple):
    """First and last day counted, and that before which attributes were said; none for no limit."""

    begin: date | None
    end: date | None
    as_of: date | None

    @property
    def is_whole(self) -> bool:
        """Whether all days are counted."""
        return self.begin is None and self.end is None

    @property
    def bounds(self) -> tuple[date, date]:
        """First and last day, as queries take them."""
        return self.begin or SPAN[0], self.end or SPAN[1]


ALWAYS = Window(None, None, None)


def window_of(begin: str | None, end: str | None, as_of: str | None) -> Window:
    """Return the window that someone asked for.

    Raises:
        NoReportError: when one is not a day, or the end is before the begin.
    """
    window = Window(_day("begin", begin), _day("end", end), _day("as_of", as_of))
    first, last = window.bounds
    if last < first:
        raise NoReportError(
            LocalizedText(
                "end {end} is before begin {begin}; give the first day as begin and the last as "
                "end",
                begin=first.isoformat(),
                end=last.isoformat(),
            )
        )
    return window


def _day(name: str, text: str | None) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not SPAN[0] <= found <= SPAN[1]:
        raise NoReportError(
            LocalizedText(
                "{name} must be a day such as 2026-03-01, from 1970 to 2149, got {text!r}",
                name=name,
                text=text,
            )
        )
    return found


def require_counted(log: QueryLog) -> str:
    """Return the zone whose days are stored; refuse where not everything is counted yet.

    Raises:
        NoReportError: when it is not.
    """
    found = log.rows("reports/reach_zone")
    if not found or not found[0]["is_complete"]:
        raise NoReportError(
            LocalizedText(
                "not all contacts and exposures are counted yet; run `flowdrop warehouse rebuild "
                "reach_days`"
            )
        )
    return str(found[0]["zone"])


def require_days(log: QueryLog, zone: str) -> None:
    """Refuse to count days of another zone than what is stored has.

    Raises:
        NoReportError: when they differ, or not everything is counted yet.
    """
    if (stored := require_counted(log)) != zone:
        raise NoReportError(
            LocalizedText(
                "days are counted in {stored}, and the setting zone is {zone}; set it back, or run "
                "`flowdrop warehouse rebuild reach_days` to count in days of {zone}",
                stored=stored,
                zone=zone,
            )
        )
