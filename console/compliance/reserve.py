"""The reserve that a program's file sets against its coins, `compliance.reserve.coins`."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path


def reserve(programs: Path, program: str) -> int | None:
    """Return the coins that the reserve of `program` backs; none when its file sets none.

    Raises:
        click.ClickException: when the file can't be read, or the reserve is no number of coins.
    """
    path = programs / f"{program}.toml"
    if not path.exists():
        return None
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.ClickException(f"{path}: {error}; a program is a TOML file in UTF-8") from error
    found = values.get("compliance", {}).get("reserve", {}).get("coins")
    if found is None or (type(found) is int and found >= 0):
        return found
    raise click.ClickException(
        f"{path}: compliance.reserve.coins = {found!r}; write whole coins, such as 1_000_000"
    )
