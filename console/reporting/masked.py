"""A result without what its protection does not let an organisation see."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from console.reporting.answer import Answer, Hidden
from console.reporting.protection import Implied
from console.reporting.suppression import Counts, suppress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.reporting.protection import Path, Protection, Sum
    from console.reporting.viewer import Viewer

T = TypeVar("T")


def masked(found: T, protection: Protection[T], viewer: Viewer) -> Answer[T]:
    """Return a result in which only what may be told is left."""
    sums = list(protection.sums(found))
    counts = counted(found, protection, sums)
    told = suppress(counts)
    shown = _Shown(protection, told)
    left: T = shown.of(found)
    return Answer(found=left, viewer=viewer, hidden=_totalled(shown.rows, sums, counts, told))


def counted(found: Any, protection: Protection[Any], sums: list[Sum]) -> Counts:
    """Return the counts of a result, and how they relate."""
    counts = Counts()
    for path, value in _figures(found, protection):
        counts.values[path], counts.least[path] = value, protection.counts[_name(path)]
        counts.shown.add(path)
        row = _row(path, protection)
        if row and row != path:
            counts.rows[row].add(path)
    for number, each in enumerate(sums):
        equation: dict[Any, int] = {_key(each.total, counts): -1}
        for part, times in zip(each.parts, each.times or (1,) * len(each.parts), strict=True):
            equation[_key(part, counts)] = times
        if None in equation:  # a figure that there is not
            continue
        if each.rest is not None:
            rest = -sum(counts.values[key] * times for key, times in equation.items())
            key = ("rest", number)
            counts.values[key], counts.least[key] = rest, each.rest
            equation[key] = 1
        counts.equations.append(equation)
    return counts


def _key(of: Path | Implied, counts: Counts) -> Path | None:
    if isinstance(of, Implied):
        counts.values[of.name], counts.least[of.name] = of.value, of.least
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
    if is_dataclass(found):
        for each in fields(found):
            if each.name not in protection.told:
                yield from _figures(getattr(found, each.name), protection, (*path, each.name))
    elif isinstance(found, list | tuple):
        for n, each in enumerate(found):
            yield from _figures(each, protection, (*path, n))
    elif found is not None and path and _name(path) in protection.counts:
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
        if name in self._of.told:
            return value
        if name in self._of.derived:
            told = all(self._is_told(part, own) for part in self._of.derived[name])
            return value if told else None
        if isinstance(value, list | tuple) and name not in self._of.counts:
            value = type(value)(
                each for each in value if is_dataclass(each) or isinstance(each, tuple)
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
