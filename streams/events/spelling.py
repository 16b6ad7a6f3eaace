"""Spellings that CloudEvents and RFC 3339 allow but the decoder does not take as meant.

Most records have nothing of the kind, and `not_plain` says so at a small cost, many at a time. Any
other is read as a dictionary by `plain`, slowly and exactly:

- a key that occurs twice in one object is refused: which of two amounts was meant?
- `datacontenttype` may be any JSON media type, with parameters; another is refused;
- `data_base64` may hold the JSON that `data` would;
- digits of a second beyond microseconds are cut off, not rounded into the next second or month;
- the second 60 is accepted where a leap second can be, at 23:59:60 UTC on the last day of a month,
  as the last microsecond of that day; anywhere else it is refused.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets as random_bytes
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Signs = NDArray[np.uint8]
    Places = NDArray[np.intp]

JSON_TYPE = "application/json"
TIMES = frozenset({"until", "expires", "before", "begin", "end"})  # fields of `data` that are times
HELD = frozenset({"original", "leg"})  # fields of `data` that are events

_BASE64 = "data_base64"
_CUT = 7  # the first digit that is cut off, counted from the point
_POINT_AT = len('":"2027-02-28T23:59:59')  # counted from the closing quote of the key
_CUT_DIGITS = re.compile(rb"\.[0-9]{7}")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:)([0-9]{2})(?:\.([0-9]+))?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})"
)
_LEAP = "60"
_MICRO_DIGITS = 6


class OddError(ValueError):
    """An event spelled in a way that can't be accepted; `reason` is one of `REASONS`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


# -- what is plain ----------------------------------------------------------------------------

MARGIN = b"," * 32  # stands before and after the text of many records, so that a key never ends it
_LONG, _SHORT = 8, 3
_QUOTE, _BLANK, _COLON, _POINT, _ZERO = b'" :.0'
# Drawn by each process, so that nobody can choose keys that weigh as much as others.
_ODD = np.uint64(random_bytes.randbits(64) | 1)
_MIXED = np.uint64(29)
_QUOTES, _ONES, _HIGHS = (np.uint64(sign * 0x0101010101010101) for sign in (_QUOTE, 1, 0x80))
_LAST = np.uint64(0xFFFFFF0000000000)
_SIGNS = (b"\\", b"\n", b"\t", b"\r")  # what hides a key, or parts it from its colon
_SETS_MAX, _NAMES_MAX = 1_000, 64


def not_plain(values: Sequence[bytes], text: bytes) -> set[int]:
    r"""Return which of the records may mean something other than what their decoder takes them for.

    In JSON without a backslash a key ends in `":` if no white space stands between the two. Keys
    have weights, so that a set of keys whose records `plain` has read is recognised by its sum: no
    key occurs twice in a record that weighs as much as one in which none does. What is not JSON may
    be among them or not.

    Args:
        values: the records.
        text: the same, one after the other, between two of `MARGIN`.
    """
    odd: set[int] = set()
    for sign in _SIGNS:
        if sign in text:
            odd.update(place for place, value in enumerate(values) if sign in value)
    signs = np.frombuffer(text, np.uint8)
    if b" " in text and _follow(signs, _QUOTE, _BLANK):
        odd.update(place for place, value in enumerate(values) if b'" ' in value)
    ends = _ends_of_keys(signs)
    if _have_digits_to_cut(text, signs, ends):
        odd.update(place for place, value in enumerate(values) if _CUT_DIGITS.search(value))
    weights = _weights(text, ends, values)
    if not _known.issuperset(weights):
        odd.update(place for place, weight in enumerate(weights) if weight not in _known)
    return odd


def _ends_of_keys(signs: Signs) -> Places:
    """Return the positions of the closing quotes of keys."""
    are_ends = signs[:-1] == _QUOTE
    are_ends &= signs[1:] == _COLON
    ends: Places = are_ends.nonzero()[0]
    return ends


def _weights(text: bytes, ends: Places, values: Sequence[bytes]) -> list[int]:
    """Return what the keys of each record weigh together; anything for one that has none.

    A key is identified by its last 8 characters, or by the last three of the quote and itself if it
    is shorter.
    """
    words = np.ndarray((len(text) - 7,), "<u8", text, strides=(1,))
    weights = words[ends - _LONG]
    without = weights ^ _QUOTES
    has_quote = without - _ONES  # a byte of zero borrows
    has_quote &= ~without
    has_quote &= _HIGHS
    weights = np.where(has_quote, weights & _LAST, weights)
    weights *= _ODD
    weights ^= weights >> _MIXED
    starts = accumulate(map(len, values), initial=len(MARGIN))
    begins = ends.searchsorted(np.fromiter(starts, np.intp, len(values)))
    with_key = int(begins.searchsorted(len(ends)))  # the last may have none
    found: list[int] = np.add.reduceat(weights, begins[:with_key]).tolist()
    return found + [0] * (len(values) - with_key)


def _told_by(name: str) -> str:
    """Return what of a key its weight depends on."""
    return name[-_LONG:] if len(name) >= _LONG else f'"{name}'[-_SHORT:]


# What the keys weigh of records in which none occurs twice, by their names.
_learned: dict[frozenset[str], int] = {}
_known: set[int] = set()


def _learn(content: dict[str, Any]) -> None:
    """Remember a record's keys, if they can be distinguished wherever they occur.

    Names of letters, digits and `_` only: a quote in one would weigh as keys that are not there.
    """
    names = _names_in(content)
    found = frozenset(names)
    if found in _learned or not len(set(map(_told_by, found))) == len(names) <= _NAMES_MAX:
        return
    if (
        not found
        or _BASE64 in found
        or not all(len(name) > 1 and name.isascii() and name.isidentifier() for name in found)
    ):
        return
    if len(_learned) == _SETS_MAX:  # somebody makes up names: what is sent often comes again
        _learned.clear()
        _known.clear()
    record = "".join(f'"{name}":' for name in found).encode()
    text = MARGIN + record + MARGIN
    ends = _ends_of_keys(np.frombuffer(text, np.uint8))
    (weight,) = _weights(text, ends, [record])
    _learned[found] = weight
    _known.add(weight)


def _names_in(content: object) -> list[str]:
    """Return all keys of an object and of those in it, or some if they are too many."""
    names: list[str] = []
    left = [content]
    while left and len(names) <= _NAMES_MAX:
        own = left.pop()
        if isinstance(own, dict):
            names += own
            left += own.values()
        elif isinstance(own, list):
            left += own
    return names


def _have_digits_to_cut(text: bytes, signs: Signs, ends: Places) -> bool:
    """Return whether a point and seven digits occur anywhere: perhaps a time too fine to keep."""
    if b" " not in text:  # then a time's point is as far from its key as any other's
        ends = ends[signs[ends + _POINT_AT] == _POINT]
        if not (signs[ends + (_POINT_AT + _CUT)] - _ZERO < 10).any():  # noqa: PLR2004 - digits;
            return False  # what is below "0" wraps
    return _CUT_DIGITS.search(text) is not None


def ends_in_blank(text: bytes) -> bool:
    """Return whether a blank precedes a quote anywhere: perhaps the end of a name."""
    return b" " in text and _follow(np.frombuffer(text, np.uint8), _BLANK, _QUOTE)


def _follow(signs: Signs, first: int, second: int) -> bool:
    found = signs[:-1] == first
    found &= signs[1:] == second
    return bool(found.any())


# -- what is not ------------------------------------------------------------------------------


def plain(value: bytes) -> bytes:
    """Return a record as the decoder takes it as meant: `value` itself when it is spelled so.

    Raises:
        OddError: naming what can't be accepted.
        ValueError, RecursionError: when it is not JSON; the decoder says better why.
    """
    content = _parsed(value)
    if not isinstance(content, dict):
        return value
    _learn(content)
    changed = _plain_event(content, "")
    return json.dumps(content, ensure_ascii=False).encode() if changed else value


def _parsed(value: bytes | str) -> Any:
    return json.loads(value, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        told = ", ".join(repr(each) for name, each in pairs if name == twice)
        raise OddError(
            "duplicate_key",
            f"{twice[:80]!r} stands {names.count(twice)} times in one object: {told[:200]}",
        )
    return found


def _plain_event(content: dict[str, Any], place: str) -> bool:
    """Respell an event, and the one it takes back or corrects; say whether anything changed."""
    changed = _plain_type(content, place)
    changed = _plain_data(content, place) or changed
    changed = _plain_time(content, "time", place) or changed
    data = content.get("data")
    if isinstance(data, dict):
        for name in TIMES & data.keys():
            changed = _plain_time(data, name, f"{place}data.") or changed
        for name in HELD & data.keys():
            if isinstance(data[name], dict):
                changed = _plain_event(data[name], f"{place}data.{name}.") or changed
    return changed


def _plain_type(content: dict[str, Any], place: str) -> bool:
    told = content.get("datacontenttype", JSON_TYPE)
    if told == JSON_TYPE or not isinstance(told, str):
        return False
    media, *parameters = (part.strip().lower() for part in told.split(";"))
    kind, _, subtype = media.partition("/")
    is_json = kind in {"application", "text"} and (subtype == "json" or subtype.endswith("+json"))
    charsets = [
        value.strip(' "')
        for name, _, value in (parameter.partition("=") for parameter in parameters)
        if name.strip() == "charset"
    ]
    if not is_json or any(charset not in {"utf-8", "utf8", "us-ascii"} for charset in charsets):
        raise OddError(
            "unsupported_content_type",
            f"{place}datacontenttype = {told[:80]!r}; it must be JSON in UTF-8: application/json",
        )
    content["datacontenttype"] = JSON_TYPE
    return True


def _plain_data(content: dict[str, Any], place: str) -> bool:
    if _BASE64 not in content:
        return False
    told = content[_BASE64]
    if "data" in content:
        raise OddError("invalid", f"{place}data_base64: an event has either it or `data`")
    try:
        content["data"] = _parsed(base64.b64decode(told, validate=True).decode())
    except OddError:
        raise
    except (TypeError, ValueError, RecursionError, binascii.Error) as error:
        raise OddError(
            "invalid",
            f"{place}data_base64 = {str(told)[:80]!r}: it must be JSON in Base64 ({error})",
        ) from error
    del content[_BASE64]
    return True


def _plain_time(holder: dict[str, Any], name: str, place: str) -> bool:
    told = holder.get(name)
    match = _TIME.fullmatch(told) if isinstance(told, str) else None
    if match is None:
        return False
    minute, second, fraction, offset = match.groups()
    if second == _LEAP:
        if not _can_be_leap(minute + "59" + offset):
            raise OddError(
                "invalid",
                f"{place}{name} = {told!r}: the second 60 is only at 23:59:60 UTC on the last day "
                "of a month",
            )
        holder[name] = f"{minute}59.999999{offset}"
        return True
    if fraction is None or len(fraction) <= _MICRO_DIGITS:
        return False
    holder[name] = f"{minute}{second}.{fraction[:_MICRO_DIGITS]}{offset}"
    return True


def _can_be_leap(last: str) -> bool:
    """Return whether a second, given with its offset, is the last of a month in UTC."""
    try:
        time = datetime.fromisoformat(last.upper())
        after = time - (time.utcoffset() or timedelta()) + timedelta(seconds=1)
    except (ValueError, OverflowError):
        return False
    return (after.day, after.hour, after.minute, after.second) == (1, 0, 0, 0)
