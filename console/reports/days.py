"""The days that a report counts: a window of whole days, in the platform's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
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


START = "start"  # as of the window's begin
ALWAYS = Window(None, None, None)


def window_of(begin: str | None, end: str | None, as_of: str | None) -> Window:
    """Return the window that someone asked for.

    Raises:
        NoReportError: when one is not a day (`as_of` may be `start`, the begin), or the end is
            before the begin.
    """
    first_day = _day("begin", begin)
    if as_of == START and first_day is None:
        raise NoReportError(
            LocalizedText("as_of start is the day on which the window begins; give begin, too")
        )
    said = first_day if as_of == START else _day("as_of", as_of)
    window = Window(first_day, _day("end", end), said)
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


def known_of(text: str | None, zone: str) -> datetime | None:
    """Return up to when what arrived is known: a time, or the end of a day of `zone`.

    Raises:
        NoReportError: when it is neither.
    """
    if not text:
        return None
    from zoneinfo import ZoneInfo

    try:
        found = datetime.fromisoformat(text)
        if is_day := len(text) <= len("2026-03-01"):
            found += timedelta(days=1)
        if found.tzinfo is None:
            found = found.replace(tzinfo=ZoneInfo(zone))
        found = found.astimezone(UTC) - timedelta(microseconds=is_day)
    except (ValueError, OverflowError):
        found = datetime.min.replace(tzinfo=UTC)
    if not SPAN[0] <= found.date() <= SPAN[1]:
        raise NoReportError(
            LocalizedText(
                "known_on must be a day such as 2026-03-01 or a time such as 2026-03-01T09:00, "
                "from 1970 to 2149, got {text!r}",
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
