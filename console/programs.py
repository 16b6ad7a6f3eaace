"""What the programs' files say, as reports and pages need it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path


def values_of(programs: Path, program: str) -> tuple[Path, dict[str, Any]]:
    """Return a program's file and its contents, which are empty if there is none.

    Raises:
        click.ClickException: when the file can't be read.
    """
    path = programs / f"{program}.toml"
    if not path.exists():
        return path, {}
    try:
        return path, tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.ClickException(f"{path}: {error}; a program is a TOML file in UTF-8") from error


def title(programs: Path, program: str, lang: str) -> str:
    """Return a program's display name from its file; its name if the file has none."""
    try:
        titles = values_of(programs, program)[1].get("title", {})
    except click.ClickException:
        return program
    return str(titles.get(lang, program)) if isinstance(titles, dict) else program
