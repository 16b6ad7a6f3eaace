"""When a program's file binds it to its reserve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.programs import values_of

if TYPE_CHECKING:
    from pathlib import Path


def bound(programs: Path, program: str) -> str:
    """Return when the table `reserve` of its file binds a program: `always`, dates, '' for never.

    Raises:
        click.ClickException: when the file can't be read.
    """
    _, values = values_of(programs, program)
    tables = values.get("reserve", [])
    return ", ".join(_dates(one) for one in (tables if isinstance(tables, list) else [tables]))


def _dates(table: dict[str, Any]) -> str:
    words = [f"{key} {table[key].isoformat()}" for key in ("from", "until") if key in table]
    return " ".join(words) or "always"
