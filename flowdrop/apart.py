"""A file that a command writes is none that it reads, nor another that it writes."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def require_apart(written: Mapping[str, Path | None], read: Mapping[str, Path]) -> None:
    """Raise unless each file that is to be written is another than all others, links followed.

    Args:
        written: by the names of their options; None for one that is not asked for.
        read: by the names of their arguments.

    Raises:
        click.ClickException: naming the two.
    """
    outs = {name: path for name, path in written.items() if path is not None}
    for (name, path), (other, its) in [
        *((out, given) for out in outs.items() for given in read.items()),
        *combinations(outs.items(), 2),
    ]:
        if _is_one(path, its):
            raise click.ClickException(
                f"{name} {path} is the file of {other}, which it would overwrite; name another"
            )


def _is_one(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:  # one of them is not there yet
        return path.resolve() == other.resolve()
