"""Lift while a campaign runs: looks on every day up to its planned end, and what may be said."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from console.reports.basis import NoReportError, QueryLog
from console.reports.lift import lift
from console.reports.looks import by_day, plan
from features.statistics.group_sequential import looks
from flowdrop.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

    from console.reports.lift_report import LiftReport

pytestmark = pytest.mark.clickhouse

DAY = 86_400_000_000  # microseconds
BEGIN = 20_000 * DAY
DAYS = 20
PEOPLE = 400  # of each arm


@pytest.fixture
def ran(fresh: Callable[[], Client], insert: Callable[..., None]) -> Callable[..., Client]:
    """Runs `spring` with so many conversions a day in each arm, and known until a day's end."""

    def run(treated: list[int], control: list[int], *, until: int | None = DAYS) -> Client:
        client = fresh()
        for arm, daily in (("drop", treated), ("holdout", control)):
            names = [f"{arm}-{n}" for n in range(PEOPLE)]
            insert(
                *(client, "assignment", "spring", names, BEGIN),
                id=names,
                arm=arm,
                probability=0.5,
            )
            if arm == "drop" and until:
                sent = [f"c-{name}" for name in names]
                insert(
                    client, "contact", "spring", names, BEGIN, id=sent, until=BEGIN + until * DAY
                )
            times = np.repeat(np.arange(len(daily)), daily) * DAY + BEGIN + DAY // 2
            who = names[: len(times)]
            bought = {
                "id": [f"b-{name}" for name in who],
                "value": [100 + 7 * n for n in range(len(who))],
            }
            if who:
                insert(client, "conversion", "spring", who, times.tolist(), **bought)
        # Any event of any campaign tells how far the log is known.
        insert(client, "visit", "other", ["someone"], BEGIN + len(treated) * DAY, id=["last"])
        return client

    return run


def effect(report: LiftReport, metric: str = "conversion_rate") -> Any:
    (found,) = [one for one in report.effects if one.metric == metric]
    return found


def test_a_running_campaign_is_read_group_sequentially(ran: Callable[..., Client]) -> None:
    daily = [6, 4, 5, 3, 2]
    report = lift(ran(daily, daily[::-1]), "spring")
    assert (report.plan.design, report.plan.day, report.plan.days) == ("group-sequential", 5, DAYS)
    assert not report.plan.over
    did = np.cumsum(daily) + np.cumsum(daily[::-1])
    expected = looks(
        [day / DAYS for day in range(1, 6)], seen=(did / (1 - did / (2 * PEOPLE))).tolist()
    )
    found = effect(report)
    assert found.alpha == pytest.approx(expected[-1].nominal_alpha)
    assert found.alpha < 0.005
    assert found.confidence == 0.95  # of all looks together
    assert found.status == "days_needed"
    assert found.words.en == "no effect shown yet; days to go: 15"


def test_the_days_add_up_to_the_whole(
    ran: Callable[..., Client], insert: Callable[..., None]
) -> None:
    client = ran([30, 20, 0, 10], [10, 20, 5, 0])
    more = [f"drop-{n}" for n in range(40)]  # some convert again, some visit, some before
    at = [BEGIN + (n % 4) * DAY for n in range(40)]
    insert(client, "conversion", "spring", more, at, id=[f"m-{one}" for one in more], value=50)
    insert(client, "visit", "spring", more, at, id=[f"v-{one}" for one in more])
    early = {"id": [f"e-{one}" for one in more], "value": 9}
    insert(client, "conversion", "spring", more, BEGIN - DAY, **early)
    insert(
        client, "assignment", "spring", ["drop-0"], BEGIN, id=["x"], arm="holdout", probability=0.5
    )
    log = QueryLog(client)
    found = by_day(log, "spring", plan(log, "spring", None))
    arms = {row["arm"]: row for row in log.rows("reports/arms", campaign="spring") if row["arm"]}
    assert len(found) == 4
    for arm, row in found[-1].items():
        assert {key: row[key] for key in row} == {key: arms[arm][key] for key in row}
    for sooner, later in itertools.pairwise(found):
        assert all(sooner[arm]["conversions"] <= later[arm]["conversions"] for arm in sooner)


def test_an_effect_that_was_shown_stays_shown(ran: Callable[..., Client]) -> None:
    gone = lift(ran([60, 30, 0, 0, 0, 0, 0], [5, 5, 20, 20, 20, 10, 10]), "spring")
    found = effect(gone)
    assert found.low < 0 < found.high
    assert (found.status, found.words.en) == ("works", "works")


def test_the_first_days_are_too_early(ran: Callable[..., Client]) -> None:
    report = lift(ran([60, 30], [5, 5]), "spring")
    assert effect(report).status == "too_early"
    assert effect(report).words.zh != effect(report).words.en


def test_at_the_end_it_is_over(ran: Callable[..., Client]) -> None:
    even = [3] * DAYS
    report = lift(ran(even, even), "spring")
    assert report.plan.over
    found = effect(report)
    assert found.status == "no_larger"
    assert "no difference larger than " in found.words.en
    assert 0.02 < found.alpha < 0.03  # the other half is spent on the way
    later = lift(ran([*even, 30, 30], [*even, 0, 0]), "spring")
    assert later.plan.day == DAYS
    # The interval is of all there is; what came after the end decides nothing.
    assert effect(later).low > 0
    assert effect(later).status == "no_larger"


def test_harm_is_told(ran: Callable[..., Client]) -> None:
    report = lift(ran([1] * DAYS, [8] * DAYS), "spring")
    assert {effect(report).status, effect(report, "value_per_person").status} == {"harms"}


def test_without_an_end_it_is_read_once(ran: Callable[..., Client]) -> None:
    report = lift(ran([30, 30], [5, 5], until=None), "spring")
    assert (report.plan.design, report.plan.days, effect(report).alpha) == ("fixed", None, 0.05)
    assert effect(report).status == "works"
    always = lift(ran([30, 30], [5, 5], until=None), "spring", design="always-valid")
    assert always.plan.design == "always-valid"
    assert effect(always).alpha < 0.01
    assert effect(always).low < effect(report).low


def test_a_fixed_design_shows_nothing_before_its_end(ran: Callable[..., Client]) -> None:
    daily = [40, 40, 40, 40], [5, 5, 5, 5]
    report = lift(ran(*daily), "spring", design="fixed")
    found = effect(report)
    assert (found.alpha, found.status) == (0.05, "days_needed")
    assert found.p_value < found.alpha
    assert found.words.en == f"not decided before the planned end; days to go: {DAYS - 4}"
    assert effect(lift(ran(*daily, until=4), "spring", design="fixed")).status == "works"


@pytest.mark.parametrize(
    ("design", "words"),
    [("group-sequential", "needs a planned end"), ("bayes", "'bayes' is none; use fixed")],
)
def test_designs_that_cannot_be_are_refused(
    ran: Callable[..., Client], design: str, words: str
) -> None:
    with pytest.raises(NoReportError, match=words):
        lift(ran([1], [1], until=None), "spring", design=design)


def test_the_goals_arms_are_one_family(
    ran: Callable[..., Client], insert: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = ran([30, 30, 9], [20, 20, 9], until=None)
    names = [f"blue-{n}" for n in range(PEOPLE)]
    more = {"id": names, "arm": "blue", "probability": 0.5}
    insert(client, "assignment", "spring", names, BEGIN, **more)
    plain = {one.alpha for one in lift(client, "spring").effects}
    assert plain == {0.05}
    assert lift(client, "spring").goal is None
    told = json.dumps({"campaign": "spring", "goal": "conversions"})
    insert(client, "describe", "spring", ["campaign:spring"], BEGIN, id=["d"], description=told)
    report = lift(client, "spring")
    levels = {(one.arm, one.metric): one.alpha for one in report.effects}
    confident = {(one.arm, one.metric): one.confidence for one in report.effects}
    assert confident["blue", "conversion_rate"] == 0.975
    assert confident["drop", "conversion_rate"] == 0.95
    assert report.goal is not None
    assert report.goal.en.startswith("The campaign's goal is the conversion rate. Its 2 arms are")
    monkeypatch.setattr("sql.client.connect", lambda: client)
    text = " ".join(CliRunner().invoke(main, ["report", "lift", "spring"]).stdout.split())
    assert report.goal.en in text
    assert " 97.5 % " in text
    assert levels["drop", "value_per_person"] == 0.05
    assert levels["blue", "conversion_rate"] == 0.025  # rejected first: 0 of 400 against 49
    assert levels["drop", "conversion_rate"] == 0.05


def test_a_year_is_decided_once_a_week(ran: Callable[..., Client]) -> None:
    report = lift(ran([1] * 30, [2] * 30, until=365), "spring")
    assert report.plan.days == 365
    did = np.array([1, *range(7, 29, 7)]) * 3
    expected = looks(
        [day / 365 for day in (1, 7, 14, 21, 28)], seen=(did / (1 - did / (2 * PEOPLE))).tolist()
    )
    assert effect(report).alpha == pytest.approx(expected[-1].nominal_alpha)
