"""A real Airflow below one folder: API server, scheduler and DAG processor on SQLite.

Its three processes are Airflow's own commands. The triggerer is left out, as no DAG here defers.
Its whole configuration is in `airflow/airflow.cfg`, so that Airflow's own command line can be used
beside it: `AIRFLOW_HOME=.flowdrop/airflow airflow dags list`.
"""

from __future__ import annotations

import base64
import importlib.metadata
import json
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import click

from flowdrop.secrets import current, read
from local import processes
from local.airflow.runs import USER, AirflowClient
from local.environment import PROJECT, cache_folder, exclusive, part_environment, write_whole
from local.ports import HOST
from local.secrets import make

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flowdrop.secrets import Secrets

READY_SECONDS_MAX = 180.0  # 10 s on 2 idle cores, the first time more

CONFIG = """\
# Written by `flowdrop up`, for one machine and one user; every other setting is Airflow's default.
[core]
executor = LocalExecutor
parallelism = 2
dags_folder = {dags}
load_examples = False
fernet_key = {fernet_key}
simple_auth_manager_all_admins = False
simple_auth_manager_users = {user}:ADMIN
simple_auth_manager_passwords_file = {home}/passwords.json
execution_api_server_url = {address}/execution/

[database]
# seconds that one process waits for another to have written
sql_alchemy_conn = sqlite:///{home}/airflow.db?timeout=60

[logging]
base_log_folder = {home}/logs
colored_console_log = False

[api]
host = {host}
port = {port}
base_url = {address}
workers = 1
secret_key = {secret_key}
instance_name = flowdrop

[api_auth]
jwt_secret = {jwt_secret}

[scheduler]
# a task starts a quarter of a second after the one before it ended, not up to a second
scheduler_idle_sleep_time = 0.25

[dag_processor]
refresh_interval = 10
min_file_process_interval = 10
parsing_processes = 1
"""


@dataclass(frozen=True)
class Airflow:
    """An Airflow in `home/airflow` that serves the DAGs in `dags` on `port`."""

    home: Path
    port: int
    dags: Path = PROJECT / "dags"

    @property
    def address(self) -> str:
        """URL of its pages and its API."""
        return f"http://{HOST}:{self.port}"

    @property
    def folder(self) -> Path:
        """AIRFLOW_HOME."""
        return self.home / "airflow"

    @property
    def client(self) -> AirflowClient:
        """A client of its API."""
        known = read(self.home)
        return AirflowClient(self.address, current(known, "airflow_admin") if known else "")

    def parts(self) -> list[processes.Part]:
        """Return its three processes; the first one is the API server, which has the address."""
        return [
            self._part("airflow", ["api-server"], self._serves, self.address),
            self._part("airflow-scheduler", ["scheduler", "--skip-serve-logs"], self._schedules),
            self._part("airflow-dags", ["dag-processor"], self._parses),
        ]

    def prepare(self) -> None:
        """Write `airflow.cfg`, keeping its secrets, and put the empty database in place."""
        with exclusive(self.folder / ".lock"):
            write_config(self.folder, self.dags, self.port, make(self.home))
            database = self.folder / "airflow.db"
            if not database.exists():
                copy = database.with_suffix(".new")
                shutil.copyfile(database_template(), copy)
                copy.replace(database)

    def _part(
        self, name: str, argv: list[str], ready: Callable[[], bool], address: str = ""
    ) -> processes.Part:
        def command() -> list[str]:
            self.prepare()
            return [*airflow_command(), *argv]

        return processes.Part(
            name=name,
            command=command,
            home=self.home,
            ready=ready,
            address=address,
            env={"AIRFLOW_HOME": str(self.folder)},
            ready_seconds_max=READY_SECONDS_MAX,
            stop_seconds_max=30,
        )

    def _serves(self) -> bool:
        # The API that tasks use is built at its first request, for 5 s or more in which the server
        # does nothing else: ask now, so that no task and no page has to wait for it.
        return bool(self.client.health()) and self.client.takes_tasks()

    def _schedules(self) -> bool:
        return self._beats("scheduler", "airflow-scheduler")

    def _parses(self) -> bool:
        return self._beats("dag_processor", "airflow-dags")

    def _beats(self, job: str, name: str) -> bool:
        """Return whether `job` has a heartbeat of the process that runs now, not an earlier one."""
        beat = self.client.health().get(job, {}).get(f"latest_{job}_heartbeat")
        started = (self.home / "run" / f"{name}.json").stat().st_mtime
        return beat is not None and datetime.fromisoformat(beat).timestamp() >= started


def airflow_command() -> list[str]:
    """Return the command of this environment's Airflow."""
    return [sys.executable, "-m", "airflow"]


def write_config(folder: Path, dags: Path, port: int, secrets: Secrets) -> None:
    """Write `airflow.cfg` and the password of its one user, readable by the owner."""
    values = {
        "home": folder,
        "dags": dags,
        "host": HOST,
        "port": port,
        "address": f"http://{HOST}:{port}",
        "user": USER,
        "fernet_key": base64.urlsafe_b64encode(
            bytes.fromhex(current(secrets, "airflow_fernet"))
        ).decode(),
        "secret_key": current(secrets, "airflow_session"),
        "jwt_secret": current(secrets, "airflow_jwt"),
    }
    escaped = {name: str(value).replace("%", "%%") for name, value in values.items()}
    write_whole(folder / "airflow.cfg", CONFIG.format(**escaped), mode=0o600)
    passwords = json.dumps({USER: current(secrets, "airflow_admin")})
    write_whole(folder / "passwords.json", passwords, mode=0o600)


def database_template() -> Path:
    """Return an SQLite file with Airflow's empty tables, made once per environment and version.

    `airflow db migrate` makes it; that takes 4 s, copying its result none.
    """
    version = importlib.metadata.version("apache-airflow")
    template = cache_folder() / f"airflow-{version}.db"
    if not template.exists():
        folder = cache_folder() / f"airflow-{uuid.uuid4().hex}"
        write_config(folder, folder, 1, make(folder))
        done = subprocess.run(
            [*airflow_command(), "db", "migrate"],
            env=part_environment(folder, {"AIRFLOW_HOME": str(folder)}),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise click.ClickException(f"Airflow's database could not be created: {done.stderr}")
        (folder / "airflow.db").replace(template)
        shutil.rmtree(folder)
    return template
