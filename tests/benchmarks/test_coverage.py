"""Fewer drops than the benchmarks simulate, with a seed, and bounds that chance does not pass."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import coverage, peeking

DROPS = 400
ERRORS = 3.5 * math.sqrt(0.05 * 0.95 / DROPS)  # of a share of a twentieth


@pytest.fixture(scope="module")
def held() -> dict[str, float]:
    return {row["interval"]: row["held"] for row in coverage.measure(DROPS)}


@pytest.mark.parametrize("design", coverage.DESIGNS)
def test_intervals_hold_the_truth(design: str, held: dict[str, float]) -> None:
    draw = np.random.default_rng(1)
    names = {name for found in coverage.DESIGNS[design](draw, 1) for name in found}
    assert names
    most = 1.0 if design in coverage.EXACT else 0.97 + ERRORS
    for name in names:
        assert 0.93 - ERRORS <= held[name] <= most, name


def test_daily_looks_raise_few_false_alarms() -> None:
    z = peeking.rates(np.random.default_rng(1), DROPS, 0.0)
    share = {
        rule: (np.abs(z) > bound).any(axis=1).mean() for rule, bound in peeking.bounds().items()
    }
    assert share["fixed, at any look"] > 0.2  # why the others are there
    for rule in share.keys() - {"fixed, at any look"}:
        assert share[rule] <= 0.05 + ERRORS, rule
    effect = peeking.rates(np.random.default_rng(1), DROPS, 0.1)
    found = (np.abs(effect) > peeking.bounds()["group sequential, alpha t^2"]).any(axis=1).mean()
    assert found > 0.9


@pytest.mark.parametrize("late", [0.4, 2.0])
def test_those_who_convert_early_or_late_raise_no_more(late: float) -> None:
    z, seen = peeking.cohort(np.random.default_rng(1), DROPS, late)
    shares = [day / peeking.DAYS for day in range(1, peeking.DAYS + 1)]
    bounds = [look.bound for look in peeking.looks(shares, seen=seen.tolist())]
    assert (np.abs(z) > bounds).any(axis=1).mean() <= 0.05 + ERRORS


@pytest.mark.parametrize("benchmark", [coverage, peeking])
def test_the_commands_print_json(benchmark: object) -> None:
    found = CliRunner().invoke(benchmark.main, ["--drops", "5", "--json"])  # type: ignore[attr-defined]
    assert found.exit_code == 0, found.output
    assert json.loads(found.output)
