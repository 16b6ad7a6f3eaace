"""The one folder that everything is kept in: made, recognised, checked for room, wiped."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

MARK = "flowdrop-home"
MARK_TEXT = "flowdrop keeps its data here; `flowdrop reset` wipes this folder.\n"
FREE_BYTES_MIN = 2 * 1024**3

# What other commands may have written before the first `flowdrop up`.
OURS = {
    "addresses.toml",
    "airflow",
    "console",
    "data",
    "faust",
    "features",
    "logs",
    "models",
    "run",
}


def prepare(home: Path) -> None:
    """Make `home` ours, or see that it is.

    Raises:
        click.ClickException: when it holds files that flowdrop did not write, can't be written,
            or when the disk is too full.
    """
    if not is_ours(home):
        _refuse_foreign(home)
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / MARK).write_text(MARK_TEXT)
    except OSError as error:
        raise click.ClickException(
            f"FLOWDROP_HOME {home} can't be written: {error.strerror}; name another folder"
        ) from error
    free = shutil.disk_usage(home).free
    if free < FREE_BYTES_MIN:
        raise click.ClickException(
            f"{home} has {free / 1e9:.1f} GB free, flowdrop needs {FREE_BYTES_MIN / 1e9:.1f} GB; "
            "make room, or set FLOWDROP_HOME to a folder on another disk"
        )


def is_ours(home: Path) -> bool:
    """Return whether flowdrop made `home`."""
    return (home / MARK).is_file()


def wipe(home: Path) -> None:
    """Delete what `home` holds, and nothing outside it: a symbolic link is not followed.

    Raises:
        click.ClickException: when `home` is not a folder that flowdrop made.
    """
    if not home.exists():
        return
    if not is_ours(home):
        raise click.ClickException(
            f"{home} was not made by flowdrop (it has no file {MARK}); nothing was deleted: "
            "set FLOWDROP_HOME to flowdrop's folder, or delete it yourself"
        )
    for path in sorted(home.iterdir(), key=lambda path: path.name == MARK):
        # the mark goes last, so that a reset that was cut short may be run again
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _refuse_foreign(home: Path) -> None:
    if home.exists() and not home.is_dir():
        raise click.ClickException(f"FLOWDROP_HOME {home} is not a folder; name another")
    foreign = sorted({path.name for path in home.glob("*")} - OURS) if home.exists() else []
    if foreign:
        raise click.ClickException(
            f"FLOWDROP_HOME {home} holds files that flowdrop did not write ({foreign[0]}); "
            "name an empty folder, or one that does not exist"
        )
