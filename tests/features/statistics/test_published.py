"""Published results of experiment statistics, each by its name in `data/experiment_cases.json`."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from features.statistics import (
    adjustment,
    always_valid,
    contrast,
    group_sequential,
    intervals,
    multiple,
    policy,
    power,
    score,
)
from features.statistics.arms import Estimate, Mean, Proportion
from features.statistics.contrast import Contrast, between
from features.statistics.experiment import compare, read
from features.statistics.sample_ratio import sample_ratio
from tests.features.statistics.published import case, names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from features.statistics.arms import Statistic

Case = dict[str, Any]


def arm(given: Mapping[str, Any]) -> Statistic:
    if "successes" in given:
        return Proportion(given["successes"], given["n"])
    if "mean" in given:
        n, mean = given["n"], given["mean"]
        return Mean(n, n * mean, (n - 1) * given["var"] + n * mean * mean)
    return Mean(given["n"], given["sum"], given["sum_squares"])


def pair(given: Mapping[str, Any]) -> tuple[Statistic, Statistic]:
    return arm(given["treatment"]), arm(given["control"])


def of(name: str) -> tuple[Any, Any, Any]:
    found = case(name)
    return found["inputs"], found["expected"], found["tolerance"]


def holds(found: intervals.Interval, expected: Mapping[str, Any], tolerance: float) -> None:
    assert found.value == pytest.approx(expected["effect"], abs=tolerance)
    assert found.p_value == pytest.approx(expected["p"], abs=tolerance)
    if "se" in expected:
        assert found.standard_error == pytest.approx(expected["se"], abs=tolerance)
    if "ci" in expected:
        assert (found.low, found.high) == pytest.approx(tuple(expected["ci"]), abs=tolerance)
    if "ci_low" in expected:
        assert found.low == pytest.approx(expected["ci_low"], abs=tolerance)
        assert found.high is None


@pytest.mark.parametrize(
    "name",
    [
        "gb-ttest-relative",
        "gb-ttest-proportion",
        "gb-onesided-greater-relative",
        "gb-onesided-greater-absolute",
        "ph-ttest-mean",
        "ph-ttest-proportion",
    ],
)
def test_t_intervals(name: str) -> None:
    given, expected, tolerance = of(name)
    both = between(*pair(given))
    tolerance = tolerance["ci"] if isinstance(tolerance, dict) else tolerance
    way = intervals.lift if given["difference"] == "relative" else intervals.difference
    holds(way(both, given["alpha"], given.get("alternative", "two-sided")), expected, tolerance)
    if "df" in expected:
        assert both.degrees == pytest.approx(expected["df"], abs=0.01)  # printed with two digits


def test_what_is_shown_has_the_published_effect_and_p_value() -> None:
    """Fieller's interval of the lift is another than theirs; the difference's is the same."""
    given, expected, tolerance = of("tea-tasting-mean")
    found = compare(*pair(given))
    assert (found.low, found.high) == pytest.approx(tuple(expected["ci"]), abs=tolerance)
    assert found.p_value == pytest.approx(expected["p"], abs=tolerance)
    assert found.relative == pytest.approx(expected["relative"], abs=tolerance)


def sequential(both: Contrast, tuning: float, alpha: float) -> tuple[float, float, float, float]:
    """Return the two-sided interval of the lift, and the difference's logarithm of p and error."""
    rho2 = always_valid.rho_squared(tuning, alpha)
    half = always_valid.multiplier(both.people, rho2, alpha) * both.lift_error
    assert both.lift is not None
    log = always_valid.log_p(both.lift / both.lift_error, both.people, rho2)
    return both.lift, both.lift - half, both.lift + half, log


@pytest.mark.parametrize("name", ["gb-sequential-mean-N1000", "ph-sequential-proportion"])
def test_confidence_sequences(name: str) -> None:
    given, expected, tolerance = of(name)
    both = between(*pair(given))
    value, low, high, log = sequential(both, given["tuning_N"], given["alpha"])
    assert value == pytest.approx(expected["effect"], abs=tolerance)
    assert both.lift_error == pytest.approx(expected["se"], abs=tolerance)
    assert (low, high) == pytest.approx(tuple(expected["ci"]), abs=tolerance)
    assert math.exp(log) == pytest.approx(expected["p"], abs=tolerance)
    if name.startswith("ph"):
        assert log == pytest.approx(math.log(6e-56), abs=0.5)


def test_gb_sequential_one_sided_greater() -> None:
    given, expected, tolerance = of("gb-sequential-one-sided-greater")
    both, alpha = between(*pair(given)), given["alpha"]
    rho2 = always_valid.rho_squared(given["tuning_N"], alpha, one_sided=True)
    times = always_valid.multiplier(both.people, rho2, alpha, one_sided=True)
    assert both.lift is not None
    for low, key in (
        (both.lift - times * both.lift_error, "relative_ci_low"),
        (both.difference - times * both.standard_error, "absolute_ci_low"),
    ):
        assert low == pytest.approx(expected[key], abs=tolerance[key])
    z = both.difference / both.standard_error
    p = math.exp(always_valid.log_p_greater(z, both.people, rho2))
    assert p == pytest.approx(expected["absolute_p"], abs=tolerance["absolute_p"])
    assert p == pytest.approx(0.46304736, abs=1e-7)  # theirs is a step of bisection late


def mean_with_past(given: Mapping[str, Any]) -> adjustment.MeanWithPast:
    return adjustment.MeanWithPast(
        given["n"],
        *(given[key] for key in ("post_sum", "post_sum_squares", "pre_sum", "pre_sum_squares")),
        given["cross"],
    )


def test_gb_sequential_cuped_mean() -> None:
    given, expected, tolerance = of("gb-sequential-cuped-mean")
    found = adjustment.adjust(*(mean_with_past(given[one]) for one in ("treatment", "control")))
    value, low, high, _ = sequential(found.contrast, given["tuning_N"], given["alpha"])
    assert value == pytest.approx(expected["effect"], abs=tolerance)
    assert found.contrast.lift_error == pytest.approx(expected["se"], abs=tolerance)
    # The whole gradient; their code's shortcut has another fifth digit, and so has their interval.
    error, shortcut = found.contrast.lift_error, 0.33341199
    assert error == pytest.approx(0.33341473, abs=1e-7)
    theirs = [value + (end - value) * shortcut / error for end in (low, high)]
    assert theirs == pytest.approx(expected["ci"], abs=tolerance)


def test_gb_cuped_theta() -> None:
    given, expected, tolerance = of("gb-cuped-theta")
    x, y = given["pre"], given["post"]
    both = adjustment.MeanWithPast(
        len(x), sum(y), _product(y, y), sum(x), _product(x, x), _product(x, y)
    )
    assert adjustment.best_theta(both, both) == pytest.approx(expected["theta"], abs=tolerance)


def _product(x: list[float], y: list[float]) -> float:
    return sum(a * b for a, b in zip(x, y, strict=True))


def test_gb_cuped_ratio() -> None:
    given, expected, tolerance = of("gb-cuped-ratio")
    arms = [
        adjustment.RatioWithPast(
            one["n"],
            *(one[key][0] for key in ("mp", "dp", "mq", "dq")),
            *(one[key][1] for key in ("mp", "dp", "mq", "dq")),
            *(one[key] for key in ("mpdp", "mpmq", "mpdq", "mqdp", "dpdq", "mqdq")),
        )
        for one in (given["treatment"], given["control"])
    ]
    found = adjustment.adjust(arms[0], arms[1])
    holds(intervals.lift(found.contrast, given["alpha"]), expected, tolerance)
    _, low, high, _ = sequential(found.contrast, given["tuning_N"], given["alpha"])
    assert (low, high) == pytest.approx(tuple(expected["sequential_ci"]), abs=tolerance)
    assert found.variance_saved == pytest.approx(0.98, abs=0.001)


@pytest.mark.parametrize("sign", [1, -1])
def test_gb_cuped_ratio_golden_improving(sign: int) -> None:
    given, expected, tolerance = of("gb-cuped-ratio-golden-improving")

    def ratio(one: Mapping[str, list[float]]) -> adjustment.RatioWithPast:
        m, p = ([sign * value for value in one[key]] for key in ("m_post", "m_pre"))
        d, q = one["d_post"], one["d_pre"]
        pairs = ((m, m), (d, d), (p, p), (q, q), (m, d), (m, p), (m, q), (d, p), (d, q), (p, q))
        sums = [sum(values) for values in (m, d, p, q)]
        return adjustment.RatioWithPast(len(m), *sums, *(_product(x, y) for x, y in pairs))

    found = adjustment.adjust(ratio(given["treatment"]), ratio(given["control"]), given["theta"])
    assert found.contrast.lift == pytest.approx(sign * expected["lift"], abs=5e-7)
    assert found.contrast.lift_error == pytest.approx(expected["se"], abs=tolerance)


def test_gb_power_mde() -> None:
    given, expected, tolerance = of("gb-power-mde")
    people = given["total_n"] / given["arms"]
    plan = power.Plan(given["mean"], given["variance"], people, people)
    rho2 = always_valid.rho_squared(given["tuning_N"], given["alpha"])
    wide = always_valid.multiplier(2 * people, rho2, given["alpha"])
    wide /= contrast.upper_quantile(given["alpha"] / 2)
    error = plan.lift_error(given["lift"])
    for widening, chance, least in (
        (1.0, "power", "mde"),
        (wide, "sequential_power", "sequential_mde"),
    ):
        found = power.power(given["lift"], error, given["alpha"], widening)
        assert found == pytest.approx(expected[chance], abs=tolerance)
        smallest = power.smallest_lift(plan, given["alpha"], given["target_power"], widening)
        assert smallest == pytest.approx(expected[least], abs=tolerance)


def test_gb_delta_variance() -> None:
    given, expected, tolerance = of("gb-delta-variance")
    control, treated = (
        Estimate(given[f"mean{g}"], given[f"var{g}"] / given[f"n{g}"], given[f"n{g}"]) for g in "AB"
    )
    found = between(treated, control)
    assert found.variance == pytest.approx(expected["absolute"], abs=tolerance)
    assert found.lift_error**2 == pytest.approx(expected["relative"], abs=tolerance)


@pytest.mark.parametrize(
    ("name", "one_sided"),
    [("confseq-normal-mixture", False), ("confseq-normal-mixture-one-sided", True)],
)
def test_uniform_boundaries(name: str, *, one_sided: bool) -> None:
    given, expected, tolerance = of(name)
    rho = 1 / always_valid.rho_squared(given["v_opt"], given["alpha_opt"], one_sided=one_sided)
    if "rho" in expected:
        assert rho == pytest.approx(expected["rho"], abs=tolerance)
        exact = 1 / always_valid.rho_squared(given["v_opt"], given["alpha_opt"], exact=True)
        assert exact == pytest.approx(12.177349, abs=1e-6)
    log = always_valid.mixture_log(given["s"], given["v"], rho, one_sided=one_sided)
    assert log == pytest.approx(expected["log_mixture"], abs=tolerance)
    bound = always_valid.mixture_bound(given["v"], rho, given["alpha"], one_sided=one_sided)
    assert bound == pytest.approx(expected["bound"], abs=tolerance)


@pytest.mark.parametrize("name", ["statsig-srm-example", "spotify-srm", "srm-two-arm-worked"])
def test_sample_ratios(name: str) -> None:
    given, expected, tolerance = of(name)
    splits = given["counts"] if isinstance(given["counts"][0], list) else [given["counts"]]
    found = []
    for counts in splits:
        arms = [str(index) for index in range(len(counts))]
        weights = given.get("weights", [1] * len(counts))
        found.append(
            sample_ratio(
                dict(zip(arms, counts, strict=True)), dict(zip(arms, weights, strict=True))
            )
        )
    if "p_below_1e_4" in expected:
        assert found[0].p_value < 1e-4
    elif "chi2" in expected:
        assert found[0].chi_squared == pytest.approx(expected["chi2"], abs=tolerance)
        assert found[0].p_value == pytest.approx(expected["p"], rel=1e-6)
    else:
        wanted = (expected["p_small"], expected["p_large"])
        assert tuple(one.p_value for one in found) == pytest.approx(wanted, abs=tolerance)


def test_expan_obrien_fleming() -> None:
    given, expected, tolerance = of("expan-obrien-fleming")
    found = [
        group_sequential.spent(share, given["alpha"], "obrien-fleming")
        for share in given["information"]
    ]
    assert found == pytest.approx(expected["spent"], abs=tolerance)


def test_spotify_group_sequential() -> None:
    given, expected, tolerance = of("spotify-group-sequential")
    shares = group_sequential.information(given["cumulative_n"], given["planned"])
    found = group_sequential.looks(shares, given["alpha"], "square")
    levels = [look.nominal_alpha for look in found]
    assert levels == pytest.approx(expected["adjusted_alpha"], abs=tolerance)
    assert [look.bound for look in found] == pytest.approx(
        [3.3042, 3.0342, 2.8706, 2.7286], abs=1e-4
    )


def test_spotify_sample_size_gpower() -> None:
    given, expected, tolerance = of("spotify-sample-size-gpower")
    levels = {"alpha": given["alpha"], "target": given["power"]}
    found = {
        "continuous_total": power.sample_size(
            given["continuous"]["delta"], given["continuous"]["variance"], **levels
        ),
        "binomial_total": power.rate_sample_size(
            given["binomial"]["p"], given["binomial"]["delta"], **levels
        ),
    }
    for key, total in found.items():
        assert total == pytest.approx(expected[key], abs=tolerance[key])


def test_fagerland_7_34_1_34() -> None:
    given, expected, tolerance = of("fagerland-7-34-1-34")
    arms = Proportion(given["x1"], given["n1"]), Proportion(given["x2"], given["n2"])
    wald = intervals.wald(*arms)
    found = {
        "wald": (wald.low, wald.high),
        "agresti_caffo": intervals.agresti_caffo(*arms),
        "newcombe": intervals.newcombe(*arms),
    }
    for key, interval in found.items():
        assert interval == pytest.approx(tuple(expected[key]), abs=tolerance[key])
    # The ratio of the same table in the same publication.
    assert score.koopman_interval(*arms) == pytest.approx((1.221, 42.58), rel=5e-4)


def test_tea_tasting_mean() -> None:
    given, expected, tolerance = of("tea-tasting-mean")
    treated, control = pair(given)
    holds(intervals.difference(between(treated, control)), expected, tolerance)
    found = intervals.log_lift(treated, control, given["alpha"])
    assert found.value == pytest.approx(expected["relative"], abs=tolerance)
    assert (found.low, found.high) == pytest.approx(tuple(expected["relative_ci"]), abs=tolerance)


def test_tea_tasting_power() -> None:
    given, expected, tolerance = of("tea-tasting-power")
    plan = power.Plan(given["mean"], given["variance"], given["n"] / 2, given["n"] / 2)
    found = {
        "power_greater_10pct": power.t_power(0.1 * plan.mean, plan, alternative="greater"),
        "mde_two_sided": power.t_smallest_effect(plan),
        "mde_less": power.t_smallest_effect(plan, alternative="less"),
        "n_for_0_05": power.t_sample_size(0.05, given["variance"]),
    }
    for key, value in found.items():
        assert value == pytest.approx(expected[key], abs=tolerance[key]), key


def test_expan_normal_difference() -> None:
    given, expected, tolerance = of("expan-normal-difference")
    x, y = (Estimate(mean, sd * sd / n, n) for mean, sd, n in (given["x"], given["y"]))
    found = intervals.pooled(x, y)
    assert (found.low, found.high) == pytest.approx(tuple(expected["ci"]), abs=tolerance)


def test_expan_sample_size() -> None:
    given, expected, tolerance = of("expan-sample-size")
    found = [
        power.sample_size(
            given["mde_relative"] * statistics.mean(x), statistics.variance(x), ratio=given["ratio"]
        )
        for x in (given["x1"], given["x2"])
    ]
    assert found == pytest.approx(expected["n"], abs=tolerance)


def test_identity_growthbook_eppo_avlm() -> None:
    given, expected, tolerance = of("identity-growthbook-eppo-avlm")
    n, alpha = given["n"], given["alpha"]
    rho2 = always_valid.rho_squared(given["N_tune"], alpha)
    found = always_valid.multiplier(n, rho2, alpha)
    assert found == pytest.approx(expected["eppo_B"], abs=tolerance)
    assert found == pytest.approx(expected["avlm_B"], abs=tolerance)
    # avlm's form for few people comes to the same with many degrees of freedom, confseq's always.
    assert always_valid.t_radius(n, 1e9, 1 / rho2, alpha) == pytest.approx(found, abs=1e-6)
    bound = always_valid.mixture_bound(n, 1 / rho2, alpha)
    assert bound / math.sqrt(n) == pytest.approx(found, abs=tolerance)


def test_statsig_msprt() -> None:
    given, expected, tolerance = of("statsig-msprt")
    treated, control = (
        Estimate(0.0, given[f"var_{g}"] / given[f"n_{g}"], given[f"n_{g}"]) for g in "tc"
    )
    found = always_valid.statsig_bound(treated, control, given["alpha"])
    assert found == pytest.approx(expected["z_star"], abs=tolerance)


def test_worked_always_valid() -> None:
    given, expected, tolerance = of("worked-always-valid")
    both, alpha = between(*pair(given)), given["alpha"]
    assert both.difference == pytest.approx(expected["effect"], abs=tolerance["effect"])
    assert both.standard_error == pytest.approx(expected["se"], abs=tolerance["se"])
    fixed = both.difference_interval(contrast.upper_quantile(alpha / 2))
    assert fixed == pytest.approx(tuple(expected["fixed_ci"]), abs=tolerance["fixed_ci"])
    for tuning in (5_000, 20_000, 40_000):
        rho2 = always_valid.rho_squared(tuning, alpha)
        found = both.difference_interval(always_valid.multiplier(both.people, rho2, alpha))
        key = f"N{tuning}_ci"
        assert found == pytest.approx(tuple(expected[key]), abs=tolerance[key])
        if tuning == 20_000:
            rho = math.sqrt(rho2)
            assert rho == pytest.approx(expected["N20000_rho"], abs=tolerance["N20000_rho"])
            z = both.difference / both.standard_error
            p = math.exp(always_valid.log_p(z, both.people, rho2))
            assert p == pytest.approx(expected["N20000_p"], abs=tolerance["N20000_p"])


def test_holm_bh() -> None:
    given, expected, tolerance = of("holm-bh")
    assert multiple.holm(given["p"]) == pytest.approx(expected["holm"], abs=tolerance)
    assert multiple.benjamini_hochberg(given["p"]) == pytest.approx(expected["bh"], abs=tolerance)


def test_sklift_qini_small() -> None:
    given, expected, tolerance = of("sklift-qini-small")
    found = policy.qini(*(np.array(given[key]) for key in ("y", "w", "score")))
    assert found == pytest.approx(expected["qini"], abs=tolerance)


def test_drp_fixed_point() -> None:
    given, expected, tolerance = of("drp-fixed-point")
    # Two people stand for each arm's mean: the treated have all of the effect.
    treated = np.array([1, 0])
    rewards, costs = np.array([given["tau_r"], 0.0]), np.array([given["tau_c"], 0.0])

    def slope(logit: float) -> float:
        at = [np.full(2, logit + step) for step in (-1e-5, 1e-5)]
        low, high = (policy.ratio_loss(one, treated, rewards, costs, 0.5) for one in at)
        return high - low

    wanted = expected["ratio"]
    logit = math.log(wanted / (1 - wanted))
    apart = 10 * tolerance
    assert slope(logit - apart) < 0 < slope(logit + apart)


def test_dr_policy_value() -> None:
    given, expected, tolerance = of("dr-policy-value")
    mu, e = np.array(given["mu"]), np.array(given["propensity"])
    chosen = np.array(given["policy"])
    rows, arms = np.divmod(np.arange(mu.size), mu.shape[1])  # everyone under every arm
    weight = e[arms] / len(mu)  # how often that happens
    outcomes, wrong = mu[rows, arms], mu + np.array([[0.3, -0.2, 0.1]])

    def value(model: np.ndarray, chances: np.ndarray) -> float:
        each = [
            policy.policy_value(
                np.repeat(model[[row]], 2, axis=0),
                np.repeat(arms[[index]], 2),
                np.repeat(outcomes[[index]], 2),
                np.repeat(chances[None, :], 2, axis=0),
                np.repeat(chosen[[row]], 2),
            ).value
            for index, row in enumerate(rows)
        ]
        return float(np.array(each) @ weight)

    truth = float(mu[np.arange(len(mu)), chosen].mean())
    assert truth == pytest.approx(expected["truth"], abs=tolerance)
    assert value(wrong, e) == pytest.approx(expected["dr_wrong_outcome_model"], abs=tolerance)
    found = value(mu, np.array([0.2, 0.2, 0.6]))
    assert found == pytest.approx(expected["dr_wrong_propensity_right_model"], abs=tolerance)


def test_every_published_case_has_a_test() -> None:
    from pathlib import Path

    text = Path(__file__).read_text("utf-8")
    assert names()
    assert [name for name in names() if f'"{name}"' not in text] == []


def test_adjusted_effects_are_read_by_one_test_too() -> None:
    given, _, _ = of("gb-sequential-cuped-mean")
    adjusted = adjustment.adjust(*(mean_with_past(given[one]) for one in ("treatment", "control")))
    found = read(adjusted.contrast)
    assert found.relative_low is not None
    assert (found.low > 0) == (found.relative_low > 0)
