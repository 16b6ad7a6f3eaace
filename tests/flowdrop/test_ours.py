"""FLOWDROP_HOME is its owner's alone: nobody else reads it, has a hand in it, or leads us out."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from flowdrop.cli import main
from flowdrop.ours import open_ours, require_ours
from local import folder, processes
from local.environment import exclusive, write_whole
from local.secrets import make

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


def refused(home: Path) -> str:
    with pytest.raises(click.ClickException) as told:
        require_ours(home)
    return told.value.message


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_up_makes_nobody_else_may_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    folder.claim(home)
    make(home)
    text = (
        "import pathlib, sys; p = pathlib.Path(sys.argv[1]) / 'made'; p.mkdir()\n"
        "(p / 'file').write_text('x'); print('up', flush=True)"
    )
    part = processes.Part(
        name="part",
        command=lambda: [sys.executable, "-c", text, str(home)],
        home=home,
        ready=(home / "made" / "file").exists,
    )
    processes.start(part)
    processes.wait_ready(part)
    processes.stop(part)
    found = [home, *home.rglob("*")]
    assert {"flowdrop-home", "secrets.json", "part.log", "file"} <= {path.name for path in found}
    assert mode(home) == 0o700
    assert [path for path in found if path.is_file() and mode(path) & 0o077] == []
    assert mode(home / "made") == 0o700


def test_a_folder_that_was_there_is_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    folder.claim(home)
    assert mode(home) == 0o700


def test_commands_write_for_their_user_alone(flowdrop_home: Path) -> None:
    program = (
        "import click, os, pathlib, sys; from flowdrop.cli import main\n"
        "@main.command('probe')\n"
        "def probe(): pass\n"
        "os.umask(0o022); main(['settings'], standalone_mode=False)\n"
        "pathlib.Path(sys.argv[1], 'file').write_text('x')"
    )
    subprocess.run([sys.executable, "-c", program, str(flowdrop_home)], check=True)
    assert mode(flowdrop_home / "file") == 0o600


@pytest.mark.parametrize("bits", [0o770, 0o707, 0o777])
def test_a_folder_that_others_may_write_to_is_refused(flowdrop_home: Path, bits: int) -> None:
    flowdrop_home.chmod(bits)
    assert "can be written to by others; `chmod go-w` it" in refused(flowdrop_home)
    for command in (["settings"], ["up", "kafka"], ["status"]):
        shown = CliRunner().invoke(main, command)
        assert shown.exit_code == 1
        assert f"FLOWDROP_HOME {flowdrop_home} is not used" in shown.stderr
    with pytest.raises(click.ClickException):
        folder.claim(flowdrop_home)
    assert mode(flowdrop_home) == bits, "it is not ours to mend"


@needs_root
@pytest.mark.parametrize("name", ["", "data", "run/lock", "console.sqlite"])
def test_what_belongs_to_another_is_refused(tmp_path: Path, name: str) -> None:
    place = tmp_path / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if name:
        place.touch()
    os.chown(place, NOBODY, -1)
    assert f"{place} belongs to another user ({NOBODY})" in refused(tmp_path)


@needs_root
def test_another_user_is_refused_our_folder() -> None:
    program = (
        "import os, pathlib, sys; from flowdrop.ours import require_ours; os.setuid(65534)\n"
        "require_ours(pathlib.Path(sys.argv[1]))"
    )
    with tempfile.TemporaryDirectory() as home:  # pytest's folders are closed to others
        done = subprocess.run(
            [sys.executable, "-c", program, home], capture_output=True, text=True, check=False
        )
    assert "belongs to another user (0)" in done.stderr


@pytest.mark.parametrize("name", ["data", "logs", "data/kafka", "run/lock", "secrets.json", ".new"])
def test_a_link_inside_is_refused_by_name(tmp_path: Path, name: str) -> None:
    home = tmp_path / "home"
    (home / name).parent.mkdir(parents=True)
    (home / name).symlink_to(tmp_path / "elsewhere")
    assert f"{home / name} is a link, which is not followed" in refused(home)


def test_a_link_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "real")
    assert "is a link" in refused(tmp_path / "home")


def test_no_file_is_written_through_a_link(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("theirs")
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(OSError, match="Too many levels"):
        open_ours(link, os.O_WRONLY | os.O_CREAT)
    with pytest.raises(OSError, match="Too many levels"), exclusive(link):
        pass
    write_whole(link, "ours")
    assert (target.read_text(), link.read_text()) == ("theirs", "ours")
    assert not link.is_symlink()
