"""Reports as rows of a CSV file, the same for a command's `--csv` and for a page's download.

A column of money is named for its unit: `..._cents`, `coins`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from console.drops.preview import Person

Rows = list[dict[str, Any]]


def people_rows(found: Iterable[Person]) -> Rows:
    """Return one row a person of a drop's audience."""
    return [asdict(person) for person in found]
