"""The short form of the fault runs, on real processes: nothing lost, nothing doubled."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from streams.ledger.refusals import REFUSALS
from tests.faults.tries import FAULTS

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

# What takes more traffic than this to come about.
RARE = {
    *("in_the_future", "too_old", "forgotten"),
    *("balance_limit", "too_many_holds", "has_pending", "id_in_use", "daily_cap"),
    *("too_many_waiting", "nothing_waiting", "not_answered", "forgotten_original"),
}
# What takes keys or corrections, which only an operator sends, or the loss of a record.
OPERATORS = {
    *("unknown_key", "known_key", "revoked_key", "key_in_use"),
    *("no_correction", "repeated_correction", "leg_gap"),
}
# What takes rules that the traffic's programs do not have, or seldom: one in 200 events is of the
# program that has deposits, no program's coins expire, none is bound to a reserve, and nobody has
# as many coins as the tiers of verification speak of.
OTHER_RULES = {
    *("lifetime_cap", "carrier_closed", "last_day", "no_such_tier"),
    *("stale_rules", "changes_the_past"),
    *("reserve_exhausted", "wrong_reserve"),
    *("over_tier_transaction", "over_tier_day", "over_tier_balance"),
    *("no_deposit", "has_deposit", "nothing_left", "already_charged", "never_expires"),
}
ROOT = Path(__file__).parent.parent.parent


SHORT = [name for name, fault in FAULTS.items() if fault.amount[1]]
# Two at once, each with services of its own. The engine is last: all before it is fed, then.
FIRST = ["points", "kill", "pause"]
PARTS = (FIRST, [name for name in SHORT if name not in {*FIRST, "engine"}] + ["engine"])


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The rows of the short form, by fault."""
    command = [sys.executable, "-m", "tests.faults", "--short", "--json", "--only"]
    logs = [tmp_path_factory.mktemp("faults") / "stderr" for _ in PARTS]
    parts = [
        subprocess.Popen(
            [*command, ",".join(names)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log.open("w"),
            text=True,
        )
        for names, log in zip(PARTS, logs, strict=True)
    ]
    told = [json.loads(part.communicate()[0]) for part in parts]
    for part, log, some in zip(parts, logs, told, strict=True):
        lines = [line for line in log.read_text().splitlines() if "rdkafka#" not in line]
        held = all(_held(row) for row in some)
        assert part.returncode == 1 - held, "\n".join(lines[-60:])
    return {row["fault"]: row for some in told for row in some}


def _held(row: dict[str, Any]) -> bool:
    return (row["lost"], row["doubled"], row["wrong_balances"], row["broken"]) == (0, 0, 0, [])


@pytest.mark.parametrize("name", SHORT)
def test_nothing_is_lost_or_doubled(rows: dict[str, dict[str, Any]], name: str) -> None:
    row = rows[name]
    assert _held(row), json.dumps(row, indent=1)
    assert row["tried"] > 0
    assert row["events"] > 0


def test_the_traffic_tries_what_there_is(rows: dict[str, dict[str, Any]]) -> None:
    outcomes = set().union(*(row["outcomes"] for row in rows.values()))
    told = {outcome.partition(" ")[0] for outcome in outcomes}
    assert told == {"applied", "asked", "refused", "repeat", "forwarded", "set_aside"}
    reasons = {outcome.partition(" ")[2] for outcome in outcomes}
    names = {refusal.name for refusal in REFUSALS} - {"wrong_partition"}  # it is forwarded
    assert names - reasons <= RARE | OPERATORS | OTHER_RULES, "not seen in the traffic"
