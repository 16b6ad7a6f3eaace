"""A browser whose tabs really hide each other, which those that Playwright drives do not."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from typing import TYPE_CHECKING

from tests.intake.pages import ARGS

if TYPE_CHECKING:
    from pathlib import Path


class Tabs:
    """A Chromium of its own, whose tabs are opened and brought to the front over HTTP."""

    def __init__(self, chromium: Path, profile: Path) -> None:
        told = profile / "DevToolsActivePort"
        args = [*ARGS, "--headless", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
        self.process = subprocess.Popen(
            [chromium, *args, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 60
        while not told.exists() or "\n" not in told.read_text():
            assert time.monotonic() < until, "Chromium did not start"
            assert self.process.poll() is None, "Chromium ended"
            time.sleep(0.02)
        self.url = f"http://127.0.0.1:{told.read_text().split()[0]}/json"

    def open(self, url: str) -> str:
        """Open a tab in front of the others; return its name."""
        return str(json.loads(self._ask(f"new?{url}"))["id"])

    def show(self, tab: str) -> None:
        """Bring a tab to the front."""
        self._ask(f"activate/{tab}")

    def close(self) -> None:
        """End the browser."""
        self.process.terminate()
        self.process.wait(60)

    def _ask(self, path: str) -> str:
        request = urllib.request.Request(f"{self.url}/{path}", method="PUT")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return str(answer.read().decode())
