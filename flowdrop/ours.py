"""FLOWDROP_HOME belongs to its owner alone: wallets, passwords and people's logs are there.

Whatever flowdrop or a part of it writes, nobody else may read (umask 077). A folder that another
user owns or may write to is refused, since they could plant what we then trust; so is a link
inside, with which they could make us write elsewhere.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UMASK = 0o077
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
OTHERS = stat.S_IRWXG | stat.S_IRWXO
INNER = ("data", "logs", "run")  # folders whose own entries are checked as well


def keep_to_ourselves() -> None:
    """Let nobody else read what this process and its children write."""
    os.umask(UMASK)


def require_ours(home: Path) -> None:
    """Return if there is no `home` yet, or nobody else controls any of it.

    Raises:
        click.ClickException: naming what belongs to another, or is a link.
    """
    require_own_folder(home)
    for folder in (home, *(home / name for name in INNER)):
        for path in _entries(folder):
            _require(home, path)


def require_own_folder(home: Path) -> None:
    """Return if there is no `home` yet, or it is our own, whatever is inside; close it to others.

    Raises:
        click.ClickException: when it is a link, belongs to another, or others may write to it.
    """
    _require(home, home)
    if home.is_dir() and home.stat().st_mode & OTHERS:
        home.chmod(home.stat().st_mode & ~OTHERS)


def open_ours(path: Path, flags: int) -> int:
    """Open a file of ours with `flags`, creating it if they say so; a link is not followed."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _require(home: Path, path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if fault := _fault(found, folder=path == home):
        raise click.ClickException(f"FLOWDROP_HOME {home} is not used: {path} {fault}")


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return


def _fault(found: os.stat_result, *, folder: bool) -> str:
    if stat.S_ISLNK(found.st_mode):
        return "is a link, which is not followed; put the folder itself there, or name another"
    if found.st_uid != os.geteuid():
        return f"belongs to another user ({found.st_uid}); name a folder of your own"
    if folder and found.st_mode & OTHERS_WRITE:
        return "can be written to by others; `chmod go-w` it, once you have checked what is in it"
    return ""
