"""How a report's result is protected where an organisation's people see it.

Whatever a declaration does not name is not told: a report without one is refused, a figure or text
that it does not name is empty.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from clickhouse_connect.driver.client import Client

    from console.i18n import LocalizedText
    from console.reporting.population import Population

T = TypeVar("T")
V = TypeVar("V")

Path = tuple[str | int, ...]  # of a figure in a result: ("by_day", 0, "reach")


class Implied(NamedTuple):
    """A count that is not told, but follows from what is: the people of one campaign alone."""

    name: Path
    value: int
    least: int  # fewer than this must not follow
    is_told: bool = False  # by another report, unless it is too small


class Sum(NamedTuple):
    """Figures that add up to another.

    Attributes:
        total: which one.
        parts: what adds up to it.
        rest: where the parts are not all of it, how many the others must be to be told; a part of
            a whole is a sum of itself and a rest.
        times: how often each part counts; once by default.
    """

    total: Path | Implied
    parts: tuple[Path | Implied, ...]
    rest: int | None = None
    times: tuple[int, ...] = ()


class Days(NamedTuple):
    """Figures of reach by day, of which every report that tells them must hide the same.

    Attributes:
        whole: reach in all days together.
        reach: people of each day.
        new: of them, for the first time.
        cumulative: people up to the end of each day.
    """

    whole: Path
    reach: tuple[Path, ...]
    new: tuple[Path, ...]
    cumulative: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True)
class Protection(Generic[T]):
    """How a report's figures relate to people, by the names of their fields.

    A name may be that of what it is in and its own, `conversions.people`, which comes first.

    Attributes:
        counts: how many of each must be to be told; those of no people (none) always are.
        derived: figures by what they are computed of: told if all of that is.
        told: names of what says nothing of people, with all that is in it.
        rows: parts of the result that are rows, by the count without which a row is left out.
        sums: how the counts of a result relate.
        days: counts of days that other reports tell, too; they are hidden alike.
        uncut: the same result without its cut, whose figures are hidden alike in both; none where
            a result has no cut.
        kept: names of counts that other reports tell, too; they are hidden last.
        campaigns: parameters that name campaigns.
        advertiser: a parameter that names an advertiser, if any.
        populations: whom a result, as it is told, counts.
        refusal: why an organisation may not ask for this, if it may not.
        own: computes the result of the organisation's campaigns alone, where none are asked for.
        only: takes what is not of the organisation's campaigns out of a result.
        prepare: takes out of a result what follows from more than is in it.
        finish: takes from what is left of a result what follows from counts that are hidden; has
            that, and the whole.
        without: takes out the figures of populations that are too close to others, where the rest
            may be told; without it the answer is refused.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    derived: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    rows: Mapping[str, str] = field(default_factory=dict)
    sums: Callable[[T], Iterable[Sum]] = lambda _: ()
    days: Callable[[T], Iterable[Days]] = lambda _: ()
    uncut: Callable[[T], T | None] = lambda _: None
    kept: frozenset[str] = frozenset()
    campaigns: tuple[str, ...] = ("campaign",)
    advertiser: str = ""
    populations: Callable[[Client, T], Iterable[Population]] = lambda *_: ()
    refusal: Callable[[Mapping[str, Any]], LocalizedText | None] = lambda _: None
    own: Callable[[Client, tuple[str, ...]], T] | None = None
    only: Callable[[T, Collection[str]], T] = lambda found, _: found
    prepare: Callable[[Client, T], T] = lambda _, found: found
    finish: Callable[[T, T], T] = lambda left, _: left
    without: Callable[[T, Collection[Population]], T] | None = None

    def is_told(self, path: Path) -> bool:
        """Return whether a field says nothing of people, with all that is in it."""
        return named(dict.fromkeys(self.told, True), path) or False

    def least(self, path: Path) -> int | None:
        """Return how many a count must be to be told; none where a figure is no count."""
        return named(self.counts, path)


def named(of: Mapping[str, V], path: Path) -> V | None:
    """Return what is declared of a figure, by the name of what it is in and its own, or its own."""
    *above, name = [part for part in path if isinstance(part, str)]
    return of.get(f"{above[-1]}.{name}" if above else "", of.get(name))
