"""The DAG parses in real Airflow, and its tasks are real commands in the right order."""

from __future__ import annotations

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
ORDER = ["build", "train", "evaluate", "register", "score", "freeze"]

# In a process of its own: Airflow sets up a home, logging and plugins as it is imported.
PARSE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=sys.argv[1])
dag = bag.dags[sys.argv[2]]
print(json.dumps({
    "errors": bag.import_errors,
    "dags": sorted(bag.dags),
    "schedule": dag.schedule,
    "catchup": dag.catchup,
    "max_active_runs": dag.max_active_runs,
    "doc": bool(dag.doc_md),
    "tasks": [
        {"id": task.task_id, "after": sorted(task.upstream_task_ids), "command": task.bash_command,
         "retries": task.retries, "append_env": task.append_env}
        for task in dag.topological_sort()
    ],
}))
"""


def parse(home: Path, dag: str = "score_users", **settings: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(DAGS), dag],
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
    return result


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return parse(tmp_path_factory.mktemp("airflow"))


@pytest.mark.parametrize("nothing", ["", " "])
def test_empty_settings_are_unset_ones(tmp_path: Path, nothing: str) -> None:
    """They began five hundred runs, from 2017 on."""
    found = parse(tmp_path, FLOWDROP_SCORE_FIRST=nothing, FLOWDROP_SCORE_LAST=nothing)
    assert found["errors"] == {}
    assert found["catchup"] is False


def test_each_program_has_runs_of_its_own(tmp_path: Path) -> None:
    found = parse(
        tmp_path,
        "score_users_jd-flow-bank",
        FLOWDROP_SCORE_PROGRAMS=" jd-flow-bank, ali-flow-wallet,",
    )
    assert found["errors"] == {}
    assert found["dags"] == [
        "score_users",
        "score_users_ali-flow-wallet",
        "score_users_jd-flow-bank",
    ]
    for task in found["tasks"]:
        program, *words = shlex.split(task["command"].replace("{{ ds }}", "2017-10-30"))
        words = ["5" if "params" in word else word for word in words if word not in {"{{", "}}"}]
        assert program == "flowdrop"
        assert _parse(words)["program"] == "jd-flow-bank"


def test_airflow_reads_the_file_without_an_error(parsed: dict[str, Any]) -> None:
    assert parsed["errors"] == {}


def test_it_runs_weekly_one_at_a_time_and_does_not_catch_up(parsed: dict[str, Any]) -> None:
    assert parsed["schedule"] == "0 0 * * 1"
    assert parsed["catchup"] is False
    assert parsed["max_active_runs"] == 1
    assert parsed["doc"]


def test_the_tasks_follow_each_other(parsed: dict[str, Any]) -> None:
    tasks = parsed["tasks"]
    assert [task["id"] for task in tasks] == ORDER
    assert [task["after"] for task in tasks] == [[], *([name] for name in ORDER[:-1])]
    assert all(task["retries"] == 2 and task["append_env"] for task in tasks)


@pytest.mark.parametrize("name", ORDER)
def test_each_task_is_one_real_command_for_the_date(parsed: dict[str, Any], name: str) -> None:
    command = next(task["command"] for task in parsed["tasks"] if task["id"] == name)
    filled = command.replace("{{ ds }}", "2017-10-30").replace("{{ params.top }}", "500")
    assert "{{" not in filled
    program, *words = shlex.split(filled)
    assert program == "flowdrop"
    values = _parse(words)
    assert values["as_of"].isoformat() == "2017-10-30"
    if name == "freeze":
        assert (values["name"], values["top"]) == ("redeemers-2017-10-30", 500)


def _parse(words: list[str]) -> dict[str, Any]:
    """Parse as the command line does, to the last option, without running anything."""
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group):
        _, command, words = command.resolve_command(context, words)  # type: ignore[assignment]
        context = click.Context(command, parent=context)
    return command.make_context(command.name, words, parent=context.parent).params


def test_the_file_imports_only_airflow_and_the_standard_library() -> None:
    roots = {
        line.split()[1].partition(".")[0]
        for line in (DAGS / "score_users.py").read_text().splitlines()
        if line.startswith(("import ", "from "))
    }
    assert roots <= {"airflow", *sys.stdlib_module_names}
