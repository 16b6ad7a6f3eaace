"""What running drops cause, day by day: as of a day, whatever came later; and when to stop."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from console.database import open_database
from console.drops import register
from console.drops.launch import launch
from console.drops.measurement import Measured
from console.drops.measuring import is_running, kept, measure, verdict
from console.drops.policy import Policy
from console.drops.selection import TREATED
from console.drops.terms import Terms
from console.i18n import LocalizedText
from console.reports.basis import QueryLog
from console.reports.effects import Effect, Withheld
from console.reports.looks import Plan, plan
from flowdrop.cli import main
from tests.console.world import NOW, PARTITIONS, PROGRAM, PROGRAMS, Wire, World, new_world

if TYPE_CHECKING:
    from collections.abc import Iterator

LAX = Policy(
    over_coins=10**9, over_people=10**9, twice_over_coins=10**9, twice_over_people=10**9
)  # no approver has to agree
pytestmark = pytest.mark.clickhouse

PEOPLE = [f"p:{n}" for n in range(400)]
DAYS = 10
END = NOW + timedelta(days=DAYS)
LAUNCHED = NOW.date()  # at 15:00


def day(number: int) -> date:
    """The first day by which `number` whole days have passed since launch."""
    return LAUNCHED + timedelta(days=number + 1)


@pytest.fixture(scope="module")
def town(clickhouse: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three launched drops to the same 400 people, half held out.

    Of the treated, five times as many buy, in each. In `harm` they visit less, and in `arms` there
    are people of the holdout whom nobody drew.
    """
    home = tmp_path_factory.mktemp("home")
    world = new_world(clickhouse)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOWDROP_HOME", str(home))
        patch.setenv("FLOWDROP_CLICKHOUSE", world.url)
        patch.setenv("FLOWDROP_CLICKHOUSE_FEED", world.url)
        patch.setenv("FLOWDROP_DATABASE", f"sqlite:///{home / 'c.sqlite'}")
        world.open(PEOPLE)
        world.audience("all", PEOPLE)
        with drops() as session:
            for name in ("spring", "harm", "arms"):
                create(session, world, name)
                wire = Wire()
                launch(session, world.client, name, publisher=wire, who="ann", now=NOW, policy=LAX)
                world.take(wire.events())
                buy(world, some(session, name, 4, 20), campaign=name)
            buy(world, some(session, "harm", 30, 3), "visit", "harm")
        world._campaign_rows([assigned("arms", f"q:{n}") for n in range(150)])
        yield world


def drops() -> Session:
    """A session of the settings' database."""
    return Session(open_database(os.environ["FLOWDROP_DATABASE"]))


def some(session: Session, name: str, treated: int, held: int) -> list[str]:
    """Every so-many-th person of the treated, and of those held out."""
    arms = {one.person: one.arm for one in register.members(session, name)}
    return [
        person
        for number, person in enumerate(PEOPLE)
        if number % (treated if arms[person] == TREATED else held) == 0
    ]


def assigned(campaign: str, person: str) -> dict[str, Any]:
    return {
        "id": f"{campaign}/{person}",
        "type": "assignment",
        "time": NOW,
        "person": person,
        "campaign": campaign,
        "arm": "holdout",
        "probability": 0.5,
    }


def create(session: Session, world: World, name: str, now: datetime = NOW, **measured: Any) -> None:
    how = {"planned_end": END, "goals": "conversion_rate", "guardrails": "visit_rate"} | measured
    terms = {"name": name, "program": PROGRAM, "budget": 10_000_000, "amount": 500}
    register.create(
        session,
        world.client,
        Terms(**terms, audience="all", holdout=0.5, measured=Measured(**how)),
        programs=PROGRAMS,
        partitions=PARTITIONS,
        secret="key",
        who="ann",
        now=now,
    )


def buy(
    world: World,
    people: list[str],
    kind: str = "conversion",
    campaign: str = "spring",
    now: datetime = NOW,
) -> None:
    """Have people buy, one after the other, over the drop's days."""
    every = timedelta(days=DAYS) / (len(people) + 1)
    world._campaign_rows(
        [
            {
                "id": f"{campaign}/{kind}/{person}",
                "type": kind,
                "time": now + every * (number + 1),
                "person": person,
                "campaign": campaign,
            }
            for number, person in enumerate(people)
        ]
    )


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["drop", *words])


def facts(*words: str) -> Any:
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def told_of(name: str, *words: str) -> Any:
    """What a command says of one drop."""
    return [row for row in facts(*words) if row["drop"] == name]


def test_each_day_says_what_was_known_then(town: World) -> None:
    rows = [told_of("spring", "measure", "--as-of", str(day(n))) for n in range(DAYS + 3)]
    assert rows[0] == [], "no whole day is over"
    assert rows[DAYS + 1 :] == [[], []], "it was over the day before"
    told = [row[0] for row in rows[1 : DAYS + 1]]
    assert [one["day"] for one in told] == list(range(1, DAYS + 1))
    assert {one["people"] for one in told} == {400}
    assert {one["design"] for one in told} == {"group-sequential"}
    assert told[0]["status"] == "too_early"
    assert (told[-1]["status"], told[-1]["rule"], told[-1]["stop"]) == ("works", "effect", True)
    assert told[-1]["reason"] == "the conversion rate of arm 'drop' has risen"
    assert told[-1]["low"] > 0
    assert [one["effects"][0]["treated_value"] for one in told] == sorted(
        one["effects"][0]["treated_value"] for one in told
    ), "who has bought by a day has bought by the next"
    assert len([one for one in kept(town.client) if one.drop == "spring"]) == DAYS


def test_measured_again_a_day_says_the_same_once(town: World) -> None:
    first = told_of("spring", "measure", "--as-of", str(day(5)))
    again = told_of("spring", "measure", "--as-of", str(day(5)))
    for row in (*first, *again):
        row.pop("measured_at")
    assert first == again
    (one,) = (each for each in kept(town.client, day(5)) if each.drop == "spring")
    assert json.loads(one.effects) == first[0]["effects"]


@pytest.mark.usefixtures("town")
def test_harm_and_arms_not_as_drawn_are_told_and_end_the_task() -> None:
    assert run("stops", "--as-of", "2026-01-01").exit_code == 0, "nothing was measured"
    rows = {row["drop"]: row for row in facts("measure", "--as-of", str(day(9)))}
    harm, arms = rows["harm"], rows["arms"]
    assert (harm["rule"], harm["metric"], harm["status"]) == ("harm", "visit_rate", "harms")
    assert (arms["status"], arms["rule"], arms["difference"]) == ("blocked", "arms", None)
    assert rows["spring"]["rule"] == "effect", "good news fails nothing"
    stopped = run("stops", "--as-of", str(day(9)))
    assert stopped.exit_code == 1
    for name in rows:
        assert name in stopped.stdout
    said = stopped.stderr.splitlines()[-1]
    assert said.startswith("Error: drop arms: Effects are withheld")
    assert "drop harm: the visit rate of arm 'drop' is harmed; look at it with `flowdrop" in said
    assert "spring" not in said


def test_a_drop_runs_from_its_launch_to_the_day_after_its_end(town: World) -> None:
    with drops() as session:
        drop = register.find(session, "spring")
        create(session, town, "draft")
        draft = register.find(session, "draft")
        assert not is_running(draft, day(3))
        assert not is_running(drop, LAUNCHED)
        assert is_running(drop, day(0))
        assert is_running(drop, END.date() + timedelta(days=1))
        assert not is_running(drop, END.date() + timedelta(days=2))
        drop.planned_end = None
        assert is_running(drop, END.date() + timedelta(days=200))
        session.rollback()


def test_one_that_is_not_in_the_warehouse_yet_is_named(town: World) -> None:
    with drops() as session:
        create(session, town, "late")
        launch(session, town.client, "late", publisher=Wire(), who="ann", now=NOW, policy=LAX)
    done = run("measure", "--as-of", str(day(3)))
    assert done.exit_code == 0
    assert f"no whole day of theirs was over by {day(3)}: late" in done.stderr


def test_which_rule_comes_first(town: World) -> None:
    planned = replace(plan(QueryLog(town.client), "spring", None), over=False)
    rise = effect(planned, "conversion_rate", "goal", "works")
    harm = effect(planned, "visit_rate", "guardrail", "harms")
    none = effect(planned, "conversion_rate", "goal", "no_larger")
    soon = effect(planned, "conversion_rate", "goal", "days_needed")
    other = effect(planned, "value_per_person", "other", "harms")
    assert verdict([rise, harm], [], planned).rule == "harm"
    assert verdict([rise, none, other], [], planned).rule == "effect"
    assert verdict([none, other], [], planned).rule == "futility"
    assert verdict([none, soon], [], planned).rule == ""
    assert verdict([soon], [], replace(planned, over=True)).rule == "end"
    assert verdict([rise], [], replace(planned, over=True)).rule == "effect"
    why = LocalizedText("nobody has converted yet")
    lacking = Withheld(arm="drop", metric="conversion_rate", reason="no_outcomes", why=why)
    found = verdict([], [lacking], planned)
    assert (found.status, found.words, found.rule) == ("too_early", why.en, "")
    assert verdict([], [], replace(planned, goals=())).words == "no goal was chosen"


def effect(planned: Plan, metric: str, role: str, status: str) -> Effect:
    assert planned.goals == ("conversion_rate",)
    numbers = dict.fromkeys(
        (
            *("treated_value", "control_value", "difference", "low", "high", "standard_error"),
            *("p_value", "confidence", "alpha"),
        ),
        0.1,
    )
    missing = dict.fromkeys(
        (
            *("p_holm", "relative", "relative_low", "relative_high"),
            *("increment", "increment_low", "increment_high"),
        )
    )
    words = LocalizedText(status)
    return Effect(
        arm="drop",
        control="holdout",
        metric=metric,
        role=role,
        status=status,
        words=words,
        method=words,
        **numbers,
        **missing,  # type: ignore[arg-type]
    )


def test_a_stored_moment_is_utc(town: World) -> None:
    one = measure(town.client, "spring", day(2), NOW)
    assert one is not None
    assert one.measured_at == NOW
    facts("measure", "--as-of", str(day(2)))
    stored = kept(town.client, day(2))[0]
    assert isinstance(stored.measured_at, datetime)
    assert stored.measured_at.utcoffset() == timedelta(0)
