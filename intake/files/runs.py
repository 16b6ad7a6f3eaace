"""What was imported: one small file a run, so that it can be looked at and taken back."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from datetime import datetime  # noqa: TC003 - read by msgspec
from hashlib import blake2b
from typing import TYPE_CHECKING

import click
import msgspec

from flowdrop.places import home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = "imports"
NAME_BYTES = 6


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """An import: the same file by the same mapping is the same run.

    `last` is the time of its last event. `undone_at` is when it was begun to be taken back.
    `since` is where the topics of results ended before it was begun, by their ids.
    """

    run: str
    feed: str
    file: str
    digest: str
    mapping: str  # the text of the mapping file
    events: int
    rejected: int
    last: datetime
    begun: datetime
    since: dict[str, list[int]] = {}
    complete: bool = False
    undone_at: datetime | None = None
    undone: bool = False

    def save(self) -> None:
        """Write it down."""
        path = _path(self.run)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        other = path.with_suffix(f".{os.getpid()}")
        other.touch(mode=0o600)
        other.write_bytes(msgspec.json.format(msgspec.json.encode(self)))
        other.replace(path)


def name_of(feed: str, mapping: str, digest: str) -> str:
    """Return the name of the run of a file by a mapping."""
    content = f"{mapping}\n{digest}".encode()
    mark = blake2b(content, digest_size=NAME_BYTES).hexdigest()
    told = "".join(sign if sign.isalnum() else "-" for sign in feed)[:40]
    return f"{told}-{mark}"


def runs() -> list[Run]:
    """Return every run, the newest first."""
    found = [_read(path) for path in (home() / FOLDER).glob("*.json")]
    return sorted(found, key=lambda run: run.begun, reverse=True)


def find(name: str) -> Run | None:
    """Return the run of a name, None if there is none."""
    path = _path(name)
    return _read(path) if path.exists() else None


def named(name: str) -> Run:
    """Return the run of a name.

    Raises:
        click.ClickException: when there is none; the sentence names those there are.
    """
    for run in (known := runs()):
        if run.run == name:
            return run
    names = ", ".join(run.run for run in known[:5]) or "none yet"
    raise click.ClickException(f"there is no import {name!r}; there are: {names}")


@contextmanager
def alone(path: Path, mapping: str) -> Iterator[Path]:
    """Keep others from importing the same file by the same mapping meanwhile.

    Gives the folder where its records may lie; what a run that was killed left there is removed by
    the next.

    Raises:
        click.ClickException: when another process is at it.
    """
    name = name_of("records", mapping, str(path.resolve()))
    folder = home() / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise click.ClickException(
                f"{path} is being imported by another process; wait until that has ended"
            ) from error
        yield folder / name


def _path(name: str) -> Path:
    return home() / FOLDER / f"{name}.json"


def _read(path: Path) -> Run:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Run)
    except (OSError, msgspec.DecodeError) as error:
        raise click.ClickException(f"{path} can't be read; remove it, and import again") from error
