"""Two versions of a label on the same rows, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Compared:
    """A version beside another one of its label on the same rows; `low` and `high` bound 95 %."""

    label: str
    version: int
    other: int
    metric: str
    rows: int
    people: str  # which, in words
    value: float
    other_value: float
    difference: float  # value - other_value
    low: float
    high: float

    @property
    def is_better(self) -> bool:
        """Whether the whole interval is above zero."""
        return self.low > 0

    @property
    def words(self) -> str:
        """The comparison as one sentence."""
        verb = "is better than" if self.is_better else "is not surely better than"
        return (
            f"version {self.version} {verb} version {self.other}: {self.metric} {self.value:.4f} "
            f"against {self.other_value:.4f}, difference {self.difference:+.4f}, 95 % interval "
            f"{self.low:+.4f} to {self.high:+.4f}, on {self.people}"
        )
