from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from console.drops.selection import (
    HOLDOUT,
    NO_CONSENT,
    OVER_BUDGET,
    TREATED,
    Candidate,
    Selection,
    capacity,
    holdout_size,
    select,
)

shares = st.decimals(0, "0.9", places=3).map(float)


def people(count: int) -> list[Candidate]:
    return [Candidate(f"p{n}", n + 1, 1 - n / 10_000) for n in range(count)]


def chosen(
    count: int = 100, *, drop: str = "spring", secret: str = "key", **terms: object
) -> Selection:
    values = {"budget": 10_000, "amount": 10, "holdout": 0.1, "blocked": {}} | terms
    return select(people(count), drop=drop, secret=secret, **values)  # type: ignore[arg-type]


@given(
    count=st.integers(0, 200),
    amount=st.integers(1, 50),
    extra=st.integers(0, 3_000),
    holdout=shares,
    blocked=st.sets(st.integers(0, 199)),
    secret=st.text(max_size=8),
)
def test_a_selection_keeps_every_promise(
    *, count: int, amount: int, extra: int, holdout: float, blocked: set[int], secret: str
) -> None:
    budget = amount + extra
    reasons = {f"p{n}": NO_CONSENT for n in blocked}
    found = chosen(
        count, budget=budget, amount=amount, holdout=holdout, blocked=reasons, secret=secret
    )
    arms = {m.person: m.arm for m in found.members}
    treated = [p for p, arm in arms.items() if arm == TREATED]
    held = [p for p, arm in arms.items() if arm == HOLDOUT]
    assert len(treated) * amount <= budget
    assert len(held) == holdout_size(len(arms), holdout)
    assert not set(arms) & set(reasons)
    everyone = [m.person for m in found.members] + [p.person for p in found.left_out]
    assert sorted(everyone) == sorted(c.person for c in people(count))
    for member in found.members:
        arm = treated if member.arm == TREATED else held
        assert member.probability == pytest.approx(len(arm) / len(arms))
        assert 0 < member.probability <= 1
    over = [p.rank for p in found.left_out if p.reason == OVER_BUDGET]
    assert all(m.rank < min(over, default=10**9) for m in found.members)
    if over:  # the budget is used: one more person would not fit
        more = len(arms) + 1
        assert (more - holdout_size(more, holdout)) * amount > budget


@given(budget=st.integers(1, 10**6), amount=st.integers(1, 10**4), holdout=shares)
def test_capacity_is_the_most_people_that_fit(budget: int, amount: int, holdout: float) -> None:
    most = capacity(budget, amount, holdout)
    treated_max = budget // amount
    assert most - holdout_size(most, holdout) <= treated_max
    assert most + 1 - holdout_size(most + 1, holdout) > treated_max


@pytest.mark.parametrize(
    ("count", "share", "held"),
    [(10, 0.1, 1), (4, 0.1, 0), (5, 0.1, 1), (15, 0.1, 2), (100, 0.0, 0), (3, 0.9, 3), (0, 0.5, 0)],
)
def test_the_holdout_is_the_nearest_whole_number(count: int, share: float, held: int) -> None:
    assert holdout_size(count, share) == held


def test_the_draw_is_the_same_again_and_in_any_order() -> None:
    again = select(
        reversed(people(100)),
        drop="spring",
        budget=10_000,
        amount=10,
        holdout=0.1,
        secret="key",
        blocked={},
    )
    assert chosen() == again


def test_another_drop_or_secret_holds_out_others() -> None:
    def held(found: Selection) -> set[str]:
        return {m.person for m in found.members if m.arm == HOLDOUT}

    first = held(chosen(1_000, holdout=0.5))
    for other in (
        chosen(1_000, holdout=0.5, drop="autumn"),
        chosen(1_000, holdout=0.5, secret="k"),
    ):
        shared = len(first & held(other))
        assert 200 < shared < 300  # 250 expected of 500, standard deviation 8


def test_each_person_is_held_out_as_often_as_stated() -> None:
    drops = 400
    times = [0] * 20
    for number in range(drops):
        for n, member in enumerate(chosen(20, holdout=0.25, drop=f"d{number}").members):
            times[n] += member.arm == HOLDOUT
    # Each of 20 people is held out in a quarter of the drops, whatever the rank: held at p 1e-6.
    spread = sum((t - drops / 4) ** 2 / (drops * float(Fraction(3, 16))) for t in times)
    assert stats.chi2.sf(spread, 20) > 1e-6
    assert sum(times) == drops * 5


def test_who_may_not_be_contacted_makes_room_for_the_next() -> None:
    found = chosen(10, budget=30, amount=10, holdout=0.0, blocked={"p0": NO_CONSENT})
    assert [m.person for m in found.members] == ["p1", "p2", "p3"]
    assert [(p.person, p.reason) for p in found.left_out][:2] == [
        ("p0", NO_CONSENT),
        ("p4", OVER_BUDGET),
    ]
