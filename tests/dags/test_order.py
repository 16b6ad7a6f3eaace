"""`dag.test()` of each DAG: its commands in order, for the day; one that fails ends the run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from local.airflow.service import database_template
from tests.dags.test_dags import DAGS, DAY, ORDER

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]

# Says what it was called with; fails with a sentence where the test asks for it.
FLOWDROP = """#!/bin/sh
echo "$@" >> "$CALLED"
case "$*" in
  alerts*) ;;
  "models due"*) test -z "$NOT_DUE" || { echo "a model is not due"; exit 99; } ;;
  *"$FAILS"*) echo "progress"; echo "Error: there is nothing to score" >&2; exit 1 ;;
esac
"""

RUN = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from airflow.dag_processing.dagbag import BundleDagBag
bag = BundleDagBag(dag_folder=sys.argv[1], bundle_path=Path(sys.argv[1]), bundle_name="dags")
states = {}
for name in sys.argv[3:]:
    dag = bag.dags[name]
    for task in dag.tasks:
        task.retries = 0
    states[name] = str(dag.test(logical_date=datetime.fromisoformat(sys.argv[2])).state.value)
print(json.dumps(states))
"""


def run(
    home: Path, *dags: str, fails: str = "no such words", not_due: str = ""
) -> tuple[dict[str, str], list[str]]:
    """Run DAGs for the day; return their states, and what `flowdrop` was called with."""
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "flowdrop").write_text(FLOWDROP)
    (home / "bin" / "flowdrop").chmod(0o700)
    (home / "airflow.db").write_bytes(database_template().read_bytes())
    called = home / "called"
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(DAGS), f"{DAY}T00:00:00+00:00", *dags],
        env=os.environ
        | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "CALLED": str(called),
            "FAILS": fails,
            "NOT_DUE": not_due,
            "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    states: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return states, called.read_text().splitlines()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], list[str]]:
    return run(tmp_path_factory.mktemp("airflow") / "home", *ORDER)


def test_each_dag_runs_its_commands_in_order(ran: tuple[dict[str, str], list[str]]) -> None:
    states, called = ran
    assert states == dict.fromkeys(ORDER, "success")
    assert called == [
        f"features check --as-of {DAY}",
        f"features build --as-of {DAY} --purpose scoring",
        f"audience score --as-of {DAY}",
        f"audience freeze redeemers-{DAY} --as-of {DAY} --top 500",
        f"models due --as-of {DAY}",
        f"features build --as-of {DAY} --purpose training",
        f"models train --as-of {DAY}",
        f"models evaluate --as-of {DAY}",
        f"models register --as-of {DAY}",
        f"drop measure --as-of {DAY}",
        f"drop stops --as-of {DAY}",
        "reconcile",
        f"ledger due --at {DAY} --send --yes",
    ]


def test_what_fails_is_an_alert_in_its_own_words(tmp_path: Path) -> None:
    states, called = run(tmp_path / "home", "score_users", fails="audience score")
    assert states == {"score_users": "failed"}
    assert [words.split()[1] for words in called] == ["check", "build", "score", "add"]
    alert = called[-1]
    assert alert.startswith(f"alerts add --dag score_users --task score --partition {DAY} --run ")
    assert "--words there is nothing to score --todo run `flowdrop audience score" in alert


def test_a_day_on_which_no_model_is_due_trains_none_and_is_no_failure(tmp_path: Path) -> None:
    states, called = run(tmp_path / "home", "train_models", not_due="yes")
    assert states == {"train_models": "success"}
    assert called == [f"models due --as-of {DAY}"]
