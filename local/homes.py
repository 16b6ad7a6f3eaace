"""The folders that `flowdrop up` has been used with, so that `status` can name them elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

from local.environment import cache_folder, exclusive, write_whole
from local.folder import MARK

NAME = "homes.json"
KEPT_MAX = 20


def remember(home: Path) -> None:
    """Note that `home` is used, newest last."""
    place = cache_folder() / NAME
    with exclusive(place.with_suffix(".lock")):
        others = [path for path in _noted(place) if path != home]
        kept = [*others, home][-KEPT_MAX:]
        write_whole(place, json.dumps([str(path) for path in kept], indent=1) + "\n")


def known() -> list[Path]:
    """Return the folders that are still flowdrop's, newest first."""
    noted = reversed(_noted(cache_folder() / NAME))
    return [path for path in noted if _is_ours(path)]


def _is_ours(path: Path) -> bool:
    try:
        return (path / MARK).is_file()
    except OSError:  # another user's, of an installation that several share
        return False


def _noted(place: Path) -> list[Path]:
    """Return what was noted; an unreadable note counts as none."""
    try:
        return [Path(text) for text in json.loads(place.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []
