"""A part that is killed comes back by itself, on its port, while others wait for it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import psutil
import pytest

from sql.client import connect
from tests.local.home import Home
from tests.stack import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.clickhouse, pytest.mark.timeout(300)]

# Row by row: the engine refuses to sleep longer than three seconds in a block.
WAITING = "SELECT sleepEachRow(1) FROM numbers(60) SETTINGS max_block_size = 1"
RUNNING = "SELECT count() FROM system.processes WHERE query LIKE 'SELECT sleepEachRow%'"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path / "home")
    try:
        made.run("up", "clickhouse")
        yield made
    finally:
        made.run("down")


def test_an_engine_that_is_killed_is_started_again(home: Home) -> None:
    supervisor = psutil.Process(home.engine()["pid"])
    [engine] = supervisor.children()
    failed: list[Exception] = []

    def wait() -> None:
        try:
            connect(home.url("clickhouse")).query(WAITING)
        except Exception as error:  # noqa: BLE001 - whatever it is told
            failed.append(error)

    waiting = [threading.Thread(target=wait) for _ in range(3)]
    for one in waiting:
        one.start()
    admin = connect(home.url("clickhouse_admin"))
    wait_for(lambda: admin.query(RUNNING).first_row[0] == 3, "the queries that wait", 120)
    engine.kill()
    for one in waiting:
        one.join(60)
    assert len(failed) == 3

    again = wait_for(supervisor.children, "another engine", 120)
    assert again != [engine]
    wait_for(lambda: _tables(home), "the tables", 120)
    told = home.engine()
    assert (told["state"], told["restarts"]) == ("running", 1)
    assert told["last_reason"] == "killed by SIGKILL"


def _tables(home: Home) -> list[str]:
    """Return the tables that the migrations made; none while nobody answers."""
    done = subprocess.run(
        [sys.executable, "-m", "flowdrop", "sql", "run", "feed/tables", "--json"],
        env=home.env,
        capture_output=True,
        text=True,
        check=False,
    )
    return [row["name"] for row in json.loads(done.stdout)] if done.returncode == 0 else []


def test_the_passwords_are_the_owners_alone(home: Home) -> None:
    file = home.place / "addresses.toml"
    assert file.stat().st_mode & 0o077 == 0
    shown = home.run("settings", "--json")
    for setting in ("clickhouse", "clickhouse_feed", "clickhouse_admin"):
        password = home.url(setting).split(":")[2].partition("@")[0]
        assert len(password) == 64
        assert password not in shown
        assert password not in home.run("status", "--json")
        supervisor = psutil.Process(home.engine()["pid"])
        for process in (supervisor, *supervisor.children()):
            assert password not in " ".join(process.cmdline())
