"""What may be published over earlier rules: changes to the future, none to the past.

An event is judged by the rules in force at its own time. So a file that gives a past time different
rules would make the same event worth something else, depending on when it arrives.
"""

from __future__ import annotations

import tomllib
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from streams.events.times import EPOCH, MICROSECOND
from streams.programs.files import TABLES, TABLES_OF_TABLES, with_times
from streams.programs.lines import Keys, line_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from streams.programs.entries import Program

# What no event is judged by: names, where a value comes from, whose an operation is; and dates,
# since what counts is what was in force at each time.
_WORDS = frozenset({"title", "source", "assumption", "who", "from", "until"})
_STATEMENTS = frozenset({"coin", "fees", "compliance", "departments"})
_NOTHING = object()


class Change(NamedTuple):
    """The first difference in what rules say about a past time.

    Attributes:
        key: names of tables and key, and numbers of elements, from 0.
        moment_us: a time at which it would differ, microseconds since 1970.
    """

    key: Keys
    moment_us: int


def change_of_past(old: Program, new: Program, now_us: int) -> Change | None:
    """Return the first rule that would judge events before `now_us` differently, None if none."""
    dates = sorted({later.from_us for later in (*old.later, *new.later) if later.from_us < now_us})
    for moment_us in ((dates[0] if dates else now_us) - 1, *dates):
        key = _difference(_judged_by(old.at(moment_us)), _judged_by(new.at(moment_us)))
        if key is not None:
            return Change(key, moment_us)
    return None


def told(change: Change, path: Path, now: datetime) -> str:
    """Return what is wrong with the file `path`, to be published `now`, and the way to do it."""
    text = path.read_text(encoding="utf-8")
    key = _place(with_times(tomllib.loads(text)), change)
    names = takewhile(lambda step: isinstance(step, str), change.key)
    return (
        f"{path}, line {line_of(text, key)}: {'.'.join(map(str, names))} differs from what was "
        "published, which would change the past; leave past periods as they are, end the current "
        "one with `until`, and add the change as a new period with a `from` after "
        f"{now:%Y-%m-%dT%H:%M:%SZ}"
    )


def _judged_by(program: Program) -> Any:
    """Return what events are judged by, as plain values."""
    values = msgspec.to_builtins(program, order="sorted")
    judged = {name: _plain(values[name]) for name in TABLES.keys() - _STATEMENTS}
    for name in TABLES_OF_TABLES.keys() - _STATEMENTS:
        judged[name] = {entry: _plain(value) for entry, value in values[name].items()}
    return judged


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if key not in _WORDS}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _difference(old: Any, new: Any) -> Keys | None:
    """Return the path of the first key at which two values differ, None when they don't."""
    if old == new:
        return None
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            inner = _difference(old.get(key, _NOTHING), new.get(key, _NOTHING))
            if inner is not None:
                return (key, *inner)
    if isinstance(old, list) and isinstance(new, list):
        for number, (one, other) in enumerate(zip(old, new, strict=False)):
            inner = _difference(one, other)
            if inner is not None:
                return (number, *inner)
    return ()


def _place(values: Any, change: Change) -> Keys:
    """Return where the change stands in the file: of a table with periods, in which of them."""
    moment = EPOCH + change.moment_us * MICROSECOND
    place: list[str | int] = []
    for step in change.key:
        try:
            values = values[step]
        except (LookupError, TypeError):
            values = None
        place.append(step)
        if isinstance(values, list) and any(_is_period(one) for one in values):
            number = next((n for n, one in enumerate(values) if _has(one, moment)), 0)
            values = values[number]
            place.append(number)
    return tuple(place)


def _is_period(value: Any) -> bool:
    return isinstance(value, dict) and bool({"from", "until"} & value.keys())


def _has(period: dict[str, Any], moment: datetime) -> bool:
    since, until = period.get("from"), period.get("until")
    return (since is None or since <= moment) and (until is None or moment < until)
