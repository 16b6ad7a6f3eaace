"""A real Airflow: its scheduler runs a DAG for a date, and its API tells each task's state."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from local import processes
from local.airflow.runs import AirflowError
from local.airflow.service import Airflow, write_config
from local.ports import free_port
from local.secrets import make

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]

DAG = """
from datetime import datetime
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, CronPartitionTimetable, PartitionedAtRuntime

with DAG(
    "probe",
    schedule=PartitionedAtRuntime(),
    start_date=datetime(2016, 1, 1),
    catchup=False,
    max_active_runs=1,
):
    first = BashOperator(
        task_id="first",
        bash_command="echo home=$FLOWDROP_HOME day={{ partition_key }}; flowdrop --help",
    )
    second = BashOperator(task_id="second", bash_command="test -f $FLOWDROP_HOME/allowed")
    first >> second

with DAG(
    "weekly",
    schedule=CronPartitionTimetable("0 0 * * 1", timezone="UTC", key_format="%Y-%m-%d"),
    start_date=datetime(2017, 10, 30),
    end_date=datetime(2017, 10, 30),
    catchup=True,
):
    BashOperator(task_id="only", bash_command="test {{ partition_key }} = 2017-10-30")
"""


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    home = tmp_path_factory.mktemp("home")
    dags = tmp_path_factory.mktemp("dags")
    (dags / "probe.py").write_text(DAG)
    airflow = Airflow(home, free_port(), dags)
    parts = airflow.parts()
    for part in parts:
        processes.start(part)
    processes.wait_ready(*parts)
    yield airflow
    for part in reversed(parts):
        assert processes.stop(part) == "stopped"


def test_a_run_of_the_real_scheduler(airflow: Airflow) -> None:
    client = airflow.client
    run = client.trigger("probe", date(2017, 10, 1))
    changes = [(task.name, task.state) for task in client.watch("probe", run)]
    assert client.run_state("probe", run) == "failed", "second misses its file"
    assert changes[-1] == ("second", "failed")
    assert ("first", "success") in changes
    assert changes.index(("first", "success")) < changes.index(("second", "failed"))

    first = client.tasks("probe", run)[0]
    log = "\n".join(client.log("probe", run, first))
    assert f"home={airflow.home} day=2017-10-01" in log
    assert "Usage: flowdrop" in log, "a task finds this environment's flowdrop"

    (airflow.home / "allowed").touch()
    again = client.trigger("probe", date(2017, 10, 1))
    assert again == run, "one run a date: the same one runs again"
    assert list(client.watch("probe", again))[-1].state == "success"
    assert client.run_state("probe", again) == "success"


def test_a_run_that_the_schedule_makes(airflow: Airflow) -> None:
    client = airflow.client
    run = client.scheduled("weekly", date(2017, 10, 30))
    assert run.startswith("scheduled__2017-10-30")
    assert list(client.watch("weekly", run))[-1].state == "success"
    assert [one["dag_run_id"] for one in client.runs("weekly")] == [run], (
        "the one Monday, and no other"
    )


def test_an_unknown_run_is_told(airflow: Airflow) -> None:
    with pytest.raises(AirflowError, match="Airflow answered 404 to GET dags/probe/dagRuns/none"):
        airflow.client.run_state("probe", "none")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/auth/token", None, 403),
        ("GET", "/auth/token/login", None, 403),
        ("POST", "/auth/token", {}, 422),
        ("POST", "/auth/token", {"username": "admin", "password": "admin"}, 401),
        ("POST", "/auth/token", {"username": "admin", "password": "\N{SNOWMAN}"}, 401),
        ("POST", "/auth/token/cli", {"username": "Anonymous", "password": ""}, 400),
        ("GET", "/api/v2/dags", None, 401),
        ("POST", "/api/v2/dags/probe/dagRuns", {"logical_date": None}, 401),
    ],
)
def test_without_the_password_nobody_is_an_administrator(
    airflow: Airflow, method: str, path: str, body: object, status: int
) -> None:
    answer = httpx.request(
        method, airflow.address + path, json=body, headers={"Accept": "application/json"}
    )
    assert answer.status_code == status, answer.text


def test_a_token_that_is_over_is_asked_for_again(airflow: Airflow) -> None:
    client = airflow.client
    client._tokens.append("over")
    assert client.run_state("weekly", client.scheduled("weekly", date(2017, 10, 30)))


def test_nobody_there_is_told() -> None:
    client = Airflow(Path("/nowhere"), free_port()).client
    assert client.health() == {}
    with pytest.raises(AirflowError, match=r"Airflow does not answer at .*; see `flowdrop status`"):
        client.trigger("probe", date(2017, 10, 1))


def test_secrets_are_kept_and_hidden(tmp_path: Path) -> None:
    folder = tmp_path / "100%" / "airflow"
    write_config(folder, tmp_path, 1234, make(tmp_path))
    first = (folder / "airflow.cfg").read_text()
    write_config(folder, tmp_path, 1234, make(tmp_path))
    assert (folder / "airflow.cfg").read_text() == first
    for name in ("airflow.cfg", "passwords.json"):
        assert (folder / name).stat().st_mode & 0o077 == 0
    assert f"sqlite:///{tmp_path}/100%%/airflow/airflow.db" in first
