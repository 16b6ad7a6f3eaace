"""What keeps a running part from its work: no room on the disk, or what the feed reports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flowdrop.room import feed_room, intake_room

if TYPE_CHECKING:
    from pathlib import Path

FEEDS = "run/feed.trouble.json"  # written by streams/feed/trouble.py


def troubles(home: Path) -> dict[str, list[str]]:
    """Return sentences by part."""
    said = list(_feeds(home / FEEDS).values())
    if (words := feed_room().missing()) and words not in said:
        said.append(words)
    intake = intake_room().missing()
    return {"feed": list(dict.fromkeys(said)), "worker": [intake] if intake else []}


def _feeds(path: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found
