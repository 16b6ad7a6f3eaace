"""Disk space: who stops taking in before it is full, and how that is reported.

Kafka and ClickHouse on one machine share a disk, and neither survives a full one well. So below one
threshold the feed waits, since what it would store is in Kafka already; below a lower one workers
wait, and publishing is refused. All check for themselves and continue when there is room.
"""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import click
from pydantic import Field

from flowdrop.places import PREFIX, home
from flowdrop.settings import Settings, load

if TYPE_CHECKING:
    from pathlib import Path

MB = 1_000_000
LOOK_SECONDS = 0.5  # writers fill a few hundred MB per second at most
MORE = 1.05  # resumes at a little more room, so that it does not flap


class RoomSettings(Settings):
    """How much of the disk stays free."""

    feed_free_mb: int = Field(
        1_500, ge=0, description="with less free on FLOWDROP_HOME's disk the feed waits"
    )
    intake_free_mb: int = Field(
        750, ge=0, description="with less free there workers wait, and publishing is refused"
    )


def free_bytes(folder: Path) -> int:
    """Return the free space on the disk of `folder`, which need not exist yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


class Room:
    """Whether there is room to continue, checked at most every `LOOK_SECONDS`.

    Args:
        setting: name of the threshold; the sentence names it.
        free_mb: the threshold.
        folder: whose disk is checked.
    """

    def __init__(self, setting: str, free_mb: int, folder: Path) -> None:
        self._setting = setting
        self._least_bytes = free_mb * MB
        self._folder = folder
        self._looked = float("-inf")
        self._words = ""

    def missing(self) -> str:
        """Return what keeps us from continuing, in words; "" while there is room."""
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self._words = self._look()
        return self._words

    def _look(self) -> str:
        free = free_bytes(self._folder)
        if free >= self._least_bytes * (MORE if self._words else 1):
            return ""
        return (
            f"the disk of {self._folder} has {free // MB:,} MB free, less than "
            f"{PREFIX}{self._setting.upper()} = {self._least_bytes // MB:,}: waiting for room"
        )


def feed_room() -> Room:
    """Return what the feed waits for."""
    return Room("feed_free_mb", load(RoomSettings).feed_free_mb, home())


def intake_room() -> Room:
    """Return what workers wait for, and publishers are refused without."""
    return Room("intake_free_mb", load(RoomSettings).intake_free_mb, home())


def require_room(room: Room) -> None:
    """Refuse to publish while there is no room.

    Raises:
        click.ClickException: with the reason, and what to do.
    """
    if words := room.missing():
        raise click.ClickException(
            f"{words.rpartition(':')[0]}: nothing more is published; make room, then run it again"
        )
