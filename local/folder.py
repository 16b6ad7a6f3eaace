"""The one folder that everything is kept in: created, recognised, checked for space, wiped."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click

from flowdrop.ours import require_own_folder
from local.environment import write_whole

if TYPE_CHECKING:
    from pathlib import Path

MARK = "flowdrop-home"
FORMAT = "format 3"  # of the ledger's records; a test compares it with `streams/ledger/accounts.py`
MARK_TEXT = f"flowdrop keeps its data here; `flowdrop reset` wipes this folder.\n{FORMAT}\n"
FREE_BYTES_MIN = 2 * 1024**3

# What other commands may have written to the default folder before the first `flowdrop up`.
DEFAULT_NAME = ".flowdrop"
EARLY = {"console.sqlite", "faust", "models", "run"}


def prepare(home: Path) -> None:
    """Make `home` ours, or check that it is, and that there is room.

    Raises:
        click.ClickException: when it holds files that flowdrop did not write, or data of another
            version, can't be written, or when the disk is too full.
    """
    _refuse_other_format(home)
    claim(home)
    free = shutil.disk_usage(home).free
    if free < FREE_BYTES_MIN:
        raise click.ClickException(
            f"{home} has {free / 1e9:.1f} GB free, flowdrop needs {FREE_BYTES_MIN / 1e9:.1f} GB; "
            "make room, or set FLOWDROP_HOME to a folder on another disk"
        )


def claim(home: Path) -> None:
    """Create the folder, if there is none, and mark it as ours, unless others' files are in it.

    Nobody else may look into it from then on.
    """
    if home.exists() and not home.is_dir():
        raise click.ClickException(f"FLOWDROP_HOME {home} is not a folder; name another")
    if not is_ours(home):
        _refuse_foreign(home)
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        require_own_folder(home)
        home.chmod(0o700)  # also one that existed before us
        if not (home / MARK).is_file():  # it says which format the existing data has
            write_whole(home / MARK, MARK_TEXT)
    except OSError as error:
        raise click.ClickException(
            f"FLOWDROP_HOME {home} can't be written: {error.strerror}; name another folder"
        ) from error


def is_ours(home: Path) -> bool:
    """Return whether flowdrop made `home`, or nothing is in it."""
    if (home / MARK).is_file():
        return True
    names = {path.name for path in home.iterdir()} if home.is_dir() else set()
    return not names or (home.name == DEFAULT_NAME and names <= EARLY)


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
        # the mark goes last, so that an interrupted reset can be run again
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _refuse_other_format(home: Path) -> None:
    mark = home / MARK
    if mark.is_file() and FORMAT not in mark.read_text().splitlines():
        raise click.ClickException(
            f"{home} holds data of another version of flowdrop, which this one can't read (its "
            f"ledger has {FORMAT}); start over with `flowdrop reset`, or run the version that "
            "wrote it"
        )


def _refuse_foreign(home: Path) -> None:
    foreign = min(path.name for path in home.iterdir())
    raise click.ClickException(
        f"FLOWDROP_HOME {home} holds files that flowdrop did not write ({foreign}); "
        "name an empty folder, or one that does not exist"
    )
