"""Send the events of what is due in the ledger by a day: it has no clock, so each needs an event.

By the 00:00 UTC of the partition `D`, a day: redemptions no carrier answered, red packets that are
over, custody fees, deposits whose term is over, gifts nobody opened a wallet for. The events' ids
and times come from `D`, so a run of Airflow that is tried again sends none twice.
"""

from __future__ import annotations

from airflow_dags import DAILY, DAY, LEDGER, partitioned, pipeline, steps

COMMANDS = {"send": f"flowdrop ledger due --at {DAY} --send --yes"}

with pipeline("ledger_due", partitioned(DAILY), doc=__doc__, tag="ledger"):
    steps(COMMANDS, {"send": [LEDGER]})
