"""What a program's file says of its reserve: a statement in coins, and when it binds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from console.programs import values_of

if TYPE_CHECKING:
    from pathlib import Path


def reserve(programs: Path, program: str) -> int | None:
    """Return the coins that the reserve of `program` backs; none when its file sets none.

    Raises:
        click.ClickException: when the file can't be read, or the reserve is no number of coins.
    """
    path, values = values_of(programs, program)
    found = values.get("compliance", {}).get("reserve", {}).get("coins")
    if found is None or (type(found) is int and found >= 0):
        return found
    raise click.ClickException(
        f"{path}: compliance.reserve.coins = {found!r}; write whole coins, such as 1_000_000"
    )


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
