"""What holds over all drops: a cooldown, a cap, and people whom none reaches."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from console.drops.launch import launch, plan
from console.drops.preview import preview
from console.drops.register import create
from console.drops.restraint import Restraint, is_never
from console.drops.terms import Terms
from streams.events import Grant
from tests.console.world import NOW, PARTITIONS, PROGRAM, PROGRAMS, Wire, World

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from console.drops.tables import Drop

pytestmark = pytest.mark.clickhouse

PEOPLE = [f"cj:{n}" for n in range(20)]


@pytest.fixture
def town(world: World) -> World:
    world.open(PEOPLE)
    world.audience("first", PEOPLE[:6])
    world.audience("all", PEOPLE)
    return world


def make(
    session: Session, town: World, name: str, now: datetime, rule: Restraint, audience: str = "all"
) -> Drop:
    terms = Terms(
        name=name, program=PROGRAM, budget=50_000, amount=500, audience=audience, holdout=0.0
    )
    return create(
        session,
        town.client,
        terms,
        programs=PROGRAMS,
        partitions=PARTITIONS,
        secret="s",
        who="ann",
        now=now,
        restraint=rule,
    )


def launched(session: Session, town: World, name: str, now: datetime, rule: Restraint) -> set[str]:
    """Launch a drop and return whom it granted coins."""
    wire = Wire()
    launch(session, town.client, name, publisher=wire, who="ann", now=now, restraint=rule)
    town.take(wire.events())
    return {event.subject for event in wire.events() if isinstance(event, Grant)}


def test_after_a_drop_others_wait_for_its_cooldown(session: Session, town: World) -> None:
    rule = Restraint(cooldown_days=7)
    make(session, town, "spring", NOW, rule, "first")
    assert launched(session, town, "spring", NOW, rule) == set(PEOPLE[:6])
    soon, later = NOW + timedelta(days=7, seconds=-1), NOW + timedelta(days=7)
    assert preview(session, make(session, town, "soon", soon, rule)).left_out == {"cooldown": 6}
    assert preview(session, make(session, town, "later", later, rule)).left_out == {}
    assert preview(session, make(session, town, "free", soon, Restraint())).left_out == {}
    # launched again, it is no other drop of its own people
    assert launched(session, town, "spring", soon, rule) == set(PEOPLE[:6])


def test_two_drafts_for_the_same_people_do_not_both_reach_them(
    session: Session, town: World
) -> None:
    rule = Restraint(cooldown_days=7)
    for name in ("one", "two"):
        assert preview(session, make(session, town, name, NOW, rule)).treated == 20
    assert launched(session, town, "one", NOW, rule) == set(PEOPLE)
    then = NOW + timedelta(hours=1)
    found = plan(session, town.client, "two", then, rule)
    assert {one.reason for one in found.newly} == {"cooldown"}
    assert found.sent_to == 0
    assert plan(session, town.client, "two", then).sent_to == 20
    assert launched(session, town, "two", then, rule) == set()


def test_nobody_is_reached_by_more_drops_than_the_cap(session: Session, town: World) -> None:
    rule = Restraint(drops_max=2)
    for day, name in enumerate(("one", "two")):
        now = NOW + timedelta(days=day)
        make(session, town, name, now, rule, "first")
        assert launched(session, town, name, now, rule) == set(PEOPLE[:6])
    full, free = NOW + timedelta(days=27), NOW + timedelta(days=28, seconds=1)
    assert preview(session, make(session, town, "full", full, rule)).left_out == {"enough_drops": 6}
    assert preview(session, make(session, town, "free", free, rule)).left_out == {}


def test_whom_no_drop_reaches_is_drawn_once_for_all(session: Session, town: World) -> None:
    rule = Restraint(never=0.3, secret="s")
    never = {one for one in PEOPLE if is_never(one, rule)}
    assert 0 < len(never) < len(PEOPLE)
    for name in ("one", "two"):
        made = make(session, town, name, NOW, rule)
        assert preview(session, made).left_out == {"never_reached": len(never)}
        assert launched(session, town, name, NOW, rule) == set(PEOPLE) - never
    many = [f"p{n}" for n in range(20_000)]
    share = sum(is_never(one, rule) for one in many) / len(many)
    assert share == pytest.approx(0.3, abs=0.01)
    wider = Restraint(never=0.4, secret="s")
    assert never <= {one for one in PEOPLE if is_never(one, wider)}


def test_a_contact_of_a_linked_id_counts_for_the_person(session: Session, town: World) -> None:
    rule = Restraint(cooldown_days=7)
    town.client.insert(
        "campaign_events",
        [["link/1", "link", NOW - timedelta(days=1), "cj:0", "cj:19", True]],
        column_names=["id", "type", "time", "person", "other", "linked"],
    )
    make(session, town, "spring", NOW, rule, "first")
    launched(session, town, "spring", NOW, rule)
    made = make(session, town, "soon", NOW + timedelta(days=1), rule)
    assert preview(session, made).left_out == {"cooldown": 7}
