"""Times in a column of texts, many at once: those that are plainly written, in UTC.

A format of parts of fixed width is read as a matrix of digits. What is written in any other way is
marked, and read by itself (`intake/mapping/times.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from intake.mapping.times import EPOCHS, ISO, MICROSECONDS
from streams.events import YEAR_MAX, YEAR_MIN

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]
    Signs = NDArray[np.uint8]

WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "3": 3, "6": 6}
_MOSTS = {"m": 12, "d": 31, "H": 23, "M": 59, "S": 59}
_PART = re.compile(r"%(.)|([^%])")
_DAY, _MINUTE, _SECOND = "%Y-%m-%d", "%H:%M", "%H:%M:%S"
# `%3` and `%6` are a fraction of so many digits; a Z at the end is UTC.
_ISO = [_DAY] + [
    f"{_DAY}{between}{clock}{zone}"
    for between in "T "
    for clock in (_MINUTE, _SECOND, f"{_SECOND}.%3", f"{_SECOND}.%6")
    for zone in ("", "Z")
]
_YEAR_SECONDS = [
    int(np.datetime64(f"{year}-01-01", "s").astype(np.int64)) for year in (YEAR_MIN, YEAR_MAX + 1)
]
_ZERO = ord("0")
TEXT_LENGTH = len("2026-03-01T09:30:00")


@dataclass(frozen=True)
class Layout:
    """A format whose parts have a fixed width: where each begins, and the signs between them."""

    length: int
    parts: tuple[tuple[str, int], ...]
    signs: tuple[tuple[int, int], ...]
    is_utc: bool


def layout_of(form: str, *, is_utc: bool = False) -> Layout | None:
    """Return the layout of a format, or None if it has parts of another kind."""
    parts, signs, place = [], [], 0
    for directive, sign in _PART.findall(form):
        if sign:
            if not sign.isascii() or (sign.isspace() and sign != " "):
                return None
            signs.append((place, ord(sign)))
            place += 1
        elif directive in WIDTHS:
            parts.append((directive, place))
            place += WIDTHS[directive]
        else:
            return None
    names = [name for name, _ in parts]
    if not {"Y", "m", "d"} <= set(names) or len(names) != len(set(names)):
        return None
    return Layout(place, tuple(parts), tuple(signs), is_utc=is_utc)


def layouts_of(form: str) -> list[Layout]:
    """Return the layouts that a mapping's format may have; none if it is read row by row."""
    if form == ISO:
        made = [layout_of(own, is_utc=own.endswith("Z")) for own in _ISO]
    else:
        made = [layout_of(form)]
    return [layout for layout in made if layout is not None]


def microseconds_of(texts: pa.StringArray, form: str, zone: ZoneInfo) -> tuple[Ints, Bools]:
    """Return times as microseconds since 1970 UTC, and which of them have to be read alone."""
    if form in EPOCHS:
        return _since_epoch(texts, EPOCHS[form])
    count = len(texts)
    found = np.zeros(count, np.int64)
    odd = np.ones(count, np.bool_)
    data, starts, lengths = signs_of(texts)
    for layout in layouts_of(form):
        places = (lengths == layout.length).nonzero()[0]
        if not len(places):
            continue
        matrix = data[starts[places][:, None] + np.arange(layout.length)]
        fits = _fits(matrix, layout)
        if not fits.all():
            places, matrix = places[fits], matrix[fits]
        moments, wrong = _read(matrix, layout)
        if not layout.is_utc and zone.key != "UTC":
            moments, never = _to_utc(moments, zone)
            wrong |= never
        found[places] = moments
        odd[places] = wrong
    low, high = (second * MICROSECONDS for second in _YEAR_SECONDS)
    return found, odd | (found < low) | (found >= high)


def texts_of(moments: Ints) -> pa.StringArray:
    """Return times as events have them, without the Z: to the second, or to the microsecond."""
    whole = _seconds_text(moments // MICROSECONDS)
    fractions = moments % MICROSECONDS
    if not fractions.any():
        return whole
    digits = pc.utf8_lpad(pa.array(fractions).cast(pa.string()), 6, "0")
    precise = pc.binary_join_element_wise(whole, digits, ".")
    return pc.if_else(pa.array(fractions != 0), precise, whole)


def signs_of(texts: pa.StringArray) -> tuple[Signs, Ints, Ints]:
    """Return the bytes of texts, where each begins in them, and how many each has."""
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    signs = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    return signs, ends[:-1].astype(np.int64), np.diff(ends).astype(np.int64)


def _fits(matrix: Signs, layout: Layout) -> Bools:
    """Return which rows have digits and signs where the layout has them."""
    fits = np.ones(len(matrix), np.bool_)
    for place, sign in layout.signs:
        fits &= matrix[:, place] == sign
    for name, place in layout.parts:
        digits = matrix[:, place : place + WIDTHS[name]] - _ZERO
        fits &= (digits <= 9).all(axis=1)  # noqa: PLR2004 - a digit; below zero it wraps around
    return fits


def _read(matrix: Signs, layout: Layout) -> tuple[Ints, Bools]:
    """Return local times in microseconds, and which are none (30 February)."""
    values: dict[str, Any] = {}
    wrong = np.zeros(len(matrix), np.bool_)
    for name, place in layout.parts:
        own = matrix[:, place : place + WIDTHS[name]].astype(np.int64) - _ZERO
        values[name] = own @ (10 ** np.arange(WIDTHS[name] - 1, -1, -1))
        if name in _MOSTS:
            wrong |= values[name] > _MOSTS[name]
    wrong |= (values["m"] < 1) | (values["d"] < 1) | (values["Y"] < 1)
    months = (values["Y"] - 1970) * 12 + values["m"] - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]")
    days = first + (values["d"] - 1)
    wrong |= days.astype("datetime64[M]").astype(np.int64) != months
    seconds = days.astype(np.int64) * 86_400
    for name, unit in (("H", 3_600), ("M", 60), ("S", 1)):
        seconds += values.get(name, 0) * unit
    micro = values.get("3", 0) * 1_000 + values.get("6", 0)
    return seconds * MICROSECONDS + micro, wrong


def _to_utc(moments: Ints, zone: ZoneInfo) -> tuple[Ints, Bools]:
    """Return local times in UTC, and which of them never were."""
    local = pa.array(moments.astype("datetime64[us]"))
    moved = pc.assume_timezone(local, zone.key, ambiguous="earliest", nonexistent="earliest")
    back = pc.local_timestamp(moved)
    never = pc.not_equal(back, local).to_numpy(zero_copy_only=False)
    return moved.cast(pa.timestamp("us")).cast(pa.int64()).to_numpy(), never


def _since_epoch(texts: pa.StringArray, a_second: int) -> tuple[Ints, Bools]:
    fits = pc.fill_null(pc.match_substring_regex(texts, r"^[0-9]{1,14}$"), fill_value=False)
    numbers = pc.if_else(fits, texts, "0").cast(pa.int64()).to_numpy()
    odd = ~fits.to_numpy(zero_copy_only=False)
    return numbers * (MICROSECONDS // a_second), odd | (numbers >= _YEAR_SECONDS[1] * a_second)


def _seconds_text(seconds: Ints) -> pa.StringArray:
    """Return seconds as texts, with a T between day and time."""
    written = pa.array(seconds.astype("datetime64[s]")).cast(pa.string())
    _, offsets, data = written.buffers()
    signs = np.frombuffer(data, np.uint8)[: len(seconds) * TEXT_LENGTH].copy()
    signs.reshape(-1, TEXT_LENGTH)[:, len("2026-03-01")] = ord("T")
    return pa.StringArray.from_buffers(len(seconds), offsets, pa.py_buffer(signs))
