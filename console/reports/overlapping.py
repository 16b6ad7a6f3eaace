"""How campaigns' people relate who overlap: each one's are among those of all together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.reporting.protection import Implied, Path, Sum

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def overlapping(
    whole: Path, everybody: int, parts: Sequence[Path], people: Sequence[int], least: int
) -> Iterator[Sum]:
    """Yield how parts relate to the whole; of two, who is in both follows, and who is in one only.

    Args:
        whole: the figure of all together.
        everybody: its value.
        parts: the figures of the parts.
        people: their values.
        least: how few of them may not be told.
    """
    if len(parts) == 1:
        yield Sum(whole, tuple(parts))
    elif len(parts) == 2:  # noqa: PLR2004 - of two, what is both's follows
        one, other = people
        first = Implied((*whole, "only one"), everybody - other, least)
        second = Implied((*whole, "only the other"), everybody - one, least)
        both = Implied((*whole, "both"), one + other - everybody, least)
        yield Sum(parts[0], (first, both))
        yield Sum(parts[1], (second, both))
        yield Sum(whole, (first, second, both))
    else:
        for part in parts:
            yield Sum(whole, (part,), rest=least)
