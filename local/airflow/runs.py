"""Trigger a run of a DAG for a partition and watch its tasks, through Airflow's REST API.

A partition is a day; its key is written 2017-10-01.

Example:
    client = AirflowClient("http://127.0.0.1:8080", password)
    run = client.trigger("score_users", date(2017, 10, 1))
    for task in client.watch("score_users", run):
        print(task.name, task.state)
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from flowdrop.answers import NO_ANSWER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

REQUEST_SECONDS_MAX = 120.0  # on a busy machine, an answer may take half a minute
PROBE_SECONDS_MAX = 2.0
BUSY_SECONDS_MAX = 60.0  # one process at a time writes to its SQLite; another may be refused
POLL_SECONDS = 0.5
DAG_SECONDS_MAX = 60.0
USER = "admin"
API = "api/v2/"
HEALTH = "monitor/health"  # open to everyone
FINAL = {"success", "failed"}
IDEMPOTENT = {"GET", "PATCH"}
NOT_SIGNED_IN = {401, 403}  # without a token; with one that is expired or wrong
MISSING = 404
BROKEN = 500


class AirflowError(click.ClickException):
    """Airflow refused a request; `status` is the HTTP status, 0 when it could not be reached."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class TaskState:
    """A task of a run at one moment; `seconds` is how long it ran, once it has ended."""

    name: str
    state: str  # Airflow's: none, scheduled, queued, running, success, failed, ...
    attempt: int
    seconds: float | None


@dataclass(frozen=True)
class AirflowClient:
    """A client of the Airflow at `address`, whose user `admin` has this password."""

    address: str
    password: str = field(repr=False)
    _tokens: list[str] = field(default_factory=list, repr=False, compare=False)

    def health(self) -> dict[str, Any]:
        """Return the health of Airflow's jobs, or nothing while it does not answer."""
        try:
            health: dict[str, Any] = self._ask("GET", HEALTH, seconds_max=PROBE_SECONDS_MAX)
        except AirflowError:
            return {}
        return health

    def takes_tasks(self) -> bool:
        """Return whether the API that running tasks use answers."""
        url = f"{self.address}/execution/health"
        try:
            with urllib.request.urlopen(url, timeout=PROBE_SECONDS_MAX):  # noqa: S310
                return True
        except NO_ANSWER:
            return False

    def trigger(self, dag: str, day: date) -> str:
        """Start a run of `dag` for `day` and return its run id.

        The DAG is unpaused, or its run would only queue. A run that exists for that day is cleared
        and so runs again.
        """
        self._await_dag(dag)
        if runs := self._runs_of(dag, day):
            run = runs[0]
            path = f"{self._path(dag, run['dag_run_id'])}/clear"
            self._ask("POST", path, {"dry_run": False})
        else:
            asked = {"logical_date": None, "partition_key": str(day)}
            run = self._ask("POST", f"dags/{quote(dag)}/dagRuns", asked)
        self.pause(dag, paused=False)
        return str(run["dag_run_id"])

    def scheduled(self, dag: str, day: date) -> str:
        """Unpause the schedule of `dag`, and return the id of its run for `day`.

        Raises:
            click.ClickException: when the scheduler has created no such run after a while.
        """
        self._await_dag(dag)
        self.pause(dag, paused=False)
        deadline = time.monotonic() + DAG_SECONDS_MAX
        while not (runs := self._runs_of(dag, day)):
            if time.monotonic() > deadline:
                raise click.ClickException(
                    f"Airflow's scheduler has created no run of {dag} for {day} in "
                    f"{DAG_SECONDS_MAX:.0f} s; see {self.address}/dags/{dag}"
                )
            time.sleep(POLL_SECONDS)
        return str(runs[0]["dag_run_id"])

    def pause(self, dag: str, *, paused: bool = True) -> None:
        """Pause a DAG, so that its schedule starts no runs, or unpause it."""
        self._ask("PATCH", f"dags/{quote(dag)}", {"is_paused": paused})

    def watch(self, dag: str, run: str, *, seconds_max: float = 900.0) -> Iterator[TaskState]:
        """Yield each change of each task's state until the run has ended.

        Raises:
            click.ClickException: when the run has not ended after `seconds_max`.
        """
        deadline = time.monotonic() + seconds_max
        seen: dict[str, TaskState] = {}
        while True:
            ended = self.run_state(dag, run) in FINAL  # asked first, so that no change is missed
            for task in self.tasks(dag, run):
                if seen.get(task.name) != task:
                    seen[task.name] = task
                    yield task
            if ended:
                return
            if time.monotonic() > deadline:
                raise click.ClickException(
                    f"run {run} of DAG {dag} has not ended after {seconds_max:.0f} s; "
                    f"see {self.address}/dags/{dag}"
                )
            time.sleep(POLL_SECONDS)

    def run_state(self, dag: str, run: str) -> str:
        """Return the state of a run: queued, running, success or failed."""
        return str(self._ask("GET", self._path(dag, run))["state"])

    def tasks(self, dag: str, run: str) -> list[TaskState]:
        """Return the tasks of a run, in the order in which they started."""
        rows = self._ask("GET", f"{self._path(dag, run)}/taskInstances")["task_instances"]
        rows.sort(key=lambda row: (row["start_date"] or "~", row["task_id"]))
        return [
            TaskState(row["task_id"], row["state"] or "none", row["try_number"], row["duration"])
            for row in rows
        ]

    def log(self, dag: str, run: str, task: TaskState) -> list[str]:
        """Return what a task's last attempt wrote, line by line."""
        path = f"{self._path(dag, run)}/taskInstances/{quote(task.name)}/logs/{task.attempt}"
        content = self._ask("GET", path)["content"]
        return [str(line["event"]) if isinstance(line, dict) else str(line) for line in content]

    def _await_dag(self, dag: str) -> None:
        deadline = time.monotonic() + DAG_SECONDS_MAX
        while True:
            try:
                self._ask("GET", f"dags/{quote(dag)}")
            except AirflowError as error:
                if error.status != MISSING or time.monotonic() > deadline:
                    raise
                time.sleep(POLL_SECONDS)  # the DAG processor may not have read its file yet
            else:
                return

    def runs(self, dag: str) -> list[dict[str, Any]]:
        """Return the runs of a DAG as Airflow tells of them, the first that was created first."""
        found: list[dict[str, Any]] = self._ask("GET", f"dags/{quote(dag)}/dagRuns")["dag_runs"]
        return found

    def _runs_of(self, dag: str, day: date) -> list[dict[str, Any]]:
        path = f"dags/{quote(dag)}/dagRuns?partition_key_prefix_pattern={day}"
        found: list[dict[str, Any]] = self._ask("GET", path)["dag_runs"]
        return [run for run in found if run["partition_key"] == str(day)]

    def _path(self, dag: str, run: str) -> str:
        return f"dags/{quote(dag)}/dagRuns/{quote(run)}"

    def _ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        seconds_max: float = REQUEST_SECONDS_MAX,
    ) -> Any:
        if not self._tokens and path != HEALTH:
            self._sign_in()
        try:
            return self._once_free(method, API + path, body, seconds_max)
        except AirflowError as error:
            if error.status not in NOT_SIGNED_IN or path == HEALTH:
                raise
        self._sign_in()  # a token is valid for a day
        return self._once_free(method, API + path, body, seconds_max)

    def _once_free(self, method: str, path: str, body: object, seconds_max: float) -> Any:
        """Send a request, and what may be sent twice again while Airflow's database is busy."""
        deadline = time.monotonic() + BUSY_SECONDS_MAX
        while True:
            try:
                return self._send(method, path, body, seconds_max)
            except AirflowError as error:
                late = time.monotonic() > deadline
                if error.status != BROKEN or method not in IDEMPOTENT or late:
                    raise
            time.sleep(POLL_SECONDS)

    def _sign_in(self) -> None:
        claim = {"username": USER, "password": self.password}
        answer = self._send("POST", "auth/token", claim, REQUEST_SECONDS_MAX)
        self._tokens[:] = [answer["access_token"]]

    def _send(self, method: str, path: str, body: object, seconds_max: float) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._tokens:
            headers["Authorization"] = f"Bearer {self._tokens[0]}"
        request = urllib.request.Request(  # noqa: S310 - the address is our setting
            f"{self.address}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers=headers,
        )
        try:
            with urllib.request.urlopen(request, timeout=seconds_max) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            raise AirflowError(
                f"Airflow answered {error.code} to {method} {path.removeprefix(API)}: {text}",
                error.code,
            ) from error
        except NO_ANSWER as error:
            raise AirflowError(
                f"Airflow does not answer at {self.address}: {error}; see `flowdrop status`", 0
            ) from error
