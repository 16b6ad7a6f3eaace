"""Train a model of who redeems, weekly and on drift; make it the champion if it is better.

For the partition `D`, a day (nothing that happened on or after it is used), in ClickHouse:

| task | what it leaves |
| --- | --- |
| due | nothing; it ends the run unless `D` is a Monday, no champion is there or people changed |
| build | training rows of the campaigns that had ended by `D` |
| train | the model of `D`: the learner that did best in chronological order |
| evaluate | its AUC on campaigns that were not over at `D`, beside the naive baseline's |
| register | the champion of `D`, if it beats the baseline |

One that does not beat the baseline ends the run, which says why; the champion so far is kept. The
Airflow DAG `score_users` scores by the champion. Everything belongs to the program.
"""

from __future__ import annotations

from airflow_dags import CHAMPION, DAILY, DAY, FIRST, PROGRAMS, of_models, steps

COMMANDS = {
    "due": f"flowdrop models due --as-of {DAY}",
    "build": f"flowdrop features build --as-of {DAY} --purpose training",
    "train": f"flowdrop models train --as-of {DAY}",
    "evaluate": f"flowdrop models evaluate --as-of {DAY}",
    "register": f"flowdrop models register --as-of {DAY}",
}
LEAVES = {"register": [CHAMPION]}
if FIRST:
    del COMMANDS["due"]  # it is run on Mondays alone

for program in ["", *PROGRAMS]:
    with of_models("train_models", DAILY, program, doc=__doc__):
        steps(COMMANDS, LEAVES, program)
