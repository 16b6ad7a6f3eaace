"""The gate on real people: The Complete Journey's features at a campaign's start and end."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

import sql.client
from features import rows
from features.definitions import NAMES
from features.leakage.gate import LeakError, inspect, require_clean
from features.training import _require_known_before
from scenarios.hillstrom import covariates, outcomes

if TYPE_CHECKING:
    import pandas as pd
    from conftest import Warehouse

AS_OF, PROGRAM = date(2018, 2, 20), "liuliangbao"

START = "AND e.time >= {at:DateTime64(6, 'UTC')}) > 0 AS redeemed"


def at_the_end(name: str, query: str) -> str:
    """Return a query with each campaign's end as its moment: features know who redeemed."""
    changed = {
        "features/moments": query.replace(
            "min(time) AS start,", "min(time) AS start, max(ends) AS last_end,"
        ).replace("SELECT campaign, start\n", "SELECT campaign, last_end AS start\n"),
        "features/points_of_campaign": query.replace(START, ") > 0 AS redeemed"),
    }.get(name)
    assert changed != query
    return changed or query


def built(real: Warehouse) -> pd.DataFrame:
    rows.build(real.client, AS_OF, "training", PROGRAM)
    return rows.stored(real.client, AS_OF, "training", PROGRAM)


def test_features_at_the_start_pass_and_at_the_end_are_refused(
    real: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = built(real)
    campaigns = [
        one for one in rows.campaigns(real.client, AS_OF, PROGRAM) if one.purpose == "training"
    ]
    _require_known_before(honest, campaigns)
    plain = rows.text
    for module in (rows, sql.client):
        monkeypatch.setattr(module, "text", lambda name: at_the_end(name, plain(name)))
    late = built(real)
    # who opened a wallet during a campaign has a row at its end and none at its start
    both = honest.merge(late, on=["campaign", "person"], suffixes=("", "_late"))
    assert len(both) == len(honest) <= len(late)
    assert list(both["label_late"]) == list(both["label"])
    report = inspect(late[list(NAMES)], late["label"])
    assert {one.feature for one in report.refused} >= {"redemption_recency_days", "redemption_rate"}
    assert report.shuffled is not None
    assert report.shuffled > 0.97
    with pytest.raises(LeakError, match="its source is later than the moment"):
        _require_known_before(late, campaigns)


@pytest.mark.parametrize("outcome", ["visit", "conversion", "spend"])
def test_hillstroms_features_pass(outcome: str) -> None:
    require_clean(inspect(covariates().drop(columns="person"), outcomes()[outcome]))
