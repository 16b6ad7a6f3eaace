"""Score every household for the chance to redeem in the next campaign, week by week."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Param

# In order; each is one command, safe to run again.
COMMANDS = {
    "build": "flowdrop features build --as-of {{ ds }}",
    "train": "flowdrop models train --as-of {{ ds }}",
    "evaluate": "flowdrop models evaluate --as-of {{ ds }}",
    "register": "flowdrop models register --as-of {{ ds }}",
    "score": "flowdrop audience score --as-of {{ ds }}",
    "freeze": "flowdrop audience freeze redeemers-{{ ds }} --as-of {{ ds }} --top {{ params.top }}",
}


def _told(variable: str) -> str:
    """Return the value of `variable` in the environment: '' if it is unset, empty or blank."""
    return os.environ.get(variable, "").strip()


# A schedule for past days, such as those of replayed data: the Mondays from the first to the second
# are run in order; without them, each Monday from now on.
FIRST, LAST = _told("FLOWDROP_SCORE_FIRST"), _told("FLOWDROP_SCORE_LAST")

# `score_users` is for the program of the setting `program`. Each further one named here, separated
# by commas, has a DAG, and so runs, of its own: score_users_jd-flow-bank.
PROGRAMS = [name for name in map(str.strip, _told("FLOWDROP_SCORE_PROGRAMS").split(",")) if name]

DOC = """
### score_users
For the logical date `D` (a manual run names its own; nothing that happened on or after `D` is
used, so a run for a past day gives what that day would have given):

| task | what it leaves in ClickHouse |
| --- | --- |
| build | training rows of the campaigns that had ended by `D`; a scoring row for each wallet |
| train | the model of `D`, and its files in the registry |
| evaluate | its AUC on campaigns that were not over at `D`, beside the naive baseline's |
| register | the champion of `D`, if it beats the baseline; otherwise the run ends and says why |
| score | each person's chance to redeem in the next campaign |
| freeze | the audience `redeemers-D`, net of everyone who opted out |

Everything it leaves belongs to the program. Each task is one `flowdrop` command and may be run
manually. The worker needs `flowdrop` on its `PATH`, and `FLOWDROP_CLICKHOUSE` and `FLOWDROP_MODELS`
(or an absolute `FLOWDROP_HOME`).
"""


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


for program in ["", *PROGRAMS]:
    whose = f" --program {program}" if program else ""
    with DAG(
        dag_id=f"score_users_{program}" if program else "score_users",
        description="Features, model, scores and a frozen audience as of a date.",
        schedule="0 0 * * 1",
        start_date=_day(FIRST or "2017-01-02"),
        end_date=_day(LAST) if LAST else None,
        catchup=bool(FIRST),
        max_active_runs=1,  # two runs of one date would build the same partition at the same time
        default_args={
            # Every command may be run again, so what fails for a transient reason, such as a
            # restart of ClickHouse, is retried twice. A refusal (no data, a model that does not
            # beat the baseline) is the same each time and ends the run.
            "retries": 2,
            "retry_delay": timedelta(seconds=20),
            "execution_timeout": timedelta(minutes=30),
            "append_env": True,  # the task sees FLOWDROP_* and PATH of the worker it runs on
        },
        params={"top": Param(500, type="integer", minimum=1, description="people in the audience")},
        tags=["models"],
        doc_md=DOC,
    ):
        previous = None
        for name, command in COMMANDS.items():
            task = BashOperator(task_id=name, bash_command=command + whose)
            if previous is not None:
                previous >> task
            previous = task
