"""Lift by every metric, adjusted, with its cost and checks: a world whose truth is known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from console.reports.basis import NoReportError
from console.reports.lift import lift
from features.statistics.multiple import holm

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

    from console.reports.lift_report import LiftReport

pytestmark = pytest.mark.clickhouse

DAY = 86_400_000_000  # microseconds
BEGIN = 20_000 * DAY
PEOPLE = 400  # of each arm
DAYS = 20
CITIES = ("beijing", "chengdu", "")
GOALS = "conversion_rate,value_per_person,value_per_purchase,purchase_p90"


class Town(NamedTuple):
    """A warehouse, and the truth: a row per person, and a row per purchase."""

    client: Client
    people: pd.DataFrame  # arm, past, past_times, spent, times, city
    bought: pd.DataFrame  # person, arm, cents


@pytest.fixture(scope="module")
def town(fresh: Callable[[], Client], insert: Callable[..., None]) -> Town:
    client, draw = fresh(), np.random.default_rng(7)
    frame = pd.DataFrame({"arm": np.repeat(["drop", "holdout"], PEOPLE)})
    frame["person"] = [f"{arm}-{n}" for n, arm in enumerate(frame.arm)]
    frame["taste"] = draw.gamma(2, 50, len(frame)).round().astype(int) + 20
    frame["past_times"] = draw.poisson(1, len(frame))
    more = np.where(frame.arm == "drop", 0.4, 0.0)
    frame["times"] = draw.poisson(0.3 + 0.3 * frame.past_times + more)
    frame["city"] = draw.choice(CITIES, len(frame))
    past, bought = _events(draw, frame, "past_times"), _events(draw, frame, "times")
    names = frame.person.tolist()
    probability = {"arm": frame.arm.tolist(), "probability": 0.5}
    insert(client, "assignment", "spring", names, BEGIN, id=names, **probability)
    insert(
        *(client, "conversion", "winter", past.person.tolist()),
        (BEGIN - (1 + past.index.to_numpy() % 27) * DAY).tolist(),
        id=[f"p-{n}" for n in past.index],
        value=past.cents.tolist(),
    )
    # Older than is looked at, and of another campaign since: neither is past or now.
    insert(
        client, "conversion", "winter", names, BEGIN - 29 * DAY, id=_ids("o", names), value=9_999
    )
    insert(client, "conversion", "autumn", names, BEGIN + DAY, id=_ids("a", names), value=50)
    insert(
        *(client, "conversion", "spring", bought.person.tolist()),
        (BEGIN + (bought.index.to_numpy() % DAYS) * DAY + 5).tolist(),
        id=[f"b-{n}" for n in bought.index],
        value=bought.cents.tolist(),
    )
    sent = frame.person[frame.arm == "drop"].tolist()
    until = BEGIN + DAYS * DAY
    insert(client, "contact", "spring", sent, BEGIN, id=_ids("c", sent), until=until, cost=100)
    insert(
        client, "exposure", "spring", [*sent, "holdout-400"], BEGIN + 1, id=_ids("e", [*sent, ""])
    )
    for when, said in ((-3, frame.city), (3, ["moved"] * len(frame))):
        known = [{"city": json.dumps(one)} if one else {} for one in said]
        ids = _ids(f"s{when}", names)
        insert(client, "profile", "", names, BEGIN + when * DAY, id=ids, attributes=known)
    insert(client, "visit", "other", ["someone"], BEGIN + DAYS * DAY, id=["last"])
    for name, of in (("past", past), ("spent", bought)):
        frame[name] = of.groupby("person").cents.sum().reindex(names).fillna(0).to_numpy()
    return Town(client, frame, bought)


def _events(draw: np.random.Generator, frame: pd.DataFrame, times: str) -> pd.DataFrame:
    found = frame.loc[frame.index.repeat(frame[times]), ["person", "arm", "taste"]]
    found = found.reset_index(drop=True)
    return found.assign(cents=found.taste + draw.integers(0, 60, len(found)))


def _ids(kind: str, names: list[str]) -> list[str]:
    return [f"{kind}-{name}" for name in names]


@pytest.fixture(scope="module")
def report(town: Town) -> LiftReport:
    return lift(town.client, "spring", goals=GOALS, guardrails="visit_rate", strata="city")


def effect(report: LiftReport, metric: str) -> Any:
    (found,) = [one for one in report.effects if one.metric == metric]
    return found


def arms(frame: pd.DataFrame, column: str) -> tuple[Any, Any]:
    return tuple(frame.loc[frame.arm == arm, column].to_numpy() for arm in ("drop", "holdout"))


def test_every_metric_is_that_of_the_people(report: LiftReport, town: Town) -> None:
    treated, control = arms(town.people, "spent")
    assert effect(report, "value_per_person").difference == pytest.approx(
        treated.mean() - control.mean()
    )
    times = arms(town.people, "times")
    ratios = [
        spent.sum() / each.sum() for spent, each in zip((treated, control), times, strict=True)
    ]
    found = effect(report, "value_per_purchase")
    assert found.difference == pytest.approx(ratios[0] - ratios[1])
    errors = [
        np.var(spent - ratio * each, ddof=1) / each.mean() ** 2 / PEOPLE
        for spent, each, ratio in zip((treated, control), times, ratios, strict=True)
    ]
    assert found.standard_error == pytest.approx(np.sqrt(sum(errors)))
    high = [np.quantile(one, 0.9, method="inverted_cdf") for one in arms(town.bought, "cents")]
    assert effect(report, "purchase_p90").difference == high[0] - high[1]
    assert [report.measured["purchase_p90"][name] for name in ("drop", "holdout")] == high
    assert found.increment is None  # of a ratio nothing adds up


def test_all_goal_metrics_are_one_family(report: LiftReport) -> None:
    goals = [one for one in report.effects if one.role == "goal"]
    assert [one.metric for one in goals] == GOALS.split(",")
    assert [one.p_holm for one in goals] == holm([one.p_value for one in goals])
    assert min(one.confidence for one in goals) > 0.95
    assert [one.metric for one in report.withheld] == ["visit_rate"]  # the guardrail; nobody came
    assert report.goal is not None
    assert "one family of 4 tests (Holm)" in report.goal.en


def test_the_past_saves_what_a_regression_saves(report: LiftReport, town: Town) -> None:
    (found,) = [
        one for one in report.adjusted if (one.metric, one.method) == ("value_per_person", "cuped")
    ]
    frame = town.people
    treated = (frame.arm == "drop").astype(float)
    fitted = sm.OLS(frame.spent, sm.add_constant(np.column_stack([treated, frame.past]))).fit()
    assert found.difference == pytest.approx(fitted.params.iloc[1], rel=1e-9)
    assert found.theta == pytest.approx(fitted.params.iloc[2], rel=1e-9)
    plain = effect(report, "value_per_person")
    assert found.variance_saved > 0.1
    width = (found.high - found.low) / (plain.high - plain.low)
    assert width == pytest.approx(np.sqrt(1 - found.variance_saved), rel=1e-2)
    assert "28 days before assignment" in found.words.en


def test_a_ratio_is_adjusted_too_and_no_quantile(report: LiftReport) -> None:
    cuped = [one.metric for one in report.adjusted if one.method == "cuped"]
    assert cuped == ["conversion_rate", "value_per_person", "value_per_purchase"]


def test_strata_are_of_the_time_of_assignment(report: LiftReport, town: Town) -> None:
    (found,) = [
        one for one in report.adjusted if (one.metric, one.method) == ("value_per_person", "strata")
    ]
    frame = town.people
    each = frame.pivot_table(index="city", columns="arm", values="spent", aggfunc="mean")
    share = frame.city.value_counts(normalize=True)
    assert found.difference == pytest.approx(((each["drop"] - each["holdout"]) * share).sum())


def test_no_history_is_no_adjustment(town: Town) -> None:
    none = lift(town.client, "spring", pre_days=0)
    assert (none.adjusted, none.before) == ((), ())
    assert [one.metric for one in none.effects] == ["conversion_rate", "value_per_person"]
    assert {one.p_holm for one in none.effects} == {None}


def test_the_arms_were_alike_before(report: LiftReport, town: Town) -> None:
    found = {one.metric: one for one in report.before}
    assert all(one.ok for one in report.before)
    past = arms(town.people, "past")
    assert found["value_per_person"].treated == pytest.approx(past[0].mean())
    assert found["conversion_rate"].control == pytest.approx((past[1] > 0).mean())


def test_a_control_arm_that_was_exposed_is_told(report: LiftReport) -> None:
    assert {one.arm: one.exposed for one in report.exposures} == {"drop": PEOPLE, "holdout": 1}
    assert any("1 of 400 people of the control arm" in one.en for one in report.cautions)


def test_one_more_has_a_cost_with_both_ends_or_none(report: LiftReport) -> None:
    found = {one.metric: one for one in report.costs}
    told = effect(report, "conversion_rate")
    cost = found["conversion_rate"]
    assert cost.cost_cents == 100 * PEOPLE
    assert told.increment_low > 0
    assert cost.per_cents == pytest.approx(100 * PEOPLE / told.increment)
    assert (cost.per_low_cents, cost.per_high_cents) == pytest.approx(
        (100 * PEOPLE / told.increment_high, 100 * PEOPLE / told.increment_low)
    )
    assert cost.words is None


def test_without_a_clear_effect_no_cost_is_finite(
    fresh: Callable[[], Client], insert: Callable[..., None]
) -> None:
    client = fresh()
    for arm in ("drop", "holdout"):
        names = [f"{arm}-{n}" for n in range(60)]
        insert(client, "assignment", "spring", names, BEGIN, id=names, arm=arm, probability=0.5)
        some = names[: 20 if arm == "drop" else 19]
        insert(client, "conversion", "spring", some, BEGIN + 1, id=_ids("b", some))
    insert(client, "contact", "spring", ["drop-0"], BEGIN, id=["c"], cost=500)
    (found,) = lift(client, "spring").costs
    assert (found.cost_cents, found.per_high_cents) == (500, None)
    assert found.words is not None
    assert found.words.en.startswith("no finite cost")
    assert "没有有限的成本" in found.words.zh


def test_of_the_whole_business(report: LiftReport, town: Town) -> None:
    (found,) = report.of_whole
    treated, control = (float(one.sum()) for one in arms(town.people, "spent"))
    whole = treated + control + 50 * 2 * PEOPLE  # and what they bought of another campaign
    caused = 2 * (treated - control)
    assert found.lift == pytest.approx(caused / (whole - treated - control + 2 * control))
    assert found.low < found.lift < found.high
    assert found.coverage == pytest.approx((treated + control) / whole)


def test_arms_that_differed_before_are_blocked_in_words(
    fresh: Callable[[], Client], insert: Callable[..., None]
) -> None:
    client = fresh()
    for arm in ("drop", "holdout"):
        names = [f"{arm}-{n}" for n in range(100)]
        insert(client, "assignment", "spring", names, BEGIN, id=names, arm=arm, probability=0.5)
        insert(client, "conversion", "spring", names[:30], BEGIN + 1, id=_ids("b", names[:30]))
    before = [f"drop-{n}" for n in range(25)]
    insert(client, "visit", "winter", before, BEGIN - DAY, id=_ids("v", before))
    found = lift(client, "spring")
    assert (found.effects, found.withheld, found.adjusted, found.costs) == ((), (), (), ())
    assert found.blocked is not None
    assert "differed before they were assigned" in found.blocked.en
    assert found.blocked.zh != found.blocked.en
    assert lift(client, "spring", pre_days=0).blocked is None


def test_a_split_that_went_wrong_on_the_way_is_blocked(
    fresh: Callable[[], Client], insert: Callable[..., None]
) -> None:
    client = fresh()
    for day, arm, people in ((0, "drop", 9_000), (0, "holdout", 8_000), (1, "holdout", 1_000)):
        names = [f"{arm}-{day}-{n}" for n in range(people)]
        at = BEGIN + day * DAY
        insert(client, "assignment", "spring", names, at, id=names, arm=arm, probability=0.5)
    insert(client, "conversion", "spring", ["drop-0-1"], BEGIN + 2 * DAY, id=["b"])
    found = lift(client, "spring")
    assert found.sample_ratio is not None
    assert found.sample_ratio.p_value == 1.0
    assert found.sample_ratio.sequential_p is not None
    assert found.sample_ratio.sequential_p < 0.001
    assert found.blocked is not None
    assert "while people were assigned" in found.blocked.en


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"goals": "fame"}, "goals: 'fame' is no metric"),
        ({"goals": ","}, "goals: ',' names no metric"),
        ({"guardrails": " , "}, "guardrails: ' , ' names no metric"),
        ({"strata": "shoe_size"}, "strata: nobody's profile gave 'shoe_size'"),
        ({"goals": "visit_rate,visit_rate"}, "named twice"),
        ({"goals": "visit_rate", "guardrails": "visit_rate"}, "is a goal metric, too"),
        ({"pre_days": -1}, "pre_days: -1 is not between 0 and 365"),
        ({"design": "hopeful"}, "design: 'hopeful' is none"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    town: Town, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(NoReportError) as refused:
        lift(town.client, "spring", **asked)
    assert words in refused.value.words.en
    assert refused.value.words.zh != refused.value.words.en
