"""Where the files of models are: a folder of this machine, or any place that fsspec reaches.

The setting `models` is a path, or a URL such as `s3://bucket/models`, so that a task finds on one
machine what another one wrote. Either speaks as `pathlib.Path` does.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEME = "://"


def place(models: str) -> Path:
    """Return the place that the setting `models` names.

    Raises:
        click.ClickException: when nothing here can reach such a place.
    """
    if SCHEME not in models:
        return Path(models)
    from upath import UPath

    try:
        found = UPath(models)
        found.fs  # noqa: B018 - imports what reaches it
    except (ImportError, ValueError) as error:
        raise click.ClickException(
            f"setting models: {models!r} can't be reached ({error}); install what fsspec needs for "
            f"{models.partition(SCHEME)[0]}://, or name a folder in FLOWDROP_MODELS"
        ) from error
    return cast("Path", found)


def write_whole(target: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a model to the folder `target`, replacing any there are.

    On this machine the folder is there complete or not at all. Elsewhere each file is, one after
    the other: one that is half there is not the one the registry names, and so never loaded.

    Args:
        target: the folder.
        files: contents by name.
    """
    if not isinstance(target, Path):
        target.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (target / name).write_bytes(content)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".unfinished-") as folder:
        part = Path(folder) / target.name
        part.mkdir()
        for name, content in files.items():
            (part / name).write_bytes(content)
        if target.exists():  # only ever what is not the registry's
            shutil.rmtree(target)
        part.replace(target)
