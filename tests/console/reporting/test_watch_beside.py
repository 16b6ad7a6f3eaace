"""What an organisation was told of is no trap, and differences stay impossible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.database import open_database
from console.reporting.population import Population
from console.reporting.watch import TooCloseError, watch
from console.reports.populations import CONTACTED, EXPOSED, _beside

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_database(f"sqlite:///{tmp_path / 'console.sqlite'}")


def people(days: str, of: tuple[str, bool], who: range, told_by: str = "") -> Population:
    beside = tuple((days, *other) for other in _beside(of))
    return Population((days, *of), (np.array(who, dtype=np.int64),), told_by, beside=beside)


SERVED, VIEWABLE = ("served", False), ("viewable", False)


def test_contacts_and_exposures_told_together_are_no_trap(engine: Engine) -> None:
    watch(
        engine, "brand", [people("all", CONTACTED, range(140)), people("all", SERVED, range(139))]
    )
    watch(engine, "brand", [people("all", CONTACTED, range(140), "by day")])
    watch(engine, "brand", [people("all", CONTACTED, range(145))])  # on another day
    watch(engine, "brand", [people("all", SERVED, range(144))])


def test_exposures_of_other_days_are_watched(engine: Engine) -> None:
    watch(engine, "brand", [people("all", CONTACTED, range(140))])
    with pytest.raises(TooCloseError):
        watch(engine, "brand", [people("spring", SERVED, range(139))])


def test_who_saw_is_watched_against_who_was_served(engine: Engine) -> None:
    watch(engine, "brand", [people("all", SERVED, range(140))])
    with pytest.raises(TooCloseError):
        watch(engine, "brand", [people("all", VIEWABLE, range(139))])


def test_the_same_people_are_told_though_others_are_near_them(engine: Engine) -> None:
    watch(
        engine, "brand", [people("all", CONTACTED, range(140)), people("all", SERVED, range(139))]
    )
    watch(engine, "brand", [people("spring", SERVED, range(140))])
    with pytest.raises(TooCloseError):
        watch(engine, "brand", [people("summer", SERVED, range(138))])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 300)), min_size=1, max_size=12))
def test_every_told_total_was_told_before_or_is_far_from_all(asked: list[tuple[str, int]]) -> None:
    engine = open_database("sqlite://")
    told: dict[str, int] = {}
    for days, n in asked:
        try:
            watch(engine, "brand", [people(days, SERVED, range(n))])
        except TooCloseError:
            assert n not in told.values()
            continue
        others = [size for name, size in told.items() if name != days]
        assert n in told.values() or all(abs(n - size) >= 50 or n == size for size in others)
        told[days] = n


def test_whoever_saw_was_served() -> None:
    assert all(other not in EXPOSED for of in EXPOSED for other in _beside(of))
