"""A result without what its protection does not let an organisation see."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from console.i18n import LocalizedText
from console.reporting.answer import Answer, Hidden
from console.reporting.counts import Counts
from console.reporting.protection import Implied, named
from console.reporting.suppression import follows, suppress
from console.reporting.viewer import PEOPLE_MIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.reporting.protection import Days, Path, Protection, Sum
    from console.reporting.viewer import Viewer

T = TypeVar("T")


def masked(found: T, protection: Protection[T], viewer: Viewer) -> Answer[T]:
    """Return a result in which only what may be told is left."""
    sums = list(protection.sums(found))
    counts = counted(found, protection, sums)
    told = suppress(counts)
    shown = _Shown(protection, told)
    left: T = protection.finish(shown.of(found), found)
    return Answer(found=left, viewer=viewer, hidden=_totalled(shown.rows, sums, counts, told))


def counted(found: Any, protection: Protection[Any], sums: list[Sum]) -> Counts:
    """Return the counts of a result, and how they relate."""
    counts = Counts()
    for path, value in _figures(found, protection):
        _add(counts, protection, path, value)
    for number, each in enumerate(sums):
        equation: dict[Any, int] = {_key(each.total, counts): -1}
        for part, times in zip(each.parts, each.times or (1,) * len(each.parts), strict=True):
            equation[_key(part, counts)] = times
        if None in equation:  # a figure that there is not
            continue
        if each.rest is not None:
            rest = -sum(counts.values[key] * times for key, times in equation.items())
            if rest < 0:  # what is known of one kind only does not hold of the other
                continue
            key = ("rest", number)
            counts.values[key], counts.least[key] = rest, each.rest
            equation[key] = 1
        counts.equations.append(equation)
    for days in protection.days(found):
        _hide_days(counts, days)
    whole = protection.uncut(found)
    if whole is not None:
        _hide_as(counts, counted(whole, protection, list(protection.sums(whole))))
    return counts


def _add(counts: Counts, protection: Protection[Any], path: Path, value: int) -> None:
    counts.values[path], counts.least[path] = value, protection.least(path) or 0
    counts.shown.add(path)
    if _name(path) in protection.kept:
        counts.kept.add(path)
    row = _row(path, protection)
    if row and row != path:
        counts.rows[row].add(path)


def _hide_as(counts: Counts, whole: Counts) -> None:
    """Hide of the whole what its answer without a cut does, which may be asked for as well.

    What that tells is known, so that only what is in the cut can be hidden beside it.
    """
    told = suppress(whole)
    hidden = whole.shown - told
    counts.shown -= hidden.union(*(counts.rows.get(key, ()) for key in hidden))
    counts.elsewhere |= told


def _hide_days(counts: Counts, days: Days) -> None:
    """Hide of days what follows from days alone, as every report does that has them."""
    paths: dict[Any, Path] = {("whole",): days.whole}
    for name in ("reach", "new", "cumulative"):
        paths |= {(name, n): path for n, path in enumerate(getattr(days, name))}
    own = Counts(
        values={key: counts.values[path] for key, path in paths.items()},
        least=dict.fromkeys(paths, PEOPLE_MIN),
        shown=set(paths),
        kept={("whole",)},
    )
    before: dict[Any, int] = {}
    for n in range(len(days.reach)):
        reach, new, cumulative = ((name, n) for name in ("reach", "new", "cumulative"))
        own.rows[reach] = {new, cumulative}
        own.equations.append({cumulative: -1, new: 1, **before})
        again: dict[Any, int] = {reach: -1, new: 1}
        others: dict[Any, int] = {cumulative: -1, reach: 1}
        own.equations += [again, others]
        if before:  # on the first day everybody is new, and nobody was there before
            for equation, rest in ((again, ("again", n)), (others, ("others", n))):
                people = -sum(own.values[key] * times for key, times in equation.items())
                own.values[rest], own.least[rest] = people, PEOPLE_MIN
                equation[rest] = 1
        before = {cumulative: 1}
    own.equations.append({("whole",): -1, **before})
    told = suppress(own)
    known = follows(own, told)
    for key, path in paths.items():
        if key not in told and path != days.whole:
            counts.shown -= {path, *counts.rows.get(path, ())}
    counts.secret |= {path for key, path in paths.items() if key not in known}
    counts.kept |= {paths[key] for key in told}


def _key(of: Path | Implied, counts: Counts) -> Path | None:
    if isinstance(of, Implied):
        counts.values[of.name], counts.least[of.name] = of.value, of.least
        if of.is_told and (of.value >= of.least or not of.value):
            counts.elsewhere.add(of.name)
        return of.name
    return of if of in counts.values else None


def _name(path: Path) -> str:
    return next(part for part in reversed(path) if isinstance(part, str))


def _row(path: Path, protection: Protection[Any]) -> Path | None:
    """Return the count without which the row of a figure is left out, if it is in one."""
    if isinstance(path[0], int) and "" in protection.rows:
        return (path[0], protection.rows[""])
    for at, part in enumerate(path[:-1]):
        if part in protection.rows and isinstance(path[at + 1], int):
            return (*path[: at + 2], protection.rows[str(part)])
    return None


def _figures(
    found: Any, protection: Protection[Any], path: Path = ()
) -> Iterator[tuple[Path, int]]:
    """Yield every count of a result, and where it is."""
    if isinstance(found, LocalizedText):
        return
    if is_dataclass(found):
        for each in fields(found):
            if not protection.is_told((*path, each.name)):
                yield from _figures(getattr(found, each.name), protection, (*path, each.name))
    elif isinstance(found, list | tuple):
        for n, each in enumerate(found):
            yield from _figures(each, protection, (*path, n))
    elif found is not None and path and protection.least(path) is not None:
        yield path, found


class _Shown:
    """Takes a result apart and puts together what is left of it."""

    def __init__(self, protection: Protection[Any], shown: set[Any]) -> None:
        self._of = protection
        self._shown = shown
        self.rows: list[Path] = []  # left out, by the counts that they lack

    def of(self, found: Any, path: Path = (), above: tuple[tuple[Any, Path], ...] = ()) -> Any:
        """Return what is left of a part of the result.

        Args:
            found: the part.
            path: where it is.
            above: what it is in, from the inside out, and where that is.
        """
        if isinstance(found, LocalizedText):
            return None  # it may tell a figure
        if is_dataclass(found) and not isinstance(found, type):
            own = ((found, path), *above)
            left = {
                each.name: self._field(each.name, getattr(found, each.name), path, own)
                for each in fields(found)
            }
            return replace(found, **left)
        if isinstance(found, list | tuple):
            made = [self.of(each, (*path, n), above) for n, each in enumerate(found)]
            return type(found)(
                each for n, each in enumerate(made) if not self._is_left_out((*path, n))
            )
        return found if path in self._shown else {} if isinstance(found, dict) else None

    def _field(self, name: str, value: Any, path: Path, own: tuple[tuple[Any, Path], ...]) -> Any:
        if self._of.is_told((*path, name)):
            return value
        derived = named(self._of.derived, (*path, name))
        if derived is not None:
            return value if all(self._is_told(part, own) for part in derived) else None
        if isinstance(value, list | tuple) and self._of.least((*path, name)) is None:
            value = type(value)(
                each
                for each in value
                if isinstance(each, tuple)
                or (is_dataclass(each) and not isinstance(each, LocalizedText))
            )
        return self.of(value, (*path, name), own)

    def _is_told(self, name: str, own: tuple[tuple[Any, Path], ...]) -> bool:
        """Return whether the nearest figure of a name is told; one that is none is no secret."""
        for part, path in own:
            if hasattr(part, name):
                return getattr(part, name) is None or (*path, name) in self._shown
        return False

    def _is_left_out(self, path: Path) -> bool:
        leader = self._of.rows.get(str(path[-2]) if len(path) > 1 else "")
        if leader is None or (*path, leader) in self._shown:
            return False
        self.rows.append((*path, leader))
        return True


def _totalled(
    rows: list[Path], sums: list[Sum], counts: Counts, told: set[Any]
) -> tuple[Hidden, ...]:
    """Return how many rows are left out of each part, and the people in them where they add up."""
    left = set(rows)
    found: list[Hidden] = []
    for each in sums:
        hidden = [part for part in each.parts if part in left]
        if hidden and each.rest is None and not each.times and each.total in told:
            people = sum(counts.values[part] for part in hidden)
            found.append(Hidden(part=str(hidden[0][0]), rows=len(hidden), people=people))
            left -= set(hidden)
    others = Counter(str(path[0]) for path in rows if path in left)
    found += [Hidden(part=part, rows=n, people=None) for part, n in others.items()]
    return tuple(found)
