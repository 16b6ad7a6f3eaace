"""Rows of a file, some ten thousand at a time: the columns as texts, and each row as it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from intake.mapping import RowRefusal


@dataclass(frozen=True)
class Batch:
    """Some rows of a file.

    Attributes:
        numbers: of the rows, as a spreadsheet counts them (a header is row 1), int64, `(n,)`.
        columns: those that are read, by name, as texts; `(n,)` each, null for nothing.
        odd: whether a row says more than its texts do (a nested value), `(n,)`; None: none does.
        row: gives the row at a place within the batch.
        is_typed: whether values had types before they became texts: then a text may be a number's.
        refusals: rows between these that could not be read.
        cells: of those refused, by row, as far as they have any.
    """

    numbers: NDArray[np.int64]
    columns: dict[str, pa.StringArray]
    row: Callable[[int], dict[str, Any]]
    odd: NDArray[np.bool_] | None = None
    is_typed: bool = False
    refusals: list[RowRefusal] = field(default_factory=list)
    cells: dict[int, list[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many rows it has."""
        return len(self.numbers)


def of_columns(
    numbers: NDArray[np.int64],
    columns: dict[str, pa.StringArray],
    refusals: list[RowRefusal],
    cells: dict[int, list[str]] | None = None,
) -> Batch:
    """Return a batch whose rows are what its columns say, and the cells of those refused."""

    def row(place: int) -> dict[str, Any]:
        return {name: column[place].as_py() for name, column in columns.items()}

    return Batch(numbers, columns, row, refusals=refusals, cells=cells or {})
