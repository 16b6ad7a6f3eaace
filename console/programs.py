"""What the programs' files say, as reports and pages need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from streams.programs import Program


def program_of(programs: Path, name: str) -> Program | None:
    """Return the program of the file `name`.toml in the folder `programs`, None without a file.

    Raises:
        ProgramError: when the file can't be read, or a value is not what it must be.
    """
    from streams.programs import read

    path = programs / f"{name}.toml"
    return read(path) if path.exists() else None


def title(programs: Path, name: str, lang: str) -> str:
    """Return what people call a program, in `zh` or `en`; its name where no file can say."""
    try:
        program = program_of(programs, name)
    except click.ClickException:
        return name
    return name if program is None else str(getattr(program.title, lang, name))
