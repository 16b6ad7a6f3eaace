"""The type of a report's answer, as the API describes it."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass, field, fields, is_dataclass, make_dataclass
from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText
from console.reporting.freshness_figures import Freshness
from console.reporting.protection import Protection

if TYPE_CHECKING:
    from console.reporting.protection import Path
    from console.reporting.report import Report


@dataclass(frozen=True, kw_only=True)
class HiddenRows:
    """Rows of one part of a result that an organisation is not told."""

    part: str  # its name: by_day
    rows: int
    people: int | None  # in them together, where that is told


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How what an organisation sees is marked."""

    organisation: str
    words: list[Any]
    hidden: list[HiddenRows]


def answer_type(report: Report[Any]) -> Any:
    """Return the type of a report's answer: a figure that may be hidden may be none.

    What is no list may say how fresh it is, and to an organisation what was hidden of it.
    """
    of = report.protection
    told = of if isinstance(of, Protection) else None
    return _answer(report.result, told)


def _answer(result: Any, told: Protection[Any] | None) -> Any:
    if isinstance(result, types.UnionType):
        own = tuple(_answer(each, told) for each in result.__args__)
        return typing.Union[own]  # noqa: UP007 - of a tuple
    if not is_dataclass(result) or not isinstance(result, type):
        return result if told is None else _type(result, told, ())
    more = [("freshness", Freshness | None, field(default=None))]
    if told is None:
        return _made(result, more, (result,))
    more.append(("seen", Seen | None, field(default=None)))  # type: ignore[arg-type]
    return _made(result, [*_fields(result, told, ()), *more], ())


def _type(of: Any, told: Protection[Any], path: Path) -> Any:
    """Return a type in which what may be hidden may be none."""
    if is_dataclass(of) and isinstance(of, type):
        return of if issubclass(of, LocalizedText) else _made(of, _fields(of, told, path), ())
    args = typing.get_args(of)
    if not args:
        return of
    own = tuple(each if each is ... else _type(each, told, path) for each in args)
    if isinstance(of, types.UnionType) or typing.get_origin(of) is typing.Union:
        return typing.Union[own]  # noqa: UP007 - of a tuple
    return typing.get_origin(of)[own] if typing.get_origin(of) in {list, tuple} else of


def _fields(of: type, told: Protection[Any], path: Path) -> list[Any]:
    hints = typing.get_type_hints(of)
    made = []
    for each in fields(of):
        at: Path = (*path, each.name)
        hint = hints[each.name]
        if not told.is_told(at):
            if told.least(at) is not None and typing.get_origin(hint) is tuple:
                hint = tuple[int | None, ...]  # counts of a distribution
            else:
                hint = _type(hint, told, at)
            if typing.get_origin(hint) not in {list, tuple} and not _is_part(hints[each.name]):
                hint = hint | None
        made.append((each.name, hint))
    return made


def _is_part(of: Any) -> bool:
    return is_dataclass(of) and not (isinstance(of, type) and issubclass(of, LocalizedText))


def _made(of: type, own: list[Any], bases: tuple[type, ...]) -> Any:
    made = make_dataclass(of.__name__, own, bases=bases, frozen=True, kw_only=True)
    made.__module__, made.__doc__ = of.__module__, of.__doc__
    return made
