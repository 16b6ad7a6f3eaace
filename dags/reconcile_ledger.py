"""Prove every hour that log, table and warehouse agree on every coin.

For the partition `D`, an hour: `flowdrop reconcile` folds the whole log again. What does not hold
fails the Airflow task, and is an alert in words.
"""

from __future__ import annotations

from airflow_dags import HOURLY, LEDGER, partitioned, pipeline, steps

with pipeline("reconcile_ledger", partitioned(HOURLY, "%Y-%m-%dT%H"), doc=__doc__, tag="ledger"):
    steps({"reconcile": "flowdrop reconcile"}, {"reconcile": [LEDGER]})
