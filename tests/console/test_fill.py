from __future__ import annotations

import hmac
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.drops.fill import BY_EXPLORING, BY_LOT, BY_SCORE, Filled, Lots, fill

PEOPLE = [f"p{n}" for n in range(12)]


def filled(places: int, lots: Lots, key: int = 0, people: list[str] = PEOPLE) -> Filled:
    def draw(what: str, person: str) -> bytes:
        return hmac.digest(str(key).encode(), f"{what}\0{person}".encode(), "sha256")

    return fill(people, places, lots, draw)


@given(
    count=st.integers(0, 60),
    places=st.integers(0, 70),
    explore=st.floats(0, 0.5),
    off=st.sets(st.integers(0, 59)),
    key=st.integers(0, 99),
)
def test_places_are_filled_and_chances_add_up(
    *, count: int, places: int, explore: float, off: set[int], key: int
) -> None:
    people = [f"p{n}" for n in range(count)]
    lots = Lots(explore, frozenset(f"p{n}" for n in off))
    found = filled(places, lots, key, people)
    assert len(found.chosen_by) == min(places, count)
    assert set(found.chances) == set(people)
    assert all(-1e-9 <= chance <= 1 + 1e-9 for chance in found.chances.values())
    for one, way in found.chosen_by.items():
        assert (way == BY_LOT) == (one in lots.impersonal)
        assert found.chances[one] > 0
    others = [one for one in people if one not in lots.impersonal]
    taken = sum(way != BY_LOT for way in found.chosen_by.values())
    assert sum(found.chances[one] for one in others) == pytest.approx(taken, abs=1e-6)
    if 0 < places < count:
        assert all(found.chances[one] == places / count for one in people if one not in others)
        ways = Counter(found.chosen_by.values())
        assert abs(ways[BY_EXPLORING] - explore * taken) <= 0.5
    by_score = [one for one, way in found.chosen_by.items() if way == BY_SCORE]
    out = [one for one in others if one not in found.chosen_by]
    assert max(map(people.index, by_score), default=-1) < min(map(people.index, out), default=count)


def test_the_chances_are_those_of_all_draws() -> None:
    """Every set of two explorers among seven is as likely; the other three places go by score."""
    people = PEOPLE[:7]
    found = filled(5, Lots(0.4), people=people)
    times: Counter[str] = Counter()
    draws = list(combinations(people, 2))
    for explorers in draws:
        times.update(explorers)
        times.update([one for one in people if one not in explorers][:3])
    for one in people:
        assert found.chances[one] == pytest.approx(times[one] / len(draws))


def test_whoever_switched_personalisation_off_has_the_chance_of_anyone() -> None:
    drops, times = 3_000, Counter[str]()
    off = frozenset({PEOPLE[0], PEOPLE[-1]})  # the best score and the worst
    for key in range(drops):
        times.update(filled(5, Lots(0.1, off), key).chosen_by.keys())
    for one in off:  # 5 in 12; a standard deviation is .009
        assert times[one] / drops == pytest.approx(5 / 12, abs=0.04)
    assert sum(times.values()) == 5 * drops


def test_where_everyone_fits_everyone_is_in() -> None:
    found = filled(12, Lots(0.5, frozenset({"p3"})))
    assert set(found.chances.values()) == {1.0}
    assert found.chosen_by["p3"] == BY_LOT
    assert set(found.chosen_by.values()) == {BY_LOT, BY_SCORE}
