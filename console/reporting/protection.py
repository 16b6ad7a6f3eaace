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

Path = tuple[str | int, ...]  # of a figure in a result: ("by_day", 0, "reach")


class Implied(NamedTuple):
    """A count that is not told, but follows from what is: the people of one campaign alone."""

    name: Path
    value: int
    least: int  # fewer than this must not follow


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


@dataclass(frozen=True, kw_only=True)
class Protection(Generic[T]):
    """How a report's figures relate to people, by the names of their fields.

    Attributes:
        counts: how many of each must be to be told; those of no people (none) always are.
        derived: figures by what they are computed of: told if all of that is.
        told: names of what says nothing of people, with all that is in it.
        rows: parts of the result that are rows, by the count without which a row is left out.
        sums: how the counts of a result relate.
        campaigns: parameters that name campaigns.
        advertiser: a parameter that names an advertiser, if any.
        populations: whom a result, as it is told, counts.
        refusal: why an organisation may not ask for this, if it may not.
        only: takes what is not of the organisation's campaigns out of a result.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    derived: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    rows: Mapping[str, str] = field(default_factory=dict)
    sums: Callable[[T], Iterable[Sum]] = lambda _: ()
    campaigns: tuple[str, ...] = ("campaign",)
    advertiser: str = ""
    populations: Callable[[Client, T], Iterable[Population]] = lambda *_: ()
    refusal: Callable[[Mapping[str, Any]], LocalizedText | None] = lambda _: None
    only: Callable[[T, Collection[str]], T] = lambda found, _: found
