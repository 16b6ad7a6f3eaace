"""Score every user for the chance to redeem in the next campaign, day by day.

For the partition `D`, a day (nothing that happened on or after it is used, so a run for a past day
gives what that day would have given), in ClickHouse:

| task | what it leaves |
| --- | --- |
| check | nothing; it stops the run if rows, freshness, ranges or drift are wrong, and says which |
| build | a scoring row for each wallet |
| score | each person's chance to redeem in the next campaign |
| freeze | the audience `redeemers-D`, net of everyone who opted out; it never changes afterwards |

It scores by the champion of the latest day up to `D`, which the Airflow DAG `train_models` makes.
Everything belongs to the program.
"""

from __future__ import annotations

from airflow.sdk import Param
from airflow_dags import AUDIENCES, DAILY, DAY, FEATURES, FIRST, PROGRAMS, SCORES, of_models, steps

COMMANDS = {
    "check": f"flowdrop features check --as-of {DAY}",
    "build": f"flowdrop features build --as-of {DAY} --purpose scoring",
    "score": f"flowdrop audience score --as-of {DAY}",
    "freeze": f"flowdrop audience freeze redeemers-{DAY} --as-of {DAY} --top {{{{ params.top }}}}",
}
LEAVES = {"build": [FEATURES], "score": [SCORES], "freeze": [AUDIENCES]}
if FIRST:
    del COMMANDS["check"]  # of what is replayed nobody can say how late it is
PARAMS = {"top": Param(500, type="integer", minimum=1, description="people in the audience")}

for program in ["", *PROGRAMS]:
    with of_models("score_users", DAILY, program, doc=__doc__, params=PARAMS):
        steps(COMMANDS, LEAVES, program)
