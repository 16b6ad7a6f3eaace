"""How a drop's effect is measured: chosen before launch, recorded with it, shown, never changed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
import pytest

from console.drops import register
from console.drops.launch import launch
from console.drops.measurement import Measured, settled
from console.drops.preview import preview
from console.drops.terms import Terms
from console.reports.lift import lift
from console.reports.metrics import METRICS
from console.reports.power import power
from features.statistics import foresight
from features.statistics.foresight import Rates
from features.statistics.prospect import detectable
from streams.events import Describe, DescribeData, Measurement, MetricName
from tests.console.world import NOW, PARTITIONS, PROGRAM, PROGRAMS, Wire, World

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from console.drops.tables import Drop

pytestmark = pytest.mark.clickhouse

PEOPLE = [f"p:{n}" for n in range(200)]
END = NOW + timedelta(days=14)
CHOSEN = Measured(
    goals="conversion_rate,value_per_person",
    guardrails="visit_rate",
    planned_end=END,
    smallest_lift=0.2,
)


@pytest.fixture
def town(world: World) -> World:
    world.open(PEOPLE)
    world.audience("all", PEOPLE)
    rows = [
        {
            "id": f"past/{n}",
            "type": "conversion",
            "time": NOW - timedelta(days=n % 20, hours=1),
            "person": person,
            "campaign": "winter",
            "value": 100 + n,
        }
        for n, person in enumerate(PEOPLE[:60])
    ]
    world._campaign_rows(rows)
    return world


def make(session: Session, town: World, measured: Measured = CHOSEN, **more: Any) -> Drop:
    terms = {"name": "spring", "program": PROGRAM, "budget": 100_000, "amount": 500}
    return register.create(
        session,
        town.client,
        Terms(**(terms | {"audience": "all", "holdout": 0.25, "measured": measured} | more)),
        programs=PROGRAMS,
        partitions=PARTITIONS,
        secret="key",
        who="ann",
        now=NOW,
    )


def test_what_was_chosen_is_published_and_shown_with_the_lift(
    session: Session, town: World, wire: Wire
) -> None:
    drop = make(session, town)
    shown = preview(session, drop)
    assert (shown.design, shown.goals, shown.guardrails) == (
        "group-sequential",
        ["conversion_rate", "value_per_person"],
        ["visit_rate"],
    )
    assert (shown.planned_people, shown.planned_end, shown.smallest_lift) == (200, END, 0.2)
    launch(session, town.client, "spring", publisher=wire, who="bob", now=NOW)
    (told,) = [event for event in wire.events() if isinstance(event, Describe)]
    assert told.data.measurement == Measurement(
        design="group-sequential",
        goals=("conversion_rate", "value_per_person"),
        guardrails=("visit_rate",),
        people=200,
        end=END,
        tuned_at=1_000,
        smallest_lift=0.2,
    )
    town.take(wire.events())
    found = lift(town.client, "spring")
    assert found.plan.recorded is not None
    assert found.plan.recorded.in_time
    assert (found.plan.design, found.plan.goals, found.plan.end) == (
        "group-sequential",
        ("conversion_rate", "value_per_person"),
        END,
    )
    assert found.plan.departures == ()
    other = lift(town.client, "spring", design="fixed", goals="visit_rate")
    assert [one.en.partition(":")[0] for one in other.plan.departures] == [
        "Not as registered",
    ] * 3
    assert other.cautions[: len(other.plan.departures)] == other.plan.departures
    assert all("登记" in one.zh for one in other.plan.departures)


def test_nothing_said_later_changes_what_was_recorded(
    session: Session, town: World, wire: Wire
) -> None:
    make(session, town)
    launch(session, town.client, "spring", publisher=wire, who="bob", now=NOW)
    town.take(wire.events())
    rows = town.client.query("SELECT count() FROM campaign_descriptions").result_rows
    assert rows == [(0,)]  # how it is measured says nothing of what it is
    later = Describe(
        id="late",
        source="advertiser",
        time=NOW + timedelta(days=1),
        subject="campaign:spring",
        data=DescribeData(
            campaign="spring",
            title_en="Spring",
            end=NOW + timedelta(days=90),
            measurement=Measurement(design="fixed", goals=("visit_rate",)),
        ),
    )
    town.take([later])
    found = lift(town.client, "spring").plan
    assert (found.design, found.goals, found.end) == (
        "group-sequential",
        ("conversion_rate", "value_per_person"),
        END,
    )
    asked = Measured(design="fixed")
    with pytest.raises(click.ClickException, match="recorded at launch and can't be changed"):
        register.change_plan(session, town.client, "spring", asked, who="eve", now=NOW)
    assert preview(session, register.find(session, "spring")).design == "group-sequential"


def test_a_draft_may_be_changed_and_its_history_says_so(session: Session, town: World) -> None:
    make(session, town, Measured())
    first = preview(session, register.find(session, "spring"))
    assert (first.design, first.goals) == ("always-valid", ["conversion_rate"])  # it has no end
    asked = Measured(planned_end=END, design="group-sequential", goals="value_per_person")
    drop = register.change_plan(session, town.client, "spring", asked, who="bob", now=NOW)
    shown = preview(session, drop)
    assert (shown.design, shown.goals, shown.planned_end) == (
        "group-sequential",
        ["value_per_person"],
        END,
    )
    assert [one.metric for one in shown.power] == ["value_per_person"]
    assert [row.action for row in register.history(session, "spring")] == ["create", "plan"]


def test_the_preview_says_what_the_drop_can_show(session: Session, town: World) -> None:
    (rate, value) = preview(session, make(session, town)).power
    # 60 of 200 converted within 20 days, three each day: 42 of them within 14.
    assert (rate.audience_people, rate.days, rate.base) == (200, 14, pytest.approx(42 / 200))
    assert (rate.treated, rate.control, rate.lift) == (150, 50, 0.2)
    assert (rate.alpha, value.alpha) == (0.025, 0.025)
    assert rate.widening > 1  # of looking on the way
    assert rate.power is not None
    assert 0 < rate.power < 0.8
    assert rate.smallest_difference is not None
    assert rate.smallest_difference > 0.2 * 42 / 200
    assert rate.days_needed is None
    assert "90 days are too few" in rate.words.en
    assert value.base == pytest.approx(bought_in(14))


def bought_in(days: int) -> float:
    """What a person of the audience bought in the last `days` days, on average."""
    return sum(100 + n for n in range(60) if n % 20 < days) / 200


def test_the_report_of_power_is_of_the_same_past(town: World) -> None:
    found = power(town.client, "all", PROGRAM, 0.25, 14, 0.2, "fixed", None, NOW.isoformat())
    (rate,) = found.metrics
    assert (rate.base, rate.treated, rate.control) == (pytest.approx(0.21), 150, 50)
    assert rate.widening == 1.0
    large = power(town.client, "all", PROGRAM, 0.25, 14, 2.0, "fixed", None, NOW.isoformat())
    (days,) = [one.days_needed for one in large.metrics]
    assert days is not None
    assert 1 < days <= 20
    with pytest.raises(click.ClickException, match="'nobody' is not frozen"):
        power(town.client, "nobody", PROGRAM)


def test_power_is_that_of_the_test_by_which_lift_reads(town: World) -> None:
    asked = (town.client, "all", PROGRAM, 0.25, 14, 0.2)
    for design in ("fixed", "group-sequential", "always-valid"):
        (rate,) = power(*asked, design, None, NOW.isoformat()).metrics
        arms = Rates(0.21, 150, 50)
        assert rate.power == pytest.approx(foresight.power(arms, 0.042, 0.05, rate.widening))
        rise = foresight.smallest_rise(arms, 0.8, 0.05, rate.widening)
        assert rate.smallest_difference == pytest.approx(rise)
        assert rate.smallest_lift == pytest.approx((rise or 0) / 0.21)
    (rate,) = power(*asked, "fixed", None, NOW.isoformat()).metrics
    assert detectable(150, 50, 0.21) == pytest.approx(rate.smallest_difference)
    assert rate.words.en == (
        "21.00 % in 14 days of the past; 8 of 10 such drops find a rise of +21.37 points, a lift "
        "of +101.8 %; 8 of 100 such drops find a lift of 20 %; 90 days are too few for 8 of 10 to "
        "find it"
    )


def test_no_power_is_foreseen_where_lift_would_say_nothing(town: World) -> None:
    (value,) = power(
        *(town.client, "all", PROGRAM, 0.1, 14, 0.2, "fixed", "value_per_person"),
        as_of=NOW.isoformat(),
    ).metrics
    assert value.base == pytest.approx(bought_in(14))
    assert (value.power, value.smallest_difference, value.days_needed) == (None, None, None)
    assert "about 4 people of an arm" in value.words.en


def test_a_past_without_outcomes_names_the_time_that_was_looked_at(town: World) -> None:
    found = power(town.client, "all", PROGRAM, as_of="2020-01-01")
    assert "not foreseen" in found.words[0].en
    assert "before 2020-01-01 00:00" in found.words[1].en


@pytest.mark.parametrize("time", ["1960-01-01", "2200-01-01", "soon", "0001-01-01T00:00+12:00"])
def test_a_time_beyond_the_calendar_is_refused(town: World, time: str) -> None:
    with pytest.raises(click.ClickException, match="is not a time from 1970 to 2149"):
        power(town.client, "all", PROGRAM, as_of=time)


def test_a_planned_end_that_is_over_is_not_launched(
    session: Session, town: World, wire: Wire
) -> None:
    make(session, town)
    late = END + timedelta(days=1)
    with pytest.raises(click.ClickException, match="flowdrop drop plan spring"):
        launch(session, town.client, "spring", publisher=wire, who="bob", now=late)
    assert wire.events() == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Measured(design="hopeful"), "design: 'hopeful' is none"),
        (Measured(design="group-sequential"), "needs a planned end"),
        (Measured(planned_end=NOW), "planned_end: "),
        (Measured(goals="fame"), "goals: 'fame' is no metric"),
        (Measured(goals="visit_rate", guardrails="visit_rate"), "is a goal metric, too"),
        (Measured(tuned_at=0), "tuned_at: 0 is not between 1"),
        (Measured(smallest_lift=0.0), "smallest_lift: 0 is not above 0"),
        (Measured(smallest_lift=float("nan")), "smallest_lift: nan is not above 0"),
    ],
)
def test_each_refusal_names_field_value_and_remedy(asked: Measured, words: str) -> None:
    with pytest.raises(click.ClickException) as refused:
        settled(asked, None, NOW)
    assert words in refused.value.message


def test_events_know_the_metrics_that_reports_know() -> None:
    assert MetricName.__args__ == tuple(METRICS)  # type: ignore[attr-defined]
