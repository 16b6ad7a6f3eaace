"""The ids of events, made of columns, so that importing a row again names the same event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intake.mapping.refusals import ValueRefusedError
from intake.mapping.values import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from intake.mapping.values import Evaluate, Row

BETWEEN = ":"
ENDING = "#"
ESCAPES = (("%", "%25"), (BETWEEN, "%3A"))  # so that no two rows of several columns are one id


def id_of(columns: Sequence[tuple[str, Evaluate]], name: str) -> Callable[[Row], str]:
    """Return the function that makes an event's id of a row.

    One column is the id as it stands; several are joined by a colon. What one row becomes beside
    its first event has `#` and its name at the end.

    Raises (the function):
        ValueRefusedError: when a column has nothing.
    """
    ending = ENDING + name if name else ""
    if len(columns) == 1:
        only, evaluate = columns[0]
        return lambda row: _part(only, evaluate, row) + ending
    return lambda row: (
        BETWEEN.join(escaped(_part(column, evaluate, row)) for column, evaluate in columns) + ending
    )


def escaped(part: str) -> str:
    """Return a part of an id without the sign that stands between parts."""
    for sign, escape in ESCAPES:
        part = part.replace(sign, escape)
    return part


def _part(column: str, evaluate: Evaluate, row: Row) -> str:
    try:
        part = as_text(evaluate(row))
    except ValueRefusedError as error:
        error.column = column
        raise
    if part is None:
        raise ValueRefusedError(
            "is empty, and the event's id is made of it",
            "fill it in, or name other columns as `id`",
            column,
        )
    return part
