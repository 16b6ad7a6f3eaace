"""A copy of the tree, and what a section of `docs/extending.md` has one do to it, step by step.

A block of a section is for a file: `path` alone, and it goes to the file's end; or in `path`, after
or before the one line that begins as is said. The `sh` block that follows says how to see that the
step is done.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "extending.md"
ROOMS = ("console", "docs", "features", "flowdrop", "local", "programs", "sql", "streams", "tests")
BLOCK = re.compile(
    r"^(?:(?:In `(?P<inside>[^`]+)`, (?P<side>after|before) the line (?P<tick>`+)(?P<line>.+?)"
    r"(?P=tick)|`(?P<path>[\w/.-]+)`):\n\n)?```(?P<lang>\w+)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


class Edit(NamedTuple):
    """Text for a file: at its end, or beside the line that begins like `line`."""

    path: str
    text: str
    side: str = ""
    line: str = ""


class Step(NamedTuple):
    """What to write, and the commands that tell whether it is done."""

    edits: tuple[Edit, ...]
    commands: tuple[str, ...]


def section(title: str) -> str:
    """Return what the page says under a heading."""
    text = PAGE.read_text(encoding="utf-8")
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def steps(said: str) -> list[Step]:
    """Return the steps of a section; each ends with its commands."""
    found, edits = [], []
    for block in BLOCK.finditer(said):
        path = block["inside"] or block["path"]
        if path is not None:
            edits.append(Edit(path, block["text"], block["side"] or "", block["line"] or ""))
        elif block["lang"] == "sh":
            found.append(Step(tuple(edits), tuple(block["text"].splitlines())))
            edits = []
    assert not edits, "no commands tell whether the last step is done"
    return found


class Tree:
    """A copy of the product and its tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: list[str] = []
        for room in ROOMS:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / room, folder / room, ignore=ignored)
        for name in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / name, folder)
        self.env = {
            **{key: value for key, value in os.environ.items() if "PYTEST" not in key},
            "PYTHONPATH": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "FLOWDROP_HOME": str(folder / "home"),
        }

    def write(self, edit: Edit) -> None:
        """Write what an edit says, where it says."""
        path = self.folder / edit.path
        if edit.path not in self.written:
            self.written.append(edit.path)
        if not edit.side:
            with path.open("a", encoding="utf-8") as file:
                file.write(edit.text)
            return
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        (at,) = (n for n, line in enumerate(lines) if line.startswith(edit.line))
        lines.insert(at + (edit.side == "after"), edit.text)
        path.write_text("".join(lines), encoding="utf-8")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the copy with these words."""
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def do(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the page in the copy."""
        program, *words = shlex.split(command)
        if program == "python":
            more = ["-p", "no:cacheprovider", "-q"] if words[1] == "pytest" else []
            return self.run(*words, *more)
        assert program == "flowdrop", command
        return self.run("-m", "flowdrop", *words)
