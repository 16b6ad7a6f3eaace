"""What follows from effects: families of tests, increments, balance, rankings and the status."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from features.statistics import policy
from features.statistics.arms import Estimate, Mean, Proportion
from features.statistics.balance import imbalances, too_many_crossed
from features.statistics.impact import cost_per_increment, global_lift, increment
from features.statistics.multiple import benjamini_hochberg, holm, holm_levels
from features.statistics.status import Now, Status, status

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=7)


def closed(p_values: list[float]) -> list[float]:
    """Return Holm's p-values by their definition: the worst Bonferroni of all families with it."""
    families = [
        family
        for size in range(1, len(p_values) + 1)
        for family in itertools.combinations(range(len(p_values)), size)
    ]
    return [
        max(
            min(1.0, len(family) * min(p_values[one] for one in family))
            for family in families
            if index in family
        )
        for index in range(len(p_values))
    ]


@given(P_VALUES)
def test_adjusted_p_values_are_as_defined_and_as_scipys(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(closed(p_values))
    expected = stats.false_discovery_control(p_values, method="bh")
    assert benjamini_hochberg(p_values) == pytest.approx(expected)


@given(st.lists(st.floats(0, 0.12), min_size=1, max_size=8))
def test_levels_reject_what_holm_rejects(p_values: list[float]) -> None:
    levels = holm_levels([lambda level, p=p: p <= level for p in p_values], 0.05)  # type: ignore[misc]
    rejected = [p <= level for p, level in zip(p_values, levels, strict=True)]
    assert rejected == [p <= 0.05 for p in holm(p_values)]
    assert all(0.05 / len(p_values) <= level <= 0.05 for level in levels)


def test_what_a_cost_is_when_nothing_may_have_been_caused() -> None:
    sure = cost_per_increment(1_000, increment(0.02, 0.01, 0.04, 10_000))
    assert (sure.value, sure.low, sure.high) == pytest.approx((5, 2.5, 10))
    assert sure.finite
    unsure = cost_per_increment(1_000, increment(0.02, -0.01, 0.05, 10_000))
    assert (unsure.value, unsure.low, unsure.high) == (pytest.approx(5), pytest.approx(2), None)
    assert not unsure.finite
    none = cost_per_increment(1_000, increment(-0.02, -0.03, -0.01, 10_000))
    assert (none.value, none.low, none.high) == (None, None, None)


def test_the_lift_of_the_whole_business() -> None:
    # A tenth of the people, half treated, who bring 120 instead of 100; the rest brings 1,800.
    found = global_lift(120, 100, 2_020, treated_share=0.5, enrolled_share=0.1)
    assert found.lift == pytest.approx(10 * (240 - 200) / (1_800 + 200))
    assert found.coverage == pytest.approx(220 / 2_020)
    everyone = global_lift(120, 100, 220, treated_share=0.5)
    assert everyone.lift == pytest.approx(0.2)
    with pytest.raises(ValueError, match="impossible"):
        global_lift(1, 1, 2, treated_share=1.0)


def test_arms_that_were_not_alike_are_named() -> None:
    found = imbalances(
        {
            "revenue before": (Mean(1_000, 5_000, 60_000), Mean(1_000, 5_050, 60_000)),
            "visits before": (Proportion(600, 1_000), Proportion(400, 1_000)),
            "nothing": (Estimate(0, 0, 10), Estimate(0, 0, 10)),
            "all": (Estimate(1, 0, 10), Estimate(0, 0, 10)),
        }
    )
    assert {one.name: one.ok for one in found} == {
        "revenue before": True,
        "visits before": False,
        "nothing": True,
        "all": False,
    }
    assert {one.threshold for one in found} == {0.001 / 4}


def test_people_in_two_arms_are_let_pass_up_to_one_in_a_hundred() -> None:
    assert not too_many_crossed(10, 1_000)
    assert too_many_crossed(11, 1_000)


RUNNING = {"days": 10, "over": False, "events": 500}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (Now(0.01, 0.03, **RUNNING, healthy=False), Status("blocked")),
        (Now(0.01, 0.03, days=1, over=False), Status("too_early", days=2)),
        (Now(0.01, 0.03, days=9, over=False, events=3), Status("too_early", days=1)),
        (Now(0.01, 0.03, **RUNNING), Status("works")),
        (Now(-0.03, -0.01, **RUNNING), Status("harms")),
        (Now(-0.03, -0.01, **RUNNING, higher_is_better=False), Status("works")),
        (Now(-0.01, 0.012, **RUNNING, smallest=0.02), Status("no_larger", difference=0.012)),
        (Now(-0.01, 0.03, **RUNNING, smallest=0.02), Status("days_needed")),
        (Now(-0.01, 0.03, **RUNNING, found=1), Status("works")),  # on an earlier day
        (Now(-0.01, 0.03, **RUNNING, found=-1), Status("harms")),
        (Now(-0.01, 0.03, **RUNNING, days_left=4.2), Status("days_needed", days=5)),
        (Now(-0.01, 0.03, days=30, over=True), Status("no_larger", difference=0.03)),
        (Now(-0.01, 0.03, days=1, over=True, events=1), Status("no_larger", difference=0.03)),
    ],
)
def test_what_may_be_said_today(now: Now, expected: Status) -> None:
    assert status(now) == expected


def test_a_random_order_has_no_qini_and_the_perfect_one_has_all() -> None:
    draw = np.random.default_rng(1)
    treated = draw.integers(0, 2, 20_000)
    gain = draw.random(20_000)
    outcomes = (draw.random(20_000) < 0.1 + 0.3 * gain * treated).astype(np.int64)
    assert policy.qini(outcomes, treated, draw.random(20_000)) == pytest.approx(0, abs=0.03)
    assert policy.qini(outcomes, treated, gain) > 0.05
    perfect = outcomes * (2 * treated - 1)
    assert policy.qini(outcomes, treated, perfect.astype(float)) == pytest.approx(1)
    assert policy.qini(outcomes, treated, np.zeros(20_000)) == pytest.approx(0)


def test_a_rule_against_itself_differs_by_nothing() -> None:
    draw = np.random.default_rng(1)
    model, arms = draw.random((500, 3)), draw.integers(0, 3, 500)
    outcomes, chances = draw.random(500), np.full((500, 3), 1 / 3)
    chosen, other = model.argmax(axis=1), np.zeros(500, dtype=np.int64)
    given_ = (model, arms, outcomes, chances)
    same = policy.policy_difference(*given_, (chosen, chosen))
    assert (same.value, same.standard_error) == (0, 0)
    apart = policy.policy_difference(*given_, (chosen, other))
    first, second = (policy.policy_value(*given_, rule) for rule in (chosen, other))
    assert apart.value == pytest.approx(first.value - second.value)


def published_qini(y: list[int], w: list[int], score: list[float]) -> float:
    """Return scikit-uplift 0.5.1's `qini_auc_score` as it is described, threshold by threshold."""

    def points(by: list[float]) -> list[tuple[int, float]]:
        found = [(0, 0.0)]
        for least in sorted(set(by), reverse=True):
            chosen = [at for at, one in enumerate(by) if one >= least]
            treated = [at for at in chosen if w[at]]
            control = [at for at in chosen if not w[at]]
            more = float(sum(y[at] for at in treated))
            if control:
                more -= sum(y[at] for at in control) * len(treated) / len(control)
            found.append((len(chosen), more))
        return found

    def area(curve: list[tuple[int, float]]) -> float:
        pairs = itertools.pairwise(curve)
        return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairs)

    found = points(score)
    perfect = points([float(one * (2 * arm - 1)) for one, arm in zip(y, w, strict=True)])
    line = area([(0, 0.0), found[-1]])
    return (area(found) - line) / (area(perfect) - line)


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 5)), min_size=4, max_size=40
    )
)
def test_qini_is_scikit_uplifts_with_ties(people: list[tuple[int, int, int]]) -> None:
    people += [(1, 1, 3), (0, 0, 2), (0, 1, 1), (1, 0, 4)]
    y, w, score = (list(one) for one in zip(*people, strict=True))
    found = policy.qini(np.array(y), np.array(w), np.array(score, dtype=float))
    assert found == pytest.approx(published_qini(y, w, score), abs=1e-9)


def test_qini_is_nothing_where_nobody_did_it() -> None:
    draw = np.random.default_rng(1)
    treated, scores = draw.integers(0, 2, 50), draw.random(50)
    assert np.isnan(policy.qini(np.zeros(50, dtype=np.int64), treated, scores))


def test_weighted_values_are_unbiased_and_a_constant_goes_through() -> None:
    """Everyone under every arm, as often as that happens."""
    chances, outcome = np.array([0.5, 0.3, 0.2]), np.array([[1.0, 4.0, 2.0], [0.0, 1.0, 5.0]])
    chosen = np.array([2, 1])
    weight = chances[None, :] * np.ones((2, 1)) / 2
    mean = sum(
        weight[row, arm]
        * policy.weighted_value(
            np.array([arm, 0]),
            np.array([outcome[row, arm], 0.0]),
            np.array([chances[arm], 1.0]),
            np.array([chosen[row], 1]),
            is_normalised=False,
        ).value
        * 2  # of two people the other one counts for nothing
        for row in range(2)
        for arm in range(3)
    )
    assert mean == pytest.approx((2.0 + 1.0) / 2)
    draw = np.random.default_rng(2)
    arms, own = draw.integers(0, 2, 900), draw.uniform(0.3, 0.7, 900)
    outcomes, rule = draw.normal(size=900), draw.integers(0, 2, 900)
    one = policy.weighted_value(arms, outcomes, own, rule)
    two = policy.weighted_value(arms, outcomes + 10, own, rule)
    assert two.value == pytest.approx(one.value + 10)
    assert two.standard_error == pytest.approx(one.standard_error)
    assert np.isnan(policy.weighted_value(arms, outcomes, own, np.full(900, 7)).value)


def test_doubly_robust_scores_agree_with_the_value_of_a_rule() -> None:
    draw = np.random.default_rng(3)
    model, arms = draw.random((400, 3)), draw.integers(0, 3, 400)
    outcomes = draw.random(400)
    chances = draw.dirichlet(np.full(3, 9.0), 400)
    own = chances[np.arange(400), arms]
    scores = policy.arm_scores(model, arms, outcomes, own)
    rule = model.argmax(axis=1)
    found = policy.policy_value(model, arms, outcomes, chances, rule)
    assert scores[np.arange(400), rule].mean() == pytest.approx(found.value)
    before = model.copy()
    policy.arm_scores(model, arms, outcomes, own)
    assert (model == before).all()
