"""A folder of its own for `flowdrop up`, and commands that use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class Home:
    """A folder in which `flowdrop up` starts parts."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.env = {
            **{name: text for name, text in os.environ.items() if "FLOWDROP" not in name},
            "FLOWDROP_HOME": str(place),
            "FLOWDROP_CONFIG": str(place / "none.toml"),
        }

    def run(self, *command: str, status: int = 0, typed: str = "") -> str:
        """Run a command, which must end with `status`; return what it printed, errors last.

        Args:
            command: its words, without `flowdrop`.
            status: with which it ends.
            typed: what somebody types, such as an agreement.
        """
        done = subprocess.run(
            [sys.executable, "-m", "flowdrop", *command],
            env=self.env,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout + done.stderr * bool(status)

    def engine(self) -> dict[str, Any]:
        rows = json.loads(self.run("status", "--json"))
        return next(row for row in rows if row["part"] == "clickhouse")

    def url(self, setting: str) -> str:
        lines = (self.place / "addresses.toml").read_text().splitlines()
        return next(line for line in lines if line.startswith(f"{setting} = ")).split('"')[1]
