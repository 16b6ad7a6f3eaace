"""How numbers and times look at a terminal; JSON and CSV have the exact values."""

from __future__ import annotations

from datetime import date, datetime

NONE = "-"
P_SHOWN_MIN = 0.0001


def number(value: int | None) -> str:
    """Return a count with thousands separators."""
    return NONE if value is None else f"{value:,}"


def percent(value: float | None, digits: int = 2) -> str:
    """Return a share as percent."""
    return NONE if value is None else f"{value * 100:.{digits}f} %"


def money(cents: float | None) -> str:
    """Return cents as money with two decimals, without a currency sign."""
    return NONE if cents is None else f"{cents / 100:,.2f}"


def signed_money(cents: float) -> str:
    """Return cents as money with its sign."""
    return f"{cents / 100:+,.2f}"


def day(moment: datetime | None) -> str:
    """Return the date of a time."""
    return NONE if moment is None else moment.date().isoformat()


def lift(value: float) -> str:
    """Return a relative difference as percent with its sign."""
    return f"{value * 100:+,.1f} %"


def points(value: float) -> str:
    """Return a difference of rates in percentage points."""
    return f"{value * 100:+.2f}"


def confidence(value: float) -> str:
    """Return a level of confidence as percent, with the decimals that it needs."""
    return f"{100 * value:.4g} %"


def p_value(value: float) -> str:
    """Return a p-value with four decimals, or that it is below the least shown."""
    return f"{value:.4f}" if value >= P_SHOWN_MIN else f"< {P_SHOWN_MIN}"


def any_figure(value: object) -> str:
    """Return a cell of a table that does not specify its format."""
    if value is None:
        return NONE
    if isinstance(value, float):
        return f"{value:,.4f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return number(value)
    if isinstance(value, date):
        is_time = isinstance(value, datetime)
        return f"{value:%Y-%m-%d %H:%M:%S} UTC" if is_time else value.isoformat()
    if isinstance(value, list | tuple):
        return " ".join(str(each) for each in value)
    return str(value)
