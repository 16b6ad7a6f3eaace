from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
import pytest

from console.drops import register
from console.drops.launch import launch, size
from console.drops.outcome import of_people, outcome
from console.drops.preview import people, preview
from console.drops.register import cancel, create, find, history, members
from console.drops.selection import HOLDOUT, TREATED
from console.drops.terms import Terms
from streams.events import Assignment, Fund, Grant
from tests.console.world import NOW, PARTITIONS, PROGRAM, PROGRAMS, Wire, World, new_world

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from console.drops.tables import Drop

pytestmark = pytest.mark.clickhouse

PEOPLE = [f"cj:{n}" for n in range(100)]
LATER = NOW + timedelta(hours=1)


def settle(world: World) -> World:
    """Make a hundred people: three whom no drop may reach, one of the others without a wallet."""
    world.open(p for p in PEOPLE if p != "cj:9")
    world.consent("cj:3", 1, granted=False)
    world.consent("cj:4", 1, granted=False)
    world.consent("cj:4", 2, granted=True)
    world.consent("cj:5", 1, granted=True)
    world.consent("cj:5", 2, granted=False)
    world.consent("cj:6", 1, granted=False, channel="drop")
    world.consent("cj:7", 1, granted=False, channel="adult")
    world.consent("cj:7", 2, granted=True)  # ends no minority
    world.consent("cj:8", 1, granted=False, channel="adult")
    world.consent("cj:8", 2, granted=True, channel="adult")
    world.audience("all", PEOPLE)
    return world


@pytest.fixture
def town(world: World) -> World:
    """Those hundred people in a warehouse of their own."""
    return settle(world)


@pytest.fixture(scope="module")
def ghost_town(clickhouse: str) -> World:
    """Those hundred people in a warehouse that tests only read."""
    made = settle(new_world(clickhouse))
    made.audience("blocked", ["cj:3", "cj:5"])
    made.client.insert(
        "campaign_events",
        [["x", "contact", NOW, "cj:1", "older"]],
        column_names=["id", "type", "time", "person", "campaign"],
    )
    return made


def make(session: Session, town: World, **changes: Any) -> Drop:
    terms = {
        "name": "spring",
        "program": PROGRAM,
        "budget": 40_000,
        "amount": 500,
        "audience": "all",
        "holdout": 0.1,
    }
    return create(
        session,
        town.client,
        Terms(**(terms | changes)),
        programs=PROGRAMS,
        partitions=PARTITIONS,
        secret="key",
        who="ann",
        now=NOW,
    )


def test_a_drop_leaves_out_who_may_not_take_part_and_says_why(
    session: Session, town: World
) -> None:
    plan = preview(session, make(session, town))
    assert plan.left_out == {"minor": 1, "no_consent": 3, "no_wallet": 1, "over_budget": 6}
    assert (plan.people, plan.treated, plan.holdout) == (89, 80, 9)
    assert (plan.cost, plan.budget_left, plan.audience_people) == (40_000, 0, 100)
    reasons = {p.person: p.reason for p in people(session, find(session, "spring")) if p.reason}
    assert {p for p, why in reasons.items() if why == "no_consent"} == {"cj:3", "cj:5", "cj:6"}
    assert {p for p, why in reasons.items() if why == "minor"} == {"cj:7"}
    assert {p for p, why in reasons.items() if why == "no_wallet"} == {"cj:9"}


def test_preview_equals_launch_to_the_person(session: Session, town: World, wire: Wire) -> None:
    drop = make(session, town)
    shown = {p.person: (p.arm, p.probability, p.coins) for p in people(session, drop) if p.arm}
    total = size(session, "spring")
    assert launch(session, town.client, "spring", publisher=wire, who="bob", now=LATER) == total
    grants = {e.subject: e.data.amount for e in wire.events() if isinstance(e, Grant)}
    arms = {
        e.subject: (e.data.arm, e.data.probability, grants.get(e.subject, 0))
        for e in wire.events()
        if isinstance(e, Assignment)
    }
    assert arms == shown
    assert sum(grants.values()) == preview(session, drop).cost
    assert sum(e.data.amount for e in wire.events() if isinstance(e, Fund)) == sum(grants.values())


def test_the_people_stay_when_the_world_changes(session: Session, town: World) -> None:
    drop = make(session, town)
    before = people(session, drop)
    town.audience("all", PEOPLE[::-1])
    town.open(["cj:9"])
    assert people(session, find(session, "spring")) == before


def test_pages_of_people_join_to_the_whole(session: Session, ghost_town: World) -> None:
    drop = make(session, ghost_town)
    whole = people(session, drop)
    assert len(whole) == 100
    pages = [people(session, drop, offset=n, limit=30) for n in range(0, 120, 30)]
    assert [len(page) for page in pages] == [30, 30, 30, 10]
    assert [p for page in pages for p in page] == whole


def test_a_second_launch_repeats_the_bytes_and_grants_nobody_twice(
    session: Session, town: World
) -> None:
    make(session, town)
    first, second = Wire(), Wire()
    launch(session, town.client, "spring", publisher=first, who="bob", now=NOW)
    town.take(first.events())
    launch(session, town.client, "spring", publisher=second, who="bob", now=LATER)
    town.take(second.events())
    assert first.sent == second.sent
    drop = find(session, "spring")
    stands = outcome(town.client, preview(session, drop), drop.acknowledged_at)
    assert (stands.granted, stands.granted_coins, stands.pending) == (80, 40_000, 0)
    assert (stands.funded, stands.unspent, stands.refused) == (40_000, 0, {})
    granted = {m.person for m in members(session, "spring") if m.arm == TREATED}
    held = {m.person for m in members(session, "spring") if m.arm == HOLDOUT}
    assert {town.balances[p] for p in granted} == {500}
    assert {town.balances[p] for p in held} == {0}


def test_a_launch_that_broke_goes_on_with_the_same_events(session: Session, town: World) -> None:
    make(session, town)
    broken, whole = Wire(), Wire()
    broken.break_after = 120
    with pytest.raises(ConnectionError):
        launch(session, town.client, "spring", publisher=broken, who="bob", now=NOW)
    session.expire_all()
    assert find(session, "spring").state == "launching"
    assert find(session, "spring").launched_at == NOW
    town.take(broken.events())
    launch(session, town.client, "spring", publisher=whole, who="bob", now=LATER)
    town.take(whole.events())
    assert whole.sent[:120] == broken.sent
    assert find(session, "spring").state == "launched"
    stands = outcome(town.client, preview(session, find(session, "spring")))
    assert (stands.granted, stands.pending, stands.unspent) == (80, 0, 0)


def test_show_counts_what_is_granted_refused_and_on_its_way(
    session: Session, town: World, wire: Wire
) -> None:
    drop = make(session, town)
    launch(session, town.client, "spring", publisher=wire, who="bob", now=NOW)
    grants = [e for e in wire.events() if isinstance(e, Grant)]
    town.take(e for e in wire.events() if not isinstance(e, Grant))
    del town.balances[grants[0].subject]
    town.take(grants[:50])
    stands = outcome(town.client, preview(session, drop))
    assert (stands.granted, stands.refused, stands.pending) == (49, {"unknown_account": 1}, 30)
    assert (stands.granted_coins, stands.unspent, stands.funded) == (24_500, 15_500, 40_000)
    judged = of_people(town.client, "spring", [e.subject for e in grants[:60]])
    assert len(judged) == 50
    assert judged[grants[0].subject] == ("refused", "unknown_account")
    assert judged[grants[1].subject] == ("applied", "")


def test_an_empty_warehouse_leaves_a_launched_drop_pending(
    session: Session, town: World, wire: Wire
) -> None:
    drop = make(session, town)
    assert outcome(town.client, preview(session, drop)).pending == 0
    launch(session, town.client, "spring", publisher=wire, who="bob", now=NOW)
    assert outcome(town.client, preview(session, find(session, "spring"))).pending == 80


@pytest.mark.parametrize("channel", ["*", "adult"])
def test_a_drop_does_not_launch_over_a_withdrawn_consent(
    session: Session, town: World, wire: Wire, channel: str
) -> None:
    make(session, town)
    treated = next(m.person for m in members(session, "spring") if m.arm == TREATED)
    town.consent(treated, 60, granted=False, channel=channel)
    with pytest.raises(click.ClickException, match="withdrew consent"):
        launch(session, town.client, "spring", publisher=wire, who="bob", now=NOW)
    assert wire.sent == []
    assert find(session, "spring").state == "draft"


def test_a_cancelled_drop_stays_cancelled_and_its_name_used(
    session: Session, town: World, wire: Wire
) -> None:
    make(session, town)
    assert cancel(session, "spring", who="bob", now=LATER).state == "cancelled"
    with pytest.raises(click.ClickException, match="was cancelled"):
        launch(session, town.client, "spring", publisher=wire, who="bob", now=LATER)
    with pytest.raises(click.ClickException, match="is cancelled, so it can't be cancelled"):
        cancel(session, "spring", who="bob", now=LATER)
    with pytest.raises(click.ClickException, match="already a drop's"):
        make(session, town)


def test_a_launched_drop_can_not_be_cancelled(session: Session, town: World, wire: Wire) -> None:
    make(session, town)
    launch(session, town.client, "spring", publisher=wire, who="bob", now=NOW)
    with pytest.raises(click.ClickException, match="is launched"):
        cancel(session, "spring", who="bob", now=LATER)


def test_the_log_says_who_did_what_and_when(session: Session, town: World, wire: Wire) -> None:
    make(session, town)
    launch(session, town.client, "spring", publisher=wire, who="bob", now=LATER)
    rows = [(row.who, row.action, row.at) for row in history(session, "spring")]
    assert rows == [
        ("ann", "create", NOW),
        ("bob", "launch", LATER),
        ("bob", "acknowledged", LATER),
    ]
    assert history(session, "spring")[0].detail["budget"] == 40_000


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "Spring"}, "name: 'Spring'"),
        ({"name": "-spring"}, "name: '-spring'"),
        ({"name": "s" * 49}, "use 1 to 48"),
        ({"name": "sp/ring"}, "name: 'sp/ring'"),
        ({"program": "nothing"}, "program: 'nothing' is not one of "),
        ({"program": "../x"}, "program: '../x'"),
        ({"amount": 0}, "amount: 0 is not between"),
        ({"amount": -5}, "amount: -5 is not between"),
        ({"budget": 499}, "budget: 499 is not between the amount of one grant"),
        ({"budget": 10**16}, "budget: 10,000,000,000,000,000"),
        ({"holdout": 0.95}, "holdout: 0.95 is not between 0 and 0.9"),
        ({"holdout": -0.1}, "holdout: -0.1 is not between"),
        ({"holdout": float("nan")}, "holdout: nan is not between"),
        ({"audience": "nobody"}, "audience 'nobody' is not frozen"),
        ({"audience": "blocked"}, "nobody would get coins"),
        ({"name": "older"}, "'older' is already a drop's or a campaign's"),
    ],
)
def test_each_wrong_term_is_refused_by_name_and_nothing_is_kept(
    session: Session, ghost_town: World, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(click.ClickException) as refused:
        make(session, ghost_town, **changes)
    assert sentence in refused.value.message
    assert register.every(session) == []


def test_an_unknown_drop_suggests_those_like_it(session: Session, ghost_town: World) -> None:
    make(session, ghost_town)
    with pytest.raises(register.UnknownDropError, match="did you mean spring") as refused:
        find(session, "sprung")
    assert refused.value.alike == ["spring"]


def test_a_preview_has_stable_keys(session: Session, ghost_town: World) -> None:
    assert list(asdict(preview(session, make(session, ghost_town)))) == [
        *("name", "state", "program", "audience", "audience_people", "amount", "budget"),
        *("people", "treated", "holdout", "holdout_share", "cost", "budget_left", "left_out"),
        *("until", "created_at", "created_by", "launched_at"),
    ]
