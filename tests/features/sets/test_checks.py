"""Checks of sets: what stops, what is noted, and what each sentence says to look at."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.sets.beside import FORMAT, definition, sha256_of
from features.sets.catalogue import load
from features.sets.checks.check import Finding, Limits, check
from features.sets.checks.stability import stability
from features.sets.export import schema

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = load()
NAMES = ("carrier", "earn_recency_days", "earns_28d", "evening_share")
FEATURES = tuple(CATALOGUE.feature(name) for name in NAMES)
PEOPLE = 2_000


def columns(people: int = PEOPLE, seed: int = 0) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    share = draw.random(people)
    return {
        "person": [f"u:{number}" for number in range(people)],
        "as_of": [20_000] * people,
        "carrier": draw.choice(["", "mobile", "telecom", "unicom"], people).tolist(),
        "earn_recency_days": draw.exponential(10, people).tolist(),
        "earns_28d": draw.poisson(2, people).tolist(),
        "evening_share": [each if each > 0.2 else None for each in share],
    }


def stored(folder: Path, name: str, content: dict[str, Any], latest: str = "") -> Path:
    """Write a set as `export` does, without a warehouse."""
    path = folder / f"{name}.parquet"
    pq.write_table(pa.table(content, schema=schema(FEATURES, None)), path)
    rows = len(content["person"])
    facts = {
        "format": FORMAT,
        "rows": rows,
        "rows_by_date": {"2026-03-01": rows},
        "sha256": sha256_of(path),
        "program": "liuliangbao",
        "features": [definition(one) for one in FEATURES],
        "sources": [
            {"source": "campaign_events", "latest_before": latest or "2026-02-28T23:00:00+00:00"},
            {"source": "ledger_results", "latest_before": "2026-02-28T22:00:00+00:00"},
        ],
    }
    path.with_name(f"{path.name}.json").write_text(json.dumps(facts))
    return path


def found(folder: Path, changed: dict[str, Any], **limits: float) -> list[Finding]:
    """What is found where columns of today differ from another draw of yesterday's people."""
    today = stored(folder, "today", columns(seed=1) | changed)
    return check(today, stored(folder, "yesterday", columns()), Limits(**limits))


def test_another_draw_of_the_same_people_is_in_order(tmp_path: Path) -> None:
    assert found(tmp_path, {}) == []


def test_a_value_that_cannot_be_stops_and_names_people(tmp_path: Path) -> None:
    recency = columns(seed=1)["earn_recency_days"]
    recency[7], recency[9] = -1.0, -2.5
    [one] = found(tmp_path, {"earn_recency_days": recency})
    assert (one.check, one.feature, one.severity) == ("range", "earn_recency_days", "stops")
    assert (one.value, one.threshold) == (-2.5, 0)
    assert one.sentence == (
        "earn_recency_days is below 0 in 2 rows, at worst -2.5; look at u:7, u:9, and at what "
        "wallet has of them"
    )


def test_a_value_above_its_limit_stops(tmp_path: Path) -> None:
    share = [2.0, *columns(seed=1)["evening_share"][1:]]
    [one] = found(tmp_path, {"evening_share": share})
    assert "evening_share is above 1 in 1 rows, at worst 2; look at u:0" in one.sentence


@pytest.mark.parametrize(("more", "stops"), [(0.05, False), (0.3, True)])
def test_people_of_whom_a_feature_is_no_longer_known(
    tmp_path: Path, *, more: float, stops: bool
) -> None:
    share = columns(seed=1)["evening_share"]
    share[: int(more * PEOPLE)] = [None] * int(more * PEOPLE)
    nulls = [one for one in found(tmp_path, {"evening_share": share}) if one.check == "nulls"]
    assert bool(nulls) is stops
    assert all("flowdrop features show evening_share" in one.sentence for one in nulls)


def test_an_empty_category_is_an_unknown_one(tmp_path: Path) -> None:
    checks = {one.check for one in found(tmp_path, {"carrier": [""] * PEOPLE})}
    assert checks == {"nulls", "drift"}


@pytest.mark.parametrize(("factor", "severity"), [(1.0, None), (1.6, "note"), (4.0, "stops")])
def test_drift_is_noted_and_then_stops(tmp_path: Path, factor: float, severity: str | None) -> None:
    recency = [each * factor for each in columns(seed=1)["earn_recency_days"]]
    drift = found(tmp_path, {"earn_recency_days": recency})
    assert [one.severity for one in drift] == ([severity] if severity else [])
    for one in drift:
        assert one.threshold == (0.25 if severity == "stops" else 0.1)
        assert "look at what changed in wallet" in one.sentence


def test_a_rare_value_that_becomes_frequent_is_drift() -> None:
    """Nine in ten are zero: all tenths are at zero."""
    before = pa.chunked_array([[0] * 950 + [1] * 50])
    assert stability(pa.chunked_array([[0] * 500 + [1] * 500]), before) > 1
    assert stability(before, before) == 0


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_stability_is_never_below_zero_and_zero_of_the_same(
    now: list[float], before: list[float]
) -> None:
    one, other = pa.chunked_array([now]), pa.chunked_array([before])
    assert stability(one, other) >= 0
    assert stability(one, one) == 0


def test_stability_is_the_sum_over_bins() -> None:
    before = pa.chunked_array([["a"] * 60 + ["b"] * 40])
    now = pa.chunked_array([["a"] * 30 + ["b"] * 70])
    by_hand = (0.3 - 0.6) * np.log(0.3 / 0.6) + (0.7 - 0.4) * np.log(0.7 / 0.4)
    assert stability(now, before) == pytest.approx(by_hand)


@pytest.mark.parametrize(("people", "stops"), [(1_700, False), (1_500, True), (2_500, True)])
def test_the_number_of_rows_is_held_to_the_other_sets(
    tmp_path: Path, *, people: int, stops: bool
) -> None:
    today = stored(tmp_path, "today", columns(people, seed=1))
    rows = [
        one for one in check(today, stored(tmp_path, "yesterday", columns())) if one.check == "rows"
    ]
    assert bool(rows) is stops
    assert all("look at whose rows are only in one of them" in one.sentence for one in rows)


def test_a_source_that_is_late_or_missing_stops(tmp_path: Path) -> None:
    late = stored(tmp_path, "late", columns(), "2026-02-20T00:00:00+00:00")
    [one] = check(late, None)
    assert (one.check, one.feature, one.value) == ("freshness", "campaign_events", 216)
    assert "`flowdrop status`" in one.sentence
    assert check(late, None, Limits(late_hours=300)) == []


def test_a_set_of_nobody_stops(tmp_path: Path) -> None:
    nobody = stored(tmp_path, "nobody", columns(0))
    assert [one.check for one in check(nobody, None)] == ["rows"]


def test_few_people_do_not_drift(tmp_path: Path) -> None:
    today = stored(tmp_path, "today", columns(100, seed=1))
    assert check(today, stored(tmp_path, "yesterday", columns(100))) == []


def test_findings_that_stop_come_first(tmp_path: Path) -> None:
    recency = [each * 1.6 for each in columns(seed=1)["earn_recency_days"]]
    share = [2.0, *columns(seed=1)["evening_share"][1:]]
    severities = [
        asdict(one)["severity"]
        for one in found(tmp_path, {"earn_recency_days": recency, "evening_share": share})
    ]
    assert severities == ["stops", "note"]
