"""Past days are filled in by the real scheduler, and a scheduled run that fails is an alert.

`FLOWDROP_BACKFILL_DAYS=30 pytest tests/dags/test_schedule.py` fills in a month.
"""

from __future__ import annotations

import os
import subprocess
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

from console.alerts.store import listing
from console.database import open_database
from console.drops.launch import launch
from console.drops.measuring import kept
from local import processes
from local.airflow.service import Airflow, airflow_command
from local.environment import part_environment
from local.ports import free_port
from tests.console.test_drop_measuring import LAX, buy, create
from tests.console.world import NOW, Wire, World, new_world
from tests.dags.test_dags import DAGS

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.airflow, pytest.mark.clickhouse, pytest.mark.timeout(3000)]

DAYS = int(os.environ.get("FLOWDROP_BACKFILL_DAYS", "3"))
BEGIN = NOW - timedelta(days=60)  # Airflow fills in no day that is to come
FIRST = BEGIN.date() + timedelta(days=2)  # the first day by which a whole one is over
PEOPLE = [f"p:{n}" for n in range(400)]
MONDAY = date(2017, 10, 30)


@pytest.fixture(scope="module")
def place(
    clickhouse: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Airflow, World]]:
    """A real Airflow over a real warehouse, in which a drop without an end runs."""
    home = tmp_path_factory.mktemp("home")
    world = new_world(clickhouse)
    database = f"sqlite:///{home / 'console.sqlite'}"
    world.open(PEOPLE)
    world.audience("all", PEOPLE)
    with Session(open_database(database)) as session:
        create(session, world, "spring", BEGIN, planned_end=None)
        wire = Wire()
        launch(session, world.client, "spring", publisher=wire, who="ann", now=BEGIN, policy=LAX)
    world.take(wire.events())
    buy(world, PEOPLE[::7], now=BEGIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOWDROP_CLICKHOUSE", world.url)
        patch.setenv("FLOWDROP_CLICKHOUSE_FEED", world.url)
        patch.setenv("FLOWDROP_DATABASE", database)
        patch.setenv("FLOWDROP_SCORE_FIRST", str(MONDAY))
        patch.setenv("FLOWDROP_SCORE_LAST", str(MONDAY))
        airflow = Airflow(home, free_port(), DAGS)
        parts = airflow.parts()
        for part in parts:
            processes.start(part)
        processes.wait_ready(*parts)
        yield airflow, world
        for part in reversed(parts):
            processes.stop(part)


def test_past_days_are_filled_in_each_once(place: tuple[Airflow, World]) -> None:
    airflow, world = place
    airflow.client.pause("measure_drops", paused=False)
    last = FIRST + timedelta(days=DAYS - 1)
    days = ["--from-date", str(FIRST), "--to-date", str(last), "--max-active-runs", "2"]
    done = subprocess.run(
        [*airflow_command(), "backfill", "create", "--dag-id", "measure_drops", *days],
        env=part_environment(airflow.home, {"AIRFLOW_HOME": str(airflow.folder)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    filled = {
        run["partition_key"]: run["dag_run_id"]
        for run in airflow.client.runs("measure_drops")
        if run["run_type"] == "backfill"
    }
    assert sorted(filled) == [str(FIRST + timedelta(days=n)) for n in range(DAYS)]
    for run in filled.values():
        assert list(airflow.client.watch("measure_drops", run))[-1].state == "success"
    found = {one.as_of: one for one in kept(world.client)}
    for number in range(DAYS):
        assert found[FIRST + timedelta(days=number)].day == number + 1


def test_a_scheduled_run_that_fails_is_an_alert_in_words(place: tuple[Airflow, World]) -> None:
    airflow, world = place
    run = airflow.client.scheduled("train_models", MONDAY)
    assert run.startswith("scheduled__")
    assert list(airflow.client.watch("train_models", run))[-1].state in {
        "failed",
        "upstream_failed",
    }
    (alert,) = [one for one in listing(world.client) if one.dag == "train_models"]
    assert (alert.task, alert.partition, alert.run, alert.attempt) == (
        "build",
        str(MONDAY),
        run,
        3,
    )
    assert alert.words.startswith("there are no purchases for program 'liuliangbao'")
    assert f"`flowdrop features build --as-of {MONDAY} --purpose training`" in alert.todo
