"""Measure what each running drop causes, day by day, and whether a rule to stop it holds.

For the partition `D`, a day, in ClickHouse:

| task | what it leaves |
| --- | --- |
| measure | a row a drop: its lift by `D`, what may be said of it, and which rule to stop holds |
| stops | an alert if a drop does harm, or its arms are not as they were drawn |

Only whole days before `D` count, so a backfill gives past days what they would have said then.
"""

from __future__ import annotations

from airflow_dags import DAILY, DAY, MEASUREMENTS, partitioned, pipeline, steps

COMMANDS = {
    "measure": f"flowdrop drop measure --as-of {DAY}",
    "stops": f"flowdrop drop stops --as-of {DAY}",
}

with pipeline("measure_drops", partitioned(DAILY), doc=__doc__, tag="drops"):
    steps(COMMANDS, {"measure": [MEASUREMENTS]})
