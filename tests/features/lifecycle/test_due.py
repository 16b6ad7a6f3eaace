"""A model is due by the week, and when people are no longer as they were."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from features.cli import models
from features.lifecycle.due_cli import NOT_DUE

if TYPE_CHECKING:
    from conftest import Warehouse

PROGRAM = "liuliangbao"
LEARNED = date(2020, 6, 1)  # a Monday
SAME, OTHER, NEXT = date(2020, 6, 5), date(2020, 7, 10), date(2020, 6, 8)
PEOPLE = 300


def asked(day: date, expected: int = 0) -> dict[str, Any]:
    result = CliRunner().invoke(models, ["due", "--as-of", str(day), "--json"])
    assert result.exit_code == expected, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def buy(warehouse: Warehouse, first: date, days: int, each_day: float) -> None:
    """Let people buy at random, so often a day on average, for some days."""
    draws = np.random.default_rng(first.toordinal())
    times, people = [], []
    for day in range(days):
        bought = draws.random(PEOPLE) < each_day
        for person in np.flatnonzero(bought):
            begin = datetime(first.year, first.month, first.day, 12, tzinfo=UTC)
            times.append(begin + timedelta(days=day, seconds=int(person)))
            people.append(f"p{person}")
    warehouse.ledger(pd.DataFrame({"subject": people, "time": times, "spend": 1_000}))


@pytest.fixture
def town(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """People who buy alike until the middle of June, and then hardly any more."""
    buy(warehouse, date(2020, 3, 1), 106, 0.2)
    buy(warehouse, date(2020, 6, 15), 30, 0.02)
    # the warehouse is filled without postings; a wallet is all that a set needs of them
    warehouse.client.command(
        "INSERT INTO postings (account, version, kind, program, time) "
        "SELECT subject, source_offset, 'wallet', program, time FROM ledger_results"
    )
    monkeypatch.setattr("sql.client.connect", lambda *_: warehouse.client)
    return warehouse


def test_a_model_is_due_on_mondays_without_champion_and_on_drift(town: Warehouse) -> None:
    assert asked(NEXT)["why"] == "2020-06-08 is a Monday"
    assert asked(SAME)["why"] == "there is no champion on 2020-06-05"
    town.client.insert(
        "champions",
        [[PROGRAM, LEARNED, "redeem-20200601-0", "", False, datetime.now(UTC)]],
        column_names=["program", "as_of", "model_id", "reason", "forced", "registered_at"],
    )
    calm = asked(SAME, NOT_DUE)
    assert (calm["is_due"], calm["drifted"]) == (False, {})
    assert "people are as they were on 2020-06-01" in calm["why"]
    changed = asked(OTHER)
    assert changed["is_due"] is True
    assert {"purchases_7d", "purchases_28d"} <= changed["drifted"].keys()
    assert min(changed["drifted"].values()) >= 0.25
    assert "tenure_days" not in changed["drifted"]
    told = CliRunner().invoke(models, ["due", "--as-of", str(OTHER)])
    assert "a model is due: people are not as they were on 2020-06-01" in told.output
