"""When a program's file binds it to its reserve."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path


def bound(programs: Path, program: str) -> str:
    """Return when the table `reserve` of its file binds a program: `always`, dates, '' for never.

    Raises:
        click.ClickException: when the file can't be read.
    """
    _, values = _values(programs, program)
    tables = values.get("reserve", [])
    return ", ".join(_dates(one) for one in (tables if isinstance(tables, list) else [tables]))


def _dates(table: dict[str, Any]) -> str:
    words = [f"{key} {table[key].isoformat()}" for key in ("from", "until") if key in table]
    return " ".join(words) or "always"


def _values(programs: Path, program: str) -> tuple[Path, dict[str, Any]]:
    """Return a program's file and what it holds, which is nothing when there is none."""
    path = programs / f"{program}.toml"
    if not path.exists():
        return path, {}
    try:
        return path, tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.ClickException(f"{path}: {error}; a program is a TOML file in UTF-8") from error
