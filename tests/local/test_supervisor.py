"""A process that ends by itself is started again; one that ends at once each time is given up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from local.supervisor import EXIT_GIVEN_UP, QUICK_DEATHS_MAX, Restarts, Supervisor, read
from tests.stack import wait_for

if TYPE_CHECKING:
    from pathlib import Path

SLEEPER = "import time; time.sleep(600)"
LAST_WORDS = """
import os, sys, pathlib
words = "fenced by " + os.environ["FLOWDROP_RESTARTS"]
pathlib.Path(os.environ["FLOWDROP_LAST_WORDS"]).write_text(words)
sys.exit(70)
"""


def supervisor(record: Path, text: str) -> Supervisor:
    return Supervisor(record, [sys.executable, "-c", text], waits=(0.0,))


def test_a_crash_loop_is_given_up_with_its_last_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "run" / "worker.restarts.json"
    record.parent.mkdir()
    assert supervisor(record, LAST_WORDS).run() == EXIT_GIVEN_UP
    last = f"fenced by {QUICK_DEATHS_MAX - 1}"
    assert read(record) == Restarts(QUICK_DEATHS_MAX - 1, last)
    assert f"given up after {QUICK_DEATHS_MAX} quick exits, the last: {last}" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("raise SystemExit(3)", "exit status 3; see its log"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL"),
    ],
)
def test_an_end_without_words_is_told_by_its_status(tmp_path: Path, text: str, reason: str) -> None:
    record = tmp_path / "restarts.json"
    supervisor(record, text).run()
    assert read(record).last_reason == reason


def test_a_killed_child_comes_back_and_sigterm_ends_both(tmp_path: Path) -> None:
    record = tmp_path / "restarts.json"
    command = [sys.executable, "-m", "local.supervisor", str(record), sys.executable, "-c", SLEEPER]
    process = subprocess.Popen(command)
    try:
        first = wait_for(lambda: child_of(process.pid), "the child")
        os.kill(first, signal.SIGKILL)
        second = wait_for(
            lambda: (now := child_of(process.pid)) and now != first and now, "the child again"
        )
        assert json.loads(record.read_text()) == {"restarts": 1, "last_reason": "killed by SIGKILL"}
        process.terminate()
        process.wait(20)
        assert not psutil.pid_exists(second)
    finally:
        process.kill()
        process.wait()


def child_of(pid: int) -> int | None:
    children = psutil.Process(pid).children()
    return children[0].pid if children else None


def test_what_cannot_be_read_is_no_restart(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    assert read(tmp_path / "broken.json") == read(tmp_path / "missing.json") == Restarts()
