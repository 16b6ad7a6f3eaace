"""Arrow's thread reads a file no longer than the process that asked for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MAPPING = """
feed = "f"
id = "a"
person = "a"
time = "b"

[[event]]
type = "visit"
fields.campaign = "'spring'"
"""
ROW = "1,2026-03-01,tea\n"
LONG_ROW = "2,2026-03-01," + "x" * 9_000_000 + "\n"
MANY = 2_000_000  # rows, which take longer to be read than a process to end


@pytest.mark.parametrize("before", [0, 1_000])
@pytest.mark.usefixtures("flowdrop_home")
def test_a_row_that_is_too_long_ends_in_one_sentence(tmp_path: Path, before: int) -> None:
    (tmp_path / "f.toml").write_text(MAPPING)
    (tmp_path / "f.csv").write_text("a,b,c\n" + ROW * before + LONG_ROW + ROW * MANY)
    done = flowdrop(tmp_path, "import", "check", "f.toml", "f.csv", "--json")
    assert done.returncode == 1, done.stderr[-2_000:]
    assert done.stdout == ""
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("Error")]
    assert done.stderr.endswith(f"{said}\n")
    assert "row 2 or one behind it has more than 4,194,304 bytes" in said.replace("1,002", "2")


@pytest.mark.usefixtures("flowdrop_home")
def test_a_file_of_which_the_beginning_is_enough(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("a,b,c\n" + ROW * MANY)
    done = flowdrop(tmp_path, "import", "guess", "f.csv")
    assert (done.returncode, done.stderr) == (0, "")


def flowdrop(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flowdrop", *words],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        cwd=folder,
        text=True,
        capture_output=True,
        check=False,
    )
