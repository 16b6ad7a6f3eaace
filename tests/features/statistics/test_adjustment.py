"""CUPED is the regression on the past, by statsmodels; strata are put together by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from features.statistics.adjustment import MeanWithPast, adjust
from features.statistics.strata import Stratum, Sums, merged, post_stratify


def simulated(seed: int, people: int, effect: float) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    past = draw.gamma(2, 5, people)
    return past, 0.8 * past + draw.normal(0, 4, people) + effect


def with_past(past: np.ndarray, now: np.ndarray) -> MeanWithPast:
    return MeanWithPast(len(now), now.sum(), now @ now, past.sum(), past @ past, past @ now)


def test_the_adjusted_effect_is_that_of_the_regression() -> None:
    (x_1, y_1), (x_0, y_0) = simulated(1, 300, 1.0), simulated(2, 200, 0.0)
    found = adjust(with_past(x_1, y_1), with_past(x_0, y_0))
    treated = np.repeat([1.0, 0.0], [300, 200])
    fit = sm.OLS(
        np.append(y_1, y_0), sm.add_constant(np.column_stack([treated, np.append(x_1, x_0)]))
    ).fit()
    assert found.contrast.difference == pytest.approx(fit.params[1])
    assert found.theta == pytest.approx(fit.params[2])
    assert found.contrast.standard_error == pytest.approx(fit.HC0_se[1], rel=0.01)
    rho = np.corrcoef(np.append(x_1, x_0), np.append(y_1 - 1.0, y_0))[0, 1]
    assert found.variance_saved == pytest.approx(rho**2, abs=0.03)


def test_the_lift_stays_relative_to_what_the_control_was() -> None:
    treated, control = with_past(*simulated(1, 300, 1.0)), with_past(*simulated(2, 200, 0.0))
    found = adjust(treated, control).contrast
    assert found.control == control.value
    assert found.lift == pytest.approx(found.difference / control.value)
    # The whole gradient by hand, over (now, past) of each arm.
    theta, c = adjust(treated, control).theta, control.value
    d = found.difference
    to_control = np.array([-(d + c) / c**2, theta / c])
    to_treated = np.array([1 / c, -theta / c])
    spread = sum(
        gradient
        @ np.array([[arm.variance, arm.covariance], [arm.covariance, arm.past_variance]])
        @ gradient
        / arm.count
        for gradient, arm in ((to_treated, treated), (to_control, control))
    )
    assert found.lift_error == pytest.approx(math.sqrt(spread))


def test_a_past_that_is_alike_for_all_changes_nothing() -> None:
    _, now = simulated(1, 300, 1.0)
    arm = with_past(np.ones(300), now)
    found = adjust(arm, arm)
    assert (found.theta, found.contrast.difference, found.variance_saved) == (0, 0, 0)


def sums(values: np.ndarray) -> Sums:
    return Sums(len(values), float(values.sum()), float(values @ values))


def test_one_stratum_is_the_plain_comparison() -> None:
    (_, y_1), (_, y_0) = simulated(1, 300, 1.0), simulated(2, 200, 0.0)
    found = post_stratify([Stratum(sums(y_1), sums(y_0))])
    assert found.difference == pytest.approx(y_1.mean() - y_0.mean())
    assert found.variance == pytest.approx(y_1.var(ddof=1) / 300 + y_0.var(ddof=1) / 200)
    assert found.covariance == pytest.approx(-found.control_variance)


def test_strata_are_weighted_by_all_their_people() -> None:
    """An arm that got more of the rich city by chance gains nothing by it."""
    rich, poor = np.array([9.0, 11.0]), np.array([1.0, 3.0])
    found = post_stratify(
        [
            Stratum(sums(np.tile(rich + 1, 40)), sums(np.tile(rich, 10))),
            Stratum(sums(np.tile(poor + 1, 10)), sums(np.tile(poor, 40))),
        ]
    )
    assert found.difference == pytest.approx(1.0)
    assert found.control == pytest.approx(6.0)
    each = [0.5**2 * (one.var() / 80 + one.var() / 20) for one in (rich, poor)]
    assert found.variance == pytest.approx(sum(each), rel=0.05)  # n - 1 of the tiled ones


def test_effects_that_differ_between_strata_add_what_the_strata_are_drawn_with() -> None:
    even = Sums(100, 100, 200)
    more = Sums(100, 300, 1_000)
    found = post_stratify([Stratum(even, even), Stratum(more, even)])
    alike = post_stratify([Stratum(even, even), Stratum(even, even)])
    assert found.difference == pytest.approx(1.0)
    drawn = (0.5 * 2**2 - 1.0**2) / 400  # the variance of the effect of a person's stratum
    extra = more.variance / 100 / 4 - even.variance / 100 / 4
    assert found.variance - alike.variance == pytest.approx(drawn + extra)


def test_thin_strata_are_merged_and_nobody_is_lost() -> None:
    whole = Stratum(Sums(50, 100, 400), Sums(50, 90, 350))
    lone = Stratum(Sums(0, 0, 0), Sums(3, 6, 14))
    other = Stratum(Sums(4, 8, 20), Sums(0, 0, 0))
    assert merged([whole, lone, other]) == [whole, lone + other]
    assert merged([whole, lone]) == [whole + lone]
    with pytest.raises(ValueError, match="at least 2"):
        merged([lone])
    with pytest.raises(ValueError, match="no people"):
        post_stratify([])


cells = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5)).map(
        lambda n: Stratum(Sums(n[0], n[0] * 2, n[0] * 5), Sums(n[1], n[1], n[1] * 3))
    ),
    min_size=1,
    max_size=8,
)


@given(cells)
def test_however_they_are_merged_the_people_add_up(strata: list[Stratum]) -> None:
    arms = [sum(getattr(one, arm).count for one in strata) for arm in ("treated", "control")]
    if min(arms) < 2:
        return
    found = merged(strata)
    assert not any(one.thin for one in found)
    assert sum(one.people for one in found) == sum(arms)
    contrast = post_stratify(strata)
    assert contrast.variance > 0
    assert contrast.difference == pytest.approx(1.0)
