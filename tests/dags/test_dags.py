"""The DAGs parse in real Airflow, keep the policy, and their tasks are real commands in order."""

from __future__ import annotations

import ast
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from flowdrop.cli import main

DAGS = Path(__file__).parents[2] / "dags"
DAY = "2017-10-30"
ORDER = {
    "score_users": ["check", "build", "score", "freeze"],
    "train_models": ["due", "build", "train", "evaluate", "register"],
    "measure_drops": ["measure", "stops"],
    "reconcile_ledger": ["reconcile"],
    "ledger_due": ["send"],
}
CRON = {
    "score_users": "0 0 * * *",
    "train_models": "0 0 * * *",
    "measure_drops": "0 0 * * *",
    "reconcile_ledger": "0 * * * *",
    "ledger_due": "0 0 * * *",
}

# In a process of its own: Airflow sets up a home, logging and plugins as it is imported.
PARSE = """
import json, sys
from pathlib import Path
from airflow.dag_processing.dagbag import BundleDagBag
bag = BundleDagBag(dag_folder=sys.argv[1], bundle_path=Path(sys.argv[1]), bundle_name="dags")
print(json.dumps({"errors": bag.import_errors, "dags": {
    name: {
        "cron": dag.schedule.expression,
        "partitioned": type(dag.schedule).__name__,
        "start": str(dag.start_date), "end": str(dag.end_date),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "timeout": dag.dagrun_timeout.total_seconds(),
        "tags": sorted(dag.tags),
        "doc": dag.doc_md or "",
        "tasks": [
            {"id": task.task_id, "after": sorted(task.upstream_task_ids), "command": task.command,
             "retries": task.retries, "owner": task.owner,
             "timeout": task.execution_timeout.total_seconds(),
             "alerts": [call.__name__ for call in task.on_failure_callback],
             "leaves": [asset.name for asset in task.outlets]}
            for task in dag.topological_sort()
        ],
    } for name, dag in bag.dags.items()
}}))
"""


def parse(home: Path, **settings: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(DAGS)],
        env=os.environ
        | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        }
        | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert result["errors"] == {}
    found: dict[str, Any] = result["dags"]
    return found


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return parse(tmp_path_factory.mktemp("airflow"))


@pytest.mark.parametrize("nothing", ["", " "])
def test_empty_settings_are_unset_ones(tmp_path: Path, nothing: str) -> None:
    """They began five hundred runs, from 2017 on."""
    found = parse(tmp_path, FLOWDROP_SCORE_FIRST=nothing, FLOWDROP_SCORE_LAST=nothing)
    assert [dag["catchup"] for dag in found.values()] == [False] * len(ORDER)


def test_past_mondays_are_caught_up_by_the_dags_of_models(tmp_path: Path) -> None:
    found = parse(tmp_path, FLOWDROP_SCORE_FIRST="2017-10-23", FLOWDROP_SCORE_LAST="2017-10-30")
    for name in ("score_users", "train_models"):
        assert found[name]["cron"] == "0 0 * * 1"
        assert found[name]["catchup"] is True
        assert found[name]["tasks"][0]["id"] == "build", "nobody can say how late a replay is"
        assert (found[name]["start"][:10], found[name]["end"][:10]) == ("2017-10-23", "2017-10-30")
    assert not found["measure_drops"]["catchup"]


def test_each_program_has_runs_of_its_own(tmp_path: Path) -> None:
    found = parse(tmp_path, FLOWDROP_SCORE_PROGRAMS=" jd-flow-bank, ali-flow-wallet,")
    programs = ("jd-flow-bank", "ali-flow-wallet")
    own = {f"{dag}_{name}" for dag in ("score_users", "train_models") for name in programs}
    assert found.keys() == {*ORDER, *own}
    for dag in own:
        for task in found[dag]["tasks"]:
            assert _values(task["command"])["program"] == dag.rpartition("_")[2]


def test_there_are_these_and_no_others(parsed: dict[str, Any]) -> None:
    assert parsed.keys() == ORDER.keys()


@pytest.mark.parametrize("name", ORDER)
def test_a_dag_keeps_the_policy(parsed: dict[str, Any], name: str) -> None:
    dag = parsed[name]
    assert dag["cron"] == CRON[name]
    assert dag["partitioned"] == "CronPartitionTimetable"
    assert dag["catchup"] is False
    assert dag["max_active_runs"] == 1
    assert dag["timeout"] == 6 * 3600
    assert dag["tags"][:1] == ["flowdrop"] or "flowdrop" in dag["tags"]
    assert len(dag["tags"]) == 2
    assert len(dag["doc"].splitlines()[0]) > 20
    for task in dag["tasks"]:
        assert task["owner"] == "flowdrop"
        assert task["retries"] == 2
        assert 0 < task["timeout"] <= 1800
        assert task["alerts"] == ["alert"]
        assert f"| {task['id']} |" in dag["doc"] or len(dag["tasks"]) == 1


@pytest.mark.parametrize("name", ORDER)
def test_the_tasks_follow_each_other(parsed: dict[str, Any], name: str) -> None:
    tasks = parsed[name]["tasks"]
    assert [task["id"] for task in tasks] == ORDER[name]
    assert [task["after"] for task in tasks] == [[], *([one] for one in ORDER[name][:-1])]


@pytest.mark.parametrize("name", ORDER)
def test_each_task_is_one_real_command_for_the_partition(parsed: dict[str, Any], name: str) -> None:
    for task in parsed[name]["tasks"]:
        values = _values(task["command"])
        if "as_of" in values:
            assert values["as_of"].isoformat()[:10] == DAY
        if task["id"] == "freeze":
            assert (values["name"], values["top"]) == (f"redeemers-{DAY}", 500)
        if name == "ledger_due":
            assert (values["at"], values["send"], values["yes"]) == (DAY, True, True)


def test_what_a_dag_reads_another_leaves(parsed: dict[str, Any]) -> None:
    left = {
        asset: name
        for name, dag in parsed.items()
        for task in dag["tasks"]
        for asset in task["leaves"]
    }
    assert left.keys() == {
        f"flowdrop://{asset}"
        for asset in ("features", "scores", "audiences", "champion", "measurements", "ledger")
    }


def _values(command: str) -> dict[str, Any]:
    filled = command.replace("{{ partition_key or ds }}", DAY).replace("{{ params.top }}", "500")
    assert "{{" not in filled
    program, *words = shlex.split(filled)
    assert program == "flowdrop"
    return _parse(words)


def _parse(words: list[str]) -> dict[str, Any]:
    """Parse as the command line does, to the last option, without running anything."""
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group):
        _, command, words = command.resolve_command(context, words)  # type: ignore[assignment]
        context = click.Context(command, parent=context)
    return command.make_context(command.name, words, parent=context.parent).params


@pytest.mark.parametrize("path", sorted(DAGS.glob("*.py")), ids=lambda path: path.stem)
def test_a_file_imports_nothing_that_costs(path: Path) -> None:
    """What is imported on top is imported each time Airflow reads the file, every few seconds."""
    cheap = {"airflow.sdk", "airflow.sdk.exceptions", "airflow.providers.standard.hooks.subprocess"}
    known = {*sys.stdlib_module_names, "airflow_dags"}
    for node in ast.parse(path.read_text()).body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert name in cheap or name.split(".")[0] in known, name


def test_no_sql_and_nothing_but_commands(parsed: dict[str, Any]) -> None:
    for path in DAGS.glob("*.py"):
        text = path.read_text()
        assert "SELECT" not in text
        assert "clickhouse" not in text.replace("ClickHouse", "")
    for dag in parsed.values():
        assert all(task["command"].startswith("flowdrop ") for task in dag["tasks"])
