"""What the DAGs beside this file share: partitions, assets, one operator, and alerts.

A DAG here is a schedule, an order, and one `flowdrop` command per task. Each run is for a
partition, its key a day such as 2026-12-01 (or an hour), and each command may be run again for it:
it leaves the same, once. So a task may be retried on any machine, and past days filled in.

Airflow looks for DAGs only in files that say "airflow" and "dag", which this file's name does for
those that import it.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.hooks.subprocess import SubprocessHook
from airflow.sdk import DAG, Asset, BaseOperator, CronPartitionTimetable, chain
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow.sdk import Context

HOURLY, DAILY, WEEKLY = "0 * * * *", "0 0 * * *", "0 0 * * 1"
DAY = "{{ partition_key or ds }}"  # of a run; one that is started by its date has no key
BEGIN = datetime(2017, 1, 1, tzinfo=UTC)
ALERT_SECONDS_MAX = 120
NOT_DUE = 99  # the status of a command that says: there is nothing to do, nor after it
WITHOUT_WORDS = "its process ended without saying why: it was killed, or its machine went away"

# What a task leaves for others; an event of one carries its run's partition.
FEATURES = Asset("flowdrop://features")
SCORES = Asset("flowdrop://scores")
AUDIENCES = Asset("flowdrop://audiences")
CHAMPION = Asset("flowdrop://champion")
MEASUREMENTS = Asset("flowdrop://measurements")
LEDGER = Asset("flowdrop://ledger")


def told(variable: str) -> str:
    """Return the value of `variable` in the environment: '' if it is unset, empty or blank."""
    return os.environ.get(variable, "").strip()


# Past days, such as those of replayed data: the Mondays from the first to the second are run in
# order, by the DAGs of models; without them, each has its own schedule from now on.
FIRST, LAST = told("FLOWDROP_SCORE_FIRST"), told("FLOWDROP_SCORE_LAST")

# The DAGs of models are for the program of the setting `program`. Each further one named here,
# separated by commas, has DAGs, and so runs, of its own: score_users_jd-flow-bank.
PROGRAMS = [name for name in map(str.strip, told("FLOWDROP_SCORE_PROGRAMS").split(",")) if name]


def alert(context: Context) -> None:
    """Keep that a task failed for good, what failed in words and what to do: `flowdrop alerts`."""
    task = context["ti"]
    run, error = context.get("dag_run"), context.get("exception")
    command = getattr(task.task, "command", task.task_id)
    facts = {
        "dag": task.dag_id,
        "task": task.task_id,
        "partition": _partition(run),
        "run": task.run_id,
        "try": str(task.try_number),
        "words": str(error or "") or WITHOUT_WORDS,
        "todo": f"run `{command}` to see all that it says; once that is mended, clear the task in "
        "Airflow, and its run goes on from there",
    }
    words = [word for name, value in facts.items() for word in (f"--{name}", value)]
    subprocess.run(["flowdrop", "alerts", "add", *words], check=True, timeout=ALERT_SECONDS_MAX)


def _partition(run: Any) -> str:
    """Return the key of a run's partition, or the date it was started with; '' for neither."""
    if run is None:
        return ""
    return run.partition_key or (f"{run.logical_date:%Y-%m-%d}" if run.logical_date else "")


class Command(BaseOperator):
    """A task that runs one `flowdrop` command; what the command says last is why it failed.

    One that says that nothing is due is skipped, and so is what comes after it.
    """

    template_fields = ("command",)
    ui_color = "#e8f4ea"

    def __init__(self, *, command: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.command = command
        self._process: SubprocessHook | None = None

    def execute(self, context: Context) -> None:  # noqa: ARG002
        """Run the command, its output going to the task's log."""
        self._process = SubprocessHook()
        done = self._process.run_command(shlex.split(self.command))
        if done.exit_code == NOT_DUE:
            raise AirflowSkipException(done.output)
        if done.exit_code:
            words = done.output.removeprefix("Error: ")
            raise AirflowException(words or f"it ended with status {done.exit_code} and no words")

    def on_kill(self) -> None:
        """End the command with its task."""
        if self._process is not None:
            self._process.send_sigterm()


def pipeline(dag_id: str, schedule: Any, *, doc: str | None, tag: str, **more: Any) -> DAG:
    """Return a DAG that runs its partitions one after the other."""
    return DAG(
        dag_id=dag_id,
        description=(doc or "").strip().partition("\n")[0],
        doc_md=doc,
        schedule=schedule,
        start_date=more.pop("start_date", BEGIN),
        max_active_runs=1,
        catchup=more.pop("catchup", False),
        dagrun_timeout=timedelta(hours=6),
        default_args={
            "owner": "flowdrop",
            # What fails for a transient reason, such as a restart of ClickHouse, is tried again. A
            # refusal (no data, a model that is no better) is the same each time and ends the run.
            "retries": 2,
            "retry_delay": timedelta(seconds=20),
            "execution_timeout": timedelta(minutes=30),
            "on_failure_callback": alert,
        },
        tags=["flowdrop", tag],
        **more,
    )


def partitioned(cron: str, key_format: str = "%Y-%m-%d") -> CronPartitionTimetable:
    """Return a schedule whose runs are for the day, or hour, that begins when they do (UTC)."""
    return CronPartitionTimetable(cron, timezone="UTC", key_format=key_format)


def of_models(dag_id: str, cron: str, program: str, *, doc: str | None, **more: Any) -> DAG:
    """Return a DAG of models for one program ('' for that of the settings)."""
    if FIRST:
        end = _day(LAST) if LAST else None
        more |= {"start_date": _day(FIRST), "end_date": end, "catchup": True}
    return pipeline(
        f"{dag_id}_{program}" if program else dag_id,
        partitioned(WEEKLY if FIRST else cron),
        doc=doc,
        tag="models",
        **more,
    )


def steps(commands: dict[str, str], leaves: dict[str, Iterable[Asset]], program: str = "") -> None:
    """Add one task per command to the DAG that is being described, each after the one before it.

    Args:
        commands: by the name of their task, in order.
        leaves: the assets that tasks update, by name.
        program: whose; '' for that of the settings.
    """
    whose = f" --program {program}" if program else ""
    chain(
        *(
            Command(task_id=name, command=command + whose, outlets=list(leaves.get(name, ())))
            for name, command in commands.items()
        )
    )


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
