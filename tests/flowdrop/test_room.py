"""Room on the disk: shut below the threshold, open again a little above it, said in words."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click
import pytest

from flowdrop import room
from flowdrop.room import MB, Room, RoomSettings, free_bytes, intake_room, require_room
from flowdrop.settings import load
from streams.kafka.publish import Sender

if TYPE_CHECKING:
    from pathlib import Path


class Disk:
    """What is free, and a clock that makes every look a new one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free_mb = 1_000.0
        self.now = 0.0
        monkeypatch.setattr(room, "free_bytes", lambda _folder: int(self.free_mb * MB))
        monkeypatch.setattr(room.time, "monotonic", self._tick)

    def _tick(self) -> float:
        self.now += room.LOOK_SECONDS
        return self.now


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_it_shuts_below_the_threshold_and_opens_above_it(disk: Disk, tmp_path: Path) -> None:
    watched = Room("intake_free_mb", 500, tmp_path)
    assert watched.missing() == ""
    for free_mb, is_open in [(500, True), (499.9, False), (500, False), (524, False), (526, True)]:
        disk.free_mb = free_mb
        assert (watched.missing() == "") == is_open, free_mb
    disk.free_mb = 12.3
    assert watched.missing() == (
        f"the disk of {tmp_path} has 12 MB free, less than FLOWDROP_INTAKE_FREE_MB = 500: "
        "waiting for room"
    )
    with pytest.raises(click.ClickException, match="nothing more is published; make room"):
        require_room(watched)


def test_nothing_is_published_without_room(
    flowdrop_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWDROP_INTAKE_FREE_MB", "1000000000")
    assert str(flowdrop_home) in intake_room().missing()
    with (
        Sender("127.0.0.1:1") as sender,
        pytest.raises(click.ClickException, match="FLOWDROP_INTAKE_FREE_MB = 1,000,000,000: noth"),
    ):
        sender.send(("wallet.events", 0, b"a", b"{}"))
    assert sender.acknowledged == 0


def test_a_folder_that_is_not_there_yet_has_its_parents_disk(tmp_path: Path) -> None:
    wanted = shutil.disk_usage(tmp_path).free
    assert abs(free_bytes(tmp_path / "not" / "yet") - wanted) < 100 * MB


def test_the_feed_waits_before_anybody_else(flowdrop_home: Path) -> None:
    assert flowdrop_home
    settings = load(RoomSettings)
    assert settings.feed_free_mb > settings.intake_free_mb > 0
