from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.choice.pacing import STEP_MAX, paced

above = st.floats(1e-6, 1e6)


@given(above, st.floats(0, 1e6), above)
def test_a_price_rises_when_too_much_is_spent_and_falls_when_too_little(
    price: float, spent: float, planned: float
) -> None:
    found = paced(price, spent, planned)
    assert 0 < found <= STEP_MAX * price
    if spent > planned:
        assert found > price or spent / planned - 1 < 1e-9
    elif spent < planned:
        assert found < price or 1 - spent / planned < 1e-9
    else:
        assert found == price


@pytest.mark.parametrize("wrong", [(0.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, 0.0)])
def test_what_has_no_meaning_is_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        paced(*wrong)


@pytest.mark.parametrize("factor", [0.2, 5.0])
def test_a_day_that_begins_with_a_wrong_price_spends_its_budget(factor: float) -> None:
    """People come by the hour, more at noon; each is given five coins if worth their price."""
    draws = np.random.default_rng(1)
    hours = 96
    crowd = 400 * (1 + 0.8 * np.sin(np.linspace(0, np.pi, hours)))
    price, spent = 0.02 * factor, []
    planned = crowd * 5 * np.exp(-5 * 0.02 / 0.1)  # what the right price, 0.02, would spend
    for hour in range(hours):
        effects = draws.exponential(0.1, int(crowd[hour]))
        spent.append(5.0 * int((effects - price * 5.0 > 0).sum()))
        price = paced(price, spent[-1], float(planned[hour]), eta=0.3)
    assert sum(spent) == pytest.approx(planned.sum(), rel=0.1)
    assert price == pytest.approx(0.02, rel=0.35)
    assert sum(spent[-24:]) == pytest.approx(planned[-24:].sum(), rel=0.05)
