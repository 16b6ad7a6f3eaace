"""Counts of people in an answer, and how they relate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

Key = Hashable
Equation = Mapping[Key, int]  # counts times these are 0 together


@dataclass
class Counts:
    """Counts of an answer, by keys, and how they relate.

    Attributes:
        values: people in each.
        least: how few of each may not be told.
        equations: what always holds between them.
        shown: those that would be told; the others only follow.
        rows: keys that are only told together with another one.
        kept: those that are only hidden where nothing else would do, so that other reports, which
            tell them too, hide the same.
        elsewhere: those that another report tells, whatever is hidden here.
        secret: those that another report hides, so that they must not follow here.
    """

    values: dict[Key, int] = field(default_factory=dict)
    least: dict[Key, int] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)
    shown: set[Key] = field(default_factory=set)
    rows: dict[Key, set[Key]] = field(default_factory=lambda: defaultdict(set))
    kept: set[Key] = field(default_factory=set)
    elsewhere: set[Key] = field(default_factory=set)
    secret: set[Key] = field(default_factory=set)

    def is_small(self, keys: Collection[Key]) -> bool:
        """Return whether so few people are in these together that they may not be told."""
        people = sum(self.values[key] for key in keys)
        is_secret = len(keys) == 1 and not self.secret.isdisjoint(keys)
        return people > 0 and (is_secret or people < min(self.least[key] for key in keys))
