"""What arms can show at best, by statsmodels and by trying."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import power_proportions_2indep

from features.statistics.arms import Proportion
from features.statistics.experiment import compare
from features.statistics.prospect import BASE_RATES, POWER, detectable, least
from tests.features.statistics.published import case

ARMS = [(900, 100), (450, 50), (90, 10), (100_000, 1_000), (50, 450)]


@pytest.mark.parametrize(("treated", "control"), ARMS)
@pytest.mark.parametrize("base_rate", BASE_RATES)
def test_the_rise_has_the_power_that_statsmodels_says(
    treated: int, control: int, base_rate: float
) -> None:
    rise = detectable(treated, control, base_rate)
    assert rise is not None
    power = power_proportions_2indep(
        rise, base_rate, treated, ratio=control / treated, return_results=False
    )
    # statsmodels counts what is found on the wrong side, too.
    assert POWER - 1e-6 <= power <= POWER + 0.005


def test_the_rise_is_found_as_often_as_promised() -> None:
    treated, control, base_rate, times = 900, 300, 0.05, 1_000
    rise = detectable(treated, control, base_rate)
    assert rise is not None
    draw = np.random.default_rng(12)
    more = draw.binomial(treated, base_rate + rise, times)
    less = draw.binomial(control, base_rate, times)
    found = [
        compare(Proportion(int(a), treated), Proportion(int(b), control)).low > 0
        for a, b in zip(more, less, strict=True)
    ]
    assert sum(found) / times == pytest.approx(POWER, abs=0.05)


@pytest.mark.parametrize(("treated", "control"), [*ARMS, (5, 5), (3, 3), (200, 7)])
def test_the_least_is_the_first_that_is_found(treated: int, control: int) -> None:
    count = least(treated, control)
    assert count is not None
    of = [compare(Proportion(n, treated), Proportion(0, control)) for n in (count - 1, count)]
    assert [one.low > 0 for one in of] == [False, True]


@pytest.mark.parametrize(("treated", "control"), [(1, 1), (2, 2), (1, 2)])
def test_hardly_anybody_can_show_nothing(treated: int, control: int) -> None:
    assert least(treated, control) is None
    assert detectable(treated, control, 0.2) is None
    everybody = compare(Proportion(treated, treated), Proportion(0, control))
    assert everybody.low <= 0


def test_the_published_sample_size() -> None:
    published = case("spotify-sample-size-gpower")
    given, total = published["inputs"]["binomial"], published["expected"]["binomial_total"]
    rise = detectable(total // 2, total // 2, given["p"], published["inputs"]["power"])
    assert rise == pytest.approx(given["delta"], rel=0.005)
