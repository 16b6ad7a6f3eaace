"""What a decoder wanted, in words for whoever wrote the value.

msgspec says what it found in the terms of its types: "Expected `int`, got `str` - at `$.data.n`".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

UTC_EXAMPLE = "2026-11-30T10:00:00Z"
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
    "datetime": f"a time such as {UTC_EXAMPLE}",
    "date": "a date such as 2026-11-30",
    "bytes": "Base64",
}
_FOUND = _KINDS | {"float": "a fraction", "datetime": "a time", "date": "a date"}
_COUNTED = {"str": "characters", "array": "elements", "object": "keys", "bytes": "bytes"}
_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_PLACE = re.compile(r"[\w-]+")


class Wanted(NamedTuple):
    """Where something is wrong, as keys and numbers of elements, and what it must be."""

    place: tuple[str, ...]
    words: str
    is_missing: bool = False
    is_unknown: bool = False

    @property
    def key(self) -> str:
        """The place as it is written: `data.creatives[0].name`."""
        return key_of(self.place)


def key_of(place: Sequence[str]) -> str:
    """Return a place as it is written."""
    steps = [f"[{step}]" if step.isdigit() else f".{step}" for step in place]
    return "".join(steps).removeprefix(".")


def wanted(error: str, kind: object = None) -> Wanted:
    """Return what an error of a decoder means; what is missing or not known is part of the place.

    Args:
        error: what the decoder says.
        kind: what it was to decode, if known: then a value that is none of several has them named.
    """
    what, _, path = error.partition(" - at `")
    place = tuple(_PLACE.findall(path.partition("$")[2]))
    if found := re.fullmatch(r"Object missing required field `(.+)`", what):
        return Wanted((*place, found[1]), "missing", is_missing=True)
    if found := re.fullmatch(r"Object contains unknown field `(.+)`", what):
        return Wanted((*place, found[1]), "not known", is_unknown=True)
    if found := re.fullmatch(r"`([\w.]+)` (must .*)", what):  # said by the data of its own field
        inner = tuple(found[1].split("."))
        return Wanted(inner if inner == ("subject",) else (*place, *inner), f"it {found[2]}")
    if kind is not None and what.startswith("Invalid enum value"):
        from msgspec.inspect import type_info

        if choices := _choices(type_info(kind), place):
            return Wanted(place, f"it must be one of {', '.join(map(str, choices))}")
    return Wanted(place, _words(what))


def value_at(content: object, place: Sequence[str]) -> Any:
    """Return what stands at a place, None where there is nothing."""
    found: Any = content
    for step in place:
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list | tuple) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found


def broken_json(error: Exception) -> str:
    """Return why a text is no JSON, or none of the shape that was asked for."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    what = str(error)
    if found := re.fullmatch(r"JSON is malformed: (.*) \(byte (\d+)\)", what):
        return f"{found[1]} at byte {found[2]}"
    if "truncated" in what:
        return "it ends too early (truncated)"
    shape = wanted(what)
    return f"{shape.key}: {shape.words}" if shape.place else shape.words


def _choices(kind: Any, place: Sequence[str]) -> tuple[object, ...]:
    """Return the values that a type allows at a place; none where it is no choice."""
    kind = getattr(kind, "type", kind) if type(kind).__name__ == "Metadata" else kind
    if several := getattr(kind, "types", None):
        return next((found for one in several if (found := _choices(one, place))), ())
    if not place:
        return tuple(getattr(kind, "values", ()))
    for field in getattr(kind, "fields", ()):
        if field.encode_name == place[0]:
            return _choices(field.type, place[1:])
    inner = getattr(kind, "item_type", None) or getattr(kind, "value_type", None)
    return _choices(inner, place[1:]) if inner is not None else ()


def _words(what: str) -> str:
    for pattern, say in _SAYINGS:
        if found := re.fullmatch(pattern, what):
            return "it must be " + say(found.groups())
    if found := re.fullmatch(r"Expected `(.+?)`(?:, got `(\w+)`)?", what):
        kinds = [_KINDS.get(kind, kind) for kind in found[1].removesuffix(" | null").split(" | ")]
        return f"it must be {' or '.join(kinds)}" + _but(found[2])
    return what[:1].lower() + what[1:]


def _but(kind: str | None) -> str:
    return f", not {_FOUND.get(kind, kind)}" if kind else ""


def _bounded(found: Sequence[str]) -> str:
    kind, sign, limit = found
    return f"{_KINDS.get(kind, kind)} of {_BOUNDS[sign]} {_number(limit)}"


def _long(found: Sequence[str]) -> str:
    kind, sign, limit = found
    if (sign, limit) == (">=", "1"):
        return f"{_KINDS[kind]} that is not empty"
    return f"{_KINDS[kind]} of {_BOUNDS[sign]} {_number(limit)} {_COUNTED[kind]}"


def _number(limit: str) -> str:
    """Return a limit as people write it."""
    value = float(limit)
    return f"{int(limit):,}" if limit.lstrip("-").isdigit() else f"{value:,g}"


_SAYINGS: tuple[tuple[str, Callable[[Sequence[str]], str]], ...] = (
    (r"Expected `(int|float)` (>=|<=|>|<) (\S+)", _bounded),
    (r"Expected `(str|array|object|bytes)` of length (>=|<=) (\d+)", _long),
    (
        r"Expected `array` of (?:at least )?length (\d+)(?: to (\d+))?(?:, got \d+)?",
        lambda found: f"a list of {' to '.join(filter(None, found))} elements",
    ),
    (
        r"Expected `array` of at most length (\d+)(?:, got \d+)?",
        lambda found: f"a list of at most {found[0]} elements",
    ),
    (
        r"Expected `str` matching regex (.+)",
        lambda found: f"a text of the form {found[0].strip(chr(39))}",
    ),
    (
        r"Expected `\w+` with a timezone component",
        lambda _: f"a time that says its offset, such as {UTC_EXAMPLE}",
    ),
    (r"Invalid RFC3339 encoded datetime", lambda _: _KINDS["datetime"]),
    (r"Invalid RFC3339 encoded date", lambda _: _KINDS["date"]),
    (r"Invalid base64 encoded string", lambda _: _KINDS["bytes"]),
    (r"(?:Integer|Number) value out of range|Number out of range", lambda _: "nearer to 0"),
    (r"Invalid (?:enum )?value .*", lambda _: "one of the values that its description allows"),
)
