"""What a lift report says of small, lopsided and young experiments."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from click.testing import CliRunner

from console.reports.effects import METHODS
from console.reports.lift import lift
from console.reports.metrics import USUAL as METRICS
from flowdrop.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

    from console.reports.lift_report import LiftReport

pytestmark = pytest.mark.clickhouse


class Arm(NamedTuple):
    """An arm of an experiment; the first of its people convert, with these values if any."""

    people: int
    probability: float
    converted: int = 0
    values: tuple[int, ...] = ()


@pytest.fixture
def ran(fresh: Callable[[], Client], insert: Callable[..., None]) -> Callable[..., Client]:
    """Runs the experiment `spring` of such arms."""

    def run(**arms: Arm) -> Client:
        client = fresh()
        for arm, of in arms.items():
            names = [f"{arm}-{n}" for n in range(of.people)]
            more = {"id": names, "arm": arm, "probability": of.probability}
            insert(client, "assignment", "spring", names, 0, **more)
            values = [None] * of.converted if not of.values else list(of.values)
            who = names[: len(values)]
            bought = {"id": [f"c-{name}" for name in who], "value": values}
            if who:
                insert(client, "conversion", "spring", who, 1, **bought)
        return client

    return run


def effect(report: LiftReport, metric: str = "conversion_rate") -> Any:
    (found,) = [one for one in report.effects if one.metric == metric]
    return found


def whole(report: LiftReport) -> None:
    """Every treated arm's metric is told or withheld, and never both."""
    told = [(one.arm, one.metric) for one in (*report.effects, *report.withheld)]
    asked = [(arm.arm, metric) for arm in report.arms[1:] for metric in METRICS]
    assert sorted(told) == ([] if report.blocked else sorted(asked))


# -- intervals (11) ---------------------------------------------------------------------------


def test_none_of_five_against_one_of_five(ran: Callable[..., Client]) -> None:
    report = lift(ran(drop=Arm(5, 0.5), holdout=Arm(5, 0.5, converted=1)), "spring")
    found = effect(report)
    assert (found.low, found.high) == pytest.approx((-0.7164, 0.3391), abs=1e-4)
    assert (found.relative, found.relative_low) == (-1, -1)
    assert found.relative_high == pytest.approx(12.545, abs=1e-3)
    assert found.p_value == pytest.approx(0.5156, abs=1e-4)
    assert found.method == METHODS["exact"]  # and it says so
    whole(report)


def test_a_lift_without_upper_end_is_told_in_words(
    ran: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = ran(drop=Arm(90, 0.9, converted=70), holdout=Arm(10, 0.1))
    found = effect(lift(client, "spring"))
    assert (found.relative, found.relative_high) == (None, None)
    assert found.low > 0
    assert found.relative_low > 0
    monkeypatch.setattr("sql.client.connect", lambda: client)
    assert "at least +" in printed("lift", "spring")
    assert "至少 +" in printed("lift", "spring", "--lang", "zh")


# -- too little (12) --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drop", "holdout", "reason", "words"),
    [
        (Arm(2, 0.5, values=(100, 100)), Arm(2, 0.5), "people", "too few people in arm drop: 2"),
        (Arm(1, 0.5, values=(100,)), Arm(1, 0.5), "people", "too few people in arm drop: 1"),
        (Arm(20, 0.5, values=(100,) * 20), Arm(20, 0.5), "spread", "everyone in arm drop"),
        (
            Arm(20, 0.5, values=(100, 200) * 10),
            Arm(20, 0.5, values=(50,) * 20),
            "spread",
            "everyone in arm holdout",
        ),
        # The rates say p = .1 of such arms, where a mean without spread would say p < .001.
        (Arm(90, 0.9, values=(100, 200) * 10), Arm(10, 0.1), "sum", "nobody in arm holdout"),
        (
            Arm(90, 0.9, values=(100, 200) * 10),
            Arm(10, 0.1, values=(100, 300)),
            "carriers",
            "as if 1.6 had each generated the same",
        ),
    ],
)
def test_what_lacks_too_much_is_withheld_in_words(
    ran: Callable[..., Client], drop: Arm, holdout: Arm, reason: str, words: str
) -> None:
    report = lift(ran(drop=drop, holdout=holdout), "spring")
    (found,) = [one for one in report.withheld if one.metric == "value_per_person"]
    assert (found.arm, found.reason) == ("drop", reason)
    assert words in found.why.en
    assert not {*"abcdefghij"} & {*found.why.zh.replace("drop", "").replace("holdout", "")}
    whole(report)


def test_without_values_nothing_is_said_about_value(ran: Callable[..., Client]) -> None:
    report = lift(ran(control=Arm(50, 0.5), drop=Arm(50, 0.5, converted=2)), "spring")
    assert [one.metric for one in report.effects] == ["conversion_rate"]
    assert [one.reason for one in report.withheld] == ["no_outcomes", "no_outcomes"]
    assert [arm.value_per_person for arm in report.arms] == [None, None]
    assert [arm.conversions for arm in report.arms] == [0, 2]
    assert effect(report).relative is None


# -- the split (13, 14) -----------------------------------------------------------------------


def test_eighteen_and_two_are_a_split_of_995_and_5(ran: Callable[..., Client]) -> None:
    report = lift(ran(drop=Arm(18, 0.995), holdout=Arm(2, 0.005)), "spring")
    assert report.blocked is None
    assert report.sample_ratio is not None
    assert report.sample_ratio.p_value == pytest.approx(0.0045, abs=5e-5)
    assert report.sample_ratio.method == "exact"


@pytest.mark.parametrize(
    ("given", "told", "missing"),
    [(0.33, "0.99", True), (0.2, "0.6", True), (0.6, "1.8", False), (0.3334, "1.0002", False)],
)
def test_probabilities_that_do_not_add_to_one_are_told_and_taken_as_shares(
    ran: Callable[..., Client], given: float, told: str, *, missing: bool
) -> None:
    arms = {name: Arm(700, given, converted=70) for name in ("none", "red", "blue")}
    report = lift(ran(**arms), "spring")
    assert report.blocked is None
    assert len(report.effects) == 2
    assert report.sample_ratio is not None
    assert report.sample_ratio.expected == pytest.approx(dict.fromkeys(arms, 700))
    (caution,) = report.cautions
    assert f"add up to {told}, not to 1" in caution.en
    assert ("an arm is missing" in caution.en) is missing
    assert told in caution.zh


def test_a_split_unlike_its_shares_is_blocked_all_the_same(ran: Callable[..., Client]) -> None:
    arms = {"none": Arm(600, 0.33), "red": Arm(750, 0.33), "blue": Arm(750, 0.33)}
    report = lift(ran(**arms), "spring")
    assert report.blocked is not None
    assert len(report.cautions) == 1
    whole(report)


def test_one_probability_written_in_two_ways_is_one(
    ran: Callable[..., Client], insert: Callable[..., None]
) -> None:
    client = ran(control=Arm(1, 0.3333), drop=Arm(200, 0.6667, converted=20))
    names = [f"late-{n}" for n in range(99)]
    more = {"id": names, "arm": "control", "probability": 0.33}
    insert(client, "assignment", "spring", names, 0, **more)
    report = lift(client, "spring")
    assert report.blocked is None
    rounded, not_one = report.cautions
    assert "is given both as 0.33 and as 0.3333" in rounded.en
    assert "add up to 0.99835" in not_one.en
    assert report.arms[0].probability == pytest.approx(0.33165)


def test_strata_are_not_taken_for_rounding(
    ran: Callable[..., Client], insert: Callable[..., None]
) -> None:
    """A holdout of .5 % here and of .9 % there differ by little, and are two designs."""
    client = ran(holdout=Arm(50, 0.005), drop=Arm(900, 0.995))
    names = [f"late-{n}" for n in range(90)]
    insert(client, "assignment", "spring", names, 0, id=names, arm="holdout", probability=0.009)
    blocked = lift(client, "spring").blocked
    assert blocked is not None
    assert "holdout varied between people, from 0.005 to 0.009" in blocked.en


# -- no outcomes yet (15) ---------------------------------------------------------------------


def test_minutes_after_the_launch_the_report_says_what_can_be_shown(
    ran: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = ran(drop=Arm(450, 0.9), holdout=Arm(50, 0.1))
    report = lift(client, "spring")
    assert report.effects == ()
    assert {one.reason for one in report.withheld} == {"no_outcomes"}
    (found,) = report.prospects
    assert (found.arm, found.control, found.people, found.control_people) == (
        *("drop", "holdout"),
        *(450, 50),
    )
    assert [round(100 * (one.difference or 0), 1) for one in found.detectable] == [10.8, 14.2, 19.3]
    assert found.least == 33
    assert "33 in drop would have to" in found.words.en
    monkeypatch.setattr("sql.client.connect", lambda: client)
    text = printed("lift", "spring")
    assert "No outcomes yet" in text
    assert "10.77 points from 1 %" in text
    assert "+0.00" not in text
    text = printed("lift", "spring", "--lang", "zh")
    assert "尚无结果" in text
    assert "基准 1% 时 10.77 个百分点" in text
    whole(report)


def test_too_few_can_show_nothing_at_all(ran: Callable[..., Client]) -> None:
    (found,) = lift(ran(drop=Arm(2, 0.5), holdout=Arm(2, 0.5)), "spring").prospects
    assert found.least is None
    assert "too few people for any outcome" in found.words.en


def test_one_conversion_is_an_outcome(ran: Callable[..., Client]) -> None:
    report = lift(ran(drop=Arm(45, 0.9, converted=1), holdout=Arm(5, 0.1)), "spring")
    assert report.prospects == ()
    assert [one.metric for one in report.effects] == ["conversion_rate"]


# -- one report, four ways --------------------------------------------------------------------


def printed(*args: str) -> str:
    found = CliRunner().invoke(main, ["report", *args], env={"COLUMNS": "1000"})
    assert found.exit_code == 0, found.output
    return found.stdout


def test_file_and_json_hold_the_same(
    ran: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = ran(drop=Arm(90, 0.9, converted=70), holdout=Arm(10, 0.1))
    monkeypatch.setattr("sql.client.connect", lambda: client)
    report = json.loads(printed("lift", "spring", "--json"))
    rows = list(csv.DictReader(io.StringIO(printed("lift", "spring", "--csv"))))
    (told,) = report["effects"]
    by = {(row["arm"], row["metric"]): row for row in rows}
    row = by["drop", "conversion_rate"]
    assert float(row["relative_low"]) == told["relative_low"]
    assert (row["relative_high"], row["withheld"]) == ("", "")
    assert told["method"]["zh"] != told["method"]["en"]
    for one in report["withheld"]:
        metric = one["metric"].replace("value_per_person", "value_per_person_cents")
        assert by[one["arm"], metric]["withheld"] == one["reason"]
        assert one["why"]["zh"]
