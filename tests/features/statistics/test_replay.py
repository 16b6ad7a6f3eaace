"""Replayed pasts equal simulations, closed forms and counting by hand."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.statistics.replay import TIMES_MAX, Goerg, Past, expected

SEEN = [[1], [2], [5], [14], [3]]
PEOPLE = [40, 30, 20, 5, 5]


def simulated(
    seen: list[list[int]], people: list[int], rate: float, cap: int | None, runs: int = 300
) -> tuple[float, list[float]]:
    """Deliver each exposure or not, by chance, person by person."""
    draw = np.random.default_rng(1)
    rows = np.repeat(np.array(seen), people, axis=0)
    delivered, plus = 0.0, np.zeros(TIMES_MAX)
    for _ in range(runs):
        got = draw.binomial(rows, rate)
        own = (got if cap is None else np.minimum(got, cap)).sum(axis=1)
        delivered += own.sum() / runs
        plus += np.array([(own >= k).sum() for k in range(1, TIMES_MAX + 1)]) / runs
    return delivered, plus.tolist()


@pytest.mark.parametrize("cap", [None, 1, 2, 3, 12])
@pytest.mark.parametrize("rate", [0.05, 0.5, 1.0])
@pytest.mark.parametrize("windows", [1, 3])
def test_it_equals_a_simulation(cap: int | None, rate: float, windows: int) -> None:
    seen = [row * windows for row in SEEN]
    past = Past(seen, PEOPLE)
    delivered, plus = simulated(seen, PEOPLE, rate, cap)
    assert past.delivered(rate, cap) == pytest.approx(delivered, rel=0.03)
    assert past.plus(rate, cap) == pytest.approx(plus, abs=1.5)


def test_all_of_the_past_without_a_cap_is_the_past() -> None:
    past = Past(SEEN, PEOPLE)
    assert (past.reach, past.impressions) == (100, 40 + 60 + 100 + 70 + 15)
    assert past.plus(1.0, None) == (100, 60, 30, 25, 25, 5, 5, 5, 5, 5)
    assert past.plus(1.0, 2) == (100, 60, *[0] * 8)
    assert past.delivered(1.0, 1) == 100


def test_a_patterns_windows_are_of_any_number() -> None:
    past = Past([[3, 1], [2]], [1, 1])
    assert (past.reach, past.impressions, past.delivered(1.0, 1)) == (2, 6, 3)
    assert past.plus(1.0, 1) == (2, 1, *[0] * 8)


@pytest.mark.parametrize("rate", [0.1, 0.7])
def test_people_seen_once_are_reached_with_the_chance_itself(rate: float) -> None:
    past = Past([[1]], [1000])
    point = expected(past, 1000 * rate, None, 1000, 1)
    assert point.plus == pytest.approx((1000 * rate, *[0] * 9))
    assert not point.is_beyond


@pytest.mark.parametrize(("impressions", "reach"), [(300.0, 120.0), (5.0, 4.0), (1e9, 3e6)])
def test_goerg_goes_through_its_point(impressions: float, reach: float) -> None:
    curve = Goerg.through(impressions, reach)
    assert curve.most == pytest.approx(impressions * reach / (impressions - reach))
    assert curve.plus(impressions) == pytest.approx(reach)
    assert curve.plus(1e18) == pytest.approx(curve.most)
    times = [curve.plus(impressions, k) for k in range(1, 2000)]
    assert sum(times) <= impressions * (1 + 1e-9)
    ratios = {round(b / a, 9) for a, b in pairwise(times[:10])}
    assert ratios == {round(impressions / (impressions + curve.most), 9)}


def test_goerg_under_a_cap_delivers_what_is_asked() -> None:
    curve = Goerg.through(300, 120)
    for cap in (1, 2, 5):
        for wanted in (10.0, 100.0, 0.9 * cap * curve.most):
            before = curve.before_cap(wanted, cap)
            assert before is not None
            capped = sum(curve.plus(before, k) for k in range(1, cap + 1))
            assert capped == pytest.approx(wanted, rel=1e-6)
        assert curve.before_cap(cap * curve.most, cap) is None


def test_nobody_met_twice_goes_on_in_a_line() -> None:
    past = Past([[1]], [10])
    point = expected(past, 15, None, 12, 1)
    assert point.is_beyond
    assert point.plus == (12, *[0] * 9)  # no more than the audience
    assert expected(past, 11, None, 12, 1).plus[0] == 11


@pytest.mark.parametrize(
    ("past", "impressions"), [(Past([], []), 100.0), (Past(SEEN, PEOPLE), 0.0)]
)
def test_no_past_or_no_budget_reaches_nobody(past: Past, impressions: float) -> None:
    point = expected(past, impressions, 3, 50, 1)
    assert (point.impressions, point.plus) == (0.0, (0.0,) * 10)


def test_one_person() -> None:
    past = Past([[4]], [1])
    point = expected(past, 2, None, 1, 1)
    assert point.plus[0] == pytest.approx(1 - 0.5**4)
    capped = expected(past, 0.5, 1, 1, 1)
    assert capped.plus == pytest.approx((0.5, *[0] * 9))
    assert expected(past, 1e6, 1, 1, 1).plus == (1, *[0] * 9)


CURVES = st.tuples(
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 50)), min_size=1, max_size=6),
    st.one_of(st.none(), st.integers(1, 12)),
    st.integers(0, 200),
)


@given(CURVES)
def test_more_money_reaches_no_fewer_and_k_plus_falls(
    made: tuple[list[tuple[int, int]], int | None, int],
) -> None:
    rows, cap, never = made
    past = Past([[n] for n, _ in rows], [people for _, people in rows])
    audience = round(past.reach) + never
    before = [0.0] * TIMES_MAX
    for share in (0.1, 0.5, 0.9, 1.0, 1.01, 1.5, 3.0, 50.0):
        point = expected(past, share * past.impressions, cap, audience, 1)
        close = 1e-6 * audience
        assert all(a >= b - close for a, b in pairwise(point.plus))
        assert all(a >= b - close for a, b in zip(point.plus, before, strict=True))
        assert point.plus[0] <= audience + close
        assert point.impressions <= share * past.impressions + close
        if cap is not None:
            assert all(value <= close for value in point.plus[cap:])
        assert not math.isnan(sum(point.plus))
        before = list(point.plus)
