"""Two answers to an organisation never count nearly the same people."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.database import open_database
from console.reporting.population import Population, differences, unpacked
from console.reporting.watch import TooCloseError, watch

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_database(f"sqlite:///{tmp_path / 'console.sqlite'}")


def people(chosen_by: str, *steps: range | list[int]) -> Population:
    return Population((chosen_by,), tuple(np.array(step, dtype=np.int64) for step in steps))


def test_a_population_that_differs_by_a_few_people_is_refused_in_words(engine: Engine) -> None:
    watch(engine, "brand", [people("spring", range(1000))])
    with pytest.raises(TooCloseError) as refusal:
        watch(engine, "brand", [people("spring without a day", range(1, 1000))])
    assert "fewer than 50" in refusal.value.message
    assert "999" not in refusal.value.message
    watch(engine, "brand", [people("half of spring", range(500))])
    watch(engine, "other", [people("spring without a day", range(1, 1000))])


def test_a_few_people_more_and_as_many_less_are_seen(engine: Engine) -> None:
    watch(engine, "brand", [people("a", range(1000))])
    with pytest.raises(TooCloseError):
        watch(engine, "brand", [people("b", range(10, 1010))])


def test_the_same_choice_on_another_day_is_not_refused(engine: Engine) -> None:
    watch(engine, "brand", [people("spring", range(1000))])
    watch(engine, "brand", [people("spring", range(1003))])
    with pytest.raises(TooCloseError):  # and it is the latest that counts
        watch(engine, "brand", [people("other", range(1004))])


def test_the_same_people_by_another_choice_are_told(engine: Engine) -> None:
    watch(engine, "brand", [people("spring", range(1000))])
    watch(engine, "brand", [people("spring from its first day", range(1000))])


def test_every_total_of_a_curve_is_watched(engine: Engine) -> None:
    watch(engine, "brand", [people("curve", range(300), range(300, 900))])
    with pytest.raises(TooCloseError):
        watch(engine, "brand", [people("three days", range(310))])


def test_what_is_refused_is_not_kept(engine: Engine) -> None:
    watch(engine, "brand", [people("a", range(1000))])
    for _ in range(2):
        with pytest.raises(TooCloseError):
            watch(engine, "brand", [people("b", range(1020))])
    watch(engine, "brand", [people("c", range(1060))])


def test_what_is_told_now_is_watched_against_all_that_was_told(engine: Engine) -> None:
    watch(engine, "brand", [people("a", range(500), range(500, 1000))])
    with pytest.raises(TooCloseError):
        watch(engine, "brand", [people("b", range(503))])
    both = [people("a", range(1000)), people("b", range(503))]
    with pytest.raises(TooCloseError):  # though a is told beside it
        watch(engine, "brand", both)


def test_the_same_question_on_another_day_is_answered(engine: Engine) -> None:
    watch(engine, "brand", [people("a", range(1000)), people("b", range(980))])
    watch(engine, "brand", [people("a", range(1010)), people("b", range(990))])


def test_of_two_at_once_one_is_refused(engine: Engine) -> None:
    watch(engine, "brand", [people("seed", range(50_000, 51_000))])
    together = Barrier(2)

    def ask(number: int) -> bool:
        together.wait()
        try:
            watch(engine, "brand", [people(f"{number}", range(number))])
        except TooCloseError:
            return False
        return True

    for number in (1000, 3000, 5000):
        with ThreadPoolExecutor(2) as pool:
            assert sum(pool.map(ask, (number, number + 3))) == 1


def test_the_same_people_by_many_names_crowd_nobody_out(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.reporting.watch.KEPT_MAX", 5)
    watch(engine, "brand", [people("spring", range(1000))])
    for n in range(10):
        watch(engine, "brand", [people(f"up to day {n}", range(300))])
    with pytest.raises(TooCloseError):
        watch(engine, "brand", [people("other", range(1004))])


steps = st.lists(st.sets(st.integers(0, 60), min_size=1), min_size=1, max_size=4).map(
    lambda sets: [
        sorted(each - set().union(*sets[:n]))
        for n, each in enumerate(sets)
        if each - set().union(*sets[:n])
    ]
)


@given(steps, steps)
def test_differences_are_those_of_sets(one: list[list[int]], other: list[list[int]]) -> None:
    mine, others = people("one", *one), people("other", *other)
    kept = unpacked(others.sizes, others.packed)
    assert [[*map(int, step)] for step in kept] == other
    for n, row in enumerate(differences(mine.steps, kept)):
        for m, found in enumerate(row):
            mine_so_far = set().union(*one[: n + 1])
            assert found == len(mine_so_far ^ set().union(*other[: m + 1]))
