"""Columns that were not known before the draw are refused by name, others pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.uplift.beforehand import require_known_before
from features.uplift.errors import UnusableError
from features.uplift.experiment import experiment
from scenarios.hillstrom import covariates, outcomes
from tests.features.uplift.trials import trial


@pytest.mark.parametrize("seed", range(10))
def test_what_was_known_before_passes(seed: int) -> None:
    one = trial(seed, people=1_000)
    require_known_before(
        experiment(one.X, np.random.default_rng(seed).integers(0, 3, 1_000), one.y)
    )


@pytest.mark.parametrize("column", ["conversion", "spend", "told"])
def test_what_came_of_hillstroms_emails_is_refused(column: str) -> None:
    found, known = outcomes(), covariates().drop(columns="person")
    found["told"] = np.where(found["conversion"] == 1, "bought", "not")
    arm = found["arm"].map({"none": 0, "mens": 1, "womens": 2})
    require_known_before(experiment(known, arm, found["visit"]))
    late = known.assign(**{column: found[column]})
    with pytest.raises(UnusableError, match=f"differ in '{column}' .* --without {column}"):
        require_known_before(experiment(late, arm, found["visit"]))


def test_that_something_is_known_at_all_may_give_it_away() -> None:
    one = trial(people=2_000)
    answered = one.X.assign(answer=np.where((one.arm == 1) & one.X["is_new"], 3.0, np.nan))
    with pytest.raises(UnusableError, match="'answer'"):
        require_known_before(experiment(answered, one.arm, one.y))


def test_where_chances_differ_arms_may() -> None:
    one = trial()
    with pytest.raises(UnusableError, match="'carrier'"):  # chances depend on it
        require_known_before(experiment(one.X, one.arm, one.y))
    require_known_before(experiment(*one.given()))


def test_columns_of_nothing_pass() -> None:
    arm = np.arange(100) % 2
    odd = pd.DataFrame({"none": [None] * 100, "nan": np.nan, "alike": 1, "id": range(100)})
    require_known_before(experiment(odd, arm, arm))
