"""How numbers and times look on a page; JSON and CSV have the exact values."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

NONE = "–"  # noqa: RUF001 - an en dash, as in a table of figures
MINUS = "\u2212"
P_SHOWN_MIN = 0.0001
STOPS = (".", "?", "。")


def number(value: float | None) -> str:
    """Return a count with thousands separators: 64,000."""
    return NONE if value is None else _minus(f"{value:,}")


def decimal(value: float | None, digits: int = 2) -> str:
    """Return a number with `digits` decimals."""
    return NONE if value is None else _minus(f"{value:,.{digits}f}")


def percent(value: float | None, digits: int = 2) -> str:
    """Return a share as percent: 0.1828 is 18.28 %."""
    return NONE if value is None else _minus(f"{100 * value:,.{digits}f}\u202f%")


def signed_percent(value: float | None, digits: int = 2) -> str:
    """Return a relative difference as percent with its sign: 0.721 is +72.1 %."""
    return NONE if value is None else _minus(f"{100 * value:+,.{digits}f}\u202f%")


def points(value: float | None, digits: int = 2) -> str:
    """Return a difference of shares in percentage points, signed and without unit."""
    return NONE if value is None else _minus(f"{100 * value:+,.{digits}f}")


def signed(value: float | None) -> str:
    """Return a count with its sign."""
    return NONE if value is None else _minus(f"{value:+,}")


def money(cents: float | None) -> str:
    """Return cents as money with two decimals, without a currency sign."""
    return NONE if cents is None else _minus(f"{cents / 100:,.2f}")


def signed_money(cents: float | None) -> str:
    """Return cents as money with its sign."""
    return NONE if cents is None else _minus(f"{cents / 100:+,.2f}")


def confidence(value: float) -> str:
    """Return a level of confidence as percent, with the decimals that it needs."""
    return f"{100 * value:.4g}\u202f%"


def p_value(value: float | None) -> str:
    """Return a p-value with four decimals, or that it is below the least shown."""
    if value is None:
        return NONE
    return f"< {P_SHOWN_MIN}" if value < P_SHOWN_MIN else f"{value:.4f}"


def day(value: date | datetime | None) -> str:
    """Return a date: 2017-05-08."""
    return NONE if value is None else value.strftime("%Y-%m-%d")


def moment(value: datetime | None) -> str:
    """Return a time in UTC to the second."""
    return NONE if value is None else value.strftime("%Y-%m-%d %H:%M:%S")


def sentence(text: str) -> str:
    """Return a clause as a sentence of its own: a capital first, a full stop last."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(STOPS) else '.'}"


def _minus(text: str) -> str:
    return text.replace("-", MINUS)


def cell(value: object) -> str:
    """Return a cell of a table that does not specify its format."""
    if isinstance(value, float):
        return decimal(value, 4)
    if isinstance(value, bool):
        return "✓" if value else ""
    if isinstance(value, int):
        return number(value)
    if isinstance(value, datetime):
        return f"{moment(value)} UTC"
    if isinstance(value, list | tuple):
        return " ".join(str(each) for each in value)
    return NONE if value is None else str(value)


FILTERS = {
    "cell": cell,
    "number": number,
    "decimal": decimal,
    "percent": percent,
    "signed_percent": signed_percent,
    "points": points,
    "signed": signed,
    "money": money,
    "signed_money": signed_money,
    "confidence": confidence,
    "p_value": p_value,
    "day": day,
    "moment": moment,
    "sentence": sentence,
}
