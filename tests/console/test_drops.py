from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
import pytest

from console.drops import register
from console.drops.launch import launch, plan
from console.drops.outcome import of_people, outcome
from console.drops.preview import people, preview
from console.drops.register import cancel, create, find, history, members
from console.drops.selection import HOLDOUT, TREATED
from console.drops.since import kept
from console.drops.terms import Terms
from console.settlement.month import month
from console.settlement.statement import statement
from streams.events import Assignment, Contact, Fund, Grant
from tests.console.world import NOW, PARTITIONS, PROGRAM, PROGRAMS, Wire, World, new_world

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from console.drops.tables import Drop

pytestmark = pytest.mark.clickhouse

PEOPLE = [f"cj:{n}" for n in range(100)]
LATER = NOW + timedelta(hours=1)
LATER_STILL = timedelta(hours=1)


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
    made = preview(session, make(session, town))
    assert made.left_out == {"minor": 1, "no_consent": 3, "no_wallet": 1, "over_budget": 6}
    assert (made.people, made.treated, made.holdout) == (89, 80, 9)
    assert (made.cost, made.budget_left, made.audience_people) == (40_000, 0, 100)
    reasons = {p.person: p.reason for p in people(session, find(session, "spring")) if p.reason}
    assert {p for p, why in reasons.items() if why == "no_consent"} == {"cj:3", "cj:5", "cj:6"}
    assert {p for p, why in reasons.items() if why == "minor"} == {"cj:7"}
    assert {p for p, why in reasons.items() if why == "no_wallet"} == {"cj:9"}


def test_preview_equals_launch_to_the_person(session: Session, town: World, wire: Wire) -> None:
    drop = make(session, town)
    shown = {p.person: (p.arm, p.probability, p.coins) for p in people(session, drop) if p.arm}
    total = plan(session, town.client, "spring", LATER).events
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


def test_who_can_not_receive_takes_no_place_that_the_budget_pays_for(
    session: Session, town: World
) -> None:
    for kind, person in (("close", "cj:0"), ("freeze", "cj:1"), ("freeze", "cj:2")):
        town.happen(kind, person)
    town.happen("unfreeze", "cj:2")
    drop = make(session, town, budget=500, holdout=0)
    assert [m.person for m in members(session, "spring")] == ["cj:2"]
    found = preview(session, drop).left_out
    assert found == {
        "minor": 1,
        "no_consent": 3,
        "no_wallet": 1,
        "wallet_closed": 1,
        "wallet_frozen": 1,
        "over_budget": 92,
    }


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (lambda town, who: town.consent(who, 60, granted=False), "no_consent"),
        (lambda town, who: town.consent(who, 60, granted=False, channel="adult"), "minor"),
        (lambda town, who: town.happen("close", who), "wallet_closed"),
        (lambda town, who: town.happen("freeze", who), "wallet_frozen"),
    ],
)
def test_a_first_launch_leaves_out_who_may_not_be_reached_by_then(
    session: Session,
    town: World,
    wire: Wire,
    happens: Callable[[World, str], None],
    reason: str,
) -> None:
    drop = make(session, town)
    gone = next(m.person for m in members(session, "spring") if m.arm == TREATED)
    happens(town, gone)
    now = plan(session, town.client, "spring", LATER)
    assert [(p.person, p.reason) for p in now.newly] == [(gone, reason)]
    sent = launch(session, town.client, "spring", publisher=wire, who="bob", now=LATER)
    assert sent == now.events
    assert [type(e) for e in wire.events() if e.subject == gone] == [Assignment]
    assert sum(e.data.amount for e in wire.events() if isinstance(e, Fund)) == 79 * 500
    town.take(wire.events())
    stands = outcome(town.client, preview(session, drop), LATER, kept(session, "spring"))
    assert (stands.treated, stands.sent, stands.granted, stands.pending) == (80, 79, 79, 0)
    assert stands.left_out_since == {reason: 1}
    assert (stands.funded, stands.unspent, stands.never_funded) == (79 * 500, 0, 500)
    (settled,) = statement(town.client, "advertiser:spring", month(f"{NOW:%Y-%m}")).programs
    assert settled.budget is not None
    assert (settled.budget.funded, settled.budget.net) == (stands.funded, stands.granted_coins)
    assert settled.budget.unspent == stands.unspent
    assert history(session, "spring")[3].detail == {
        "again": False,
        "left_out": {reason: 1},
        "author": "ann",
        "approved_by": "automatic",
    }


def test_a_launch_that_broke_leaves_out_who_opted_out_and_was_not_sent_to(
    session: Session, town: World
) -> None:
    drop = make(session, town)
    broken, again, last = Wire(), Wire(), Wire()
    broken.break_after = (
        1 + 8 + 89 + 41
    )  # description, funds, arms, twenty people, and the grant of one more
    with pytest.raises(ConnectionError):
        launch(session, town.client, "spring", publisher=broken, who="bob", now=NOW)
    town.take(broken.events())
    grants = [e.subject for e in broken.events() if isinstance(e, Grant)]
    whole, half = grants[0], grants[-1]
    rest = [m.person for m in members(session, "spring") if m.arm == TREATED]
    none = [p for p in rest if p not in grants][:2]
    for person in (whole, half, *none):
        town.consent(person, 60, granted=False)
    launch(session, town.client, "spring", publisher=again, who="bob", now=LATER)
    town.consent(none[0], 70, granted=True)  # left out is left out
    launch(session, town.client, "spring", publisher=last, who="bob", now=LATER + LATER_STILL)
    for wire in (again, last):
        town.take(wire.events())
        told = [e for e in wire.events() if isinstance(e, Grant | Contact)]
        assert not {e.subject for e in told} & {half, *none}
        assert sum(e.subject == whole for e in told) == 2  # a repeat of what was sent
        assert {e.subject for e in wire.events() if isinstance(e, Assignment)} >= {half, *none}
    assert again.sent == last.sent
    stands = outcome(town.client, preview(session, drop), LATER, kept(session, "spring"))
    assert stands.left_out_since == {"no_consent": 3}
    assert (stands.sent, stands.granted, stands.pending) == (77, 78, 0)
    assert (stands.funded, stands.unspent, stands.never_funded) == (78 * 500, 0, 2 * 500)
    shards = {n: held for n, held in town.balances.items() if n.startswith("budget:spring@")}
    assert set(shards.values()) == {0}
    assert {town.balances[p] for p in none} == {0}


def test_a_drop_that_was_sent_whole_leaves_nobody_out_afterwards(
    session: Session, town: World, wire: Wire
) -> None:
    make(session, town)
    launch(session, town.client, "spring", publisher=wire, who="bob", now=NOW)
    town.take(wire.events())
    town.consent(next(m.person for m in members(session, "spring")), 60, granted=False)
    assert plan(session, town.client, "spring", LATER).newly == []


def test_an_offer_that_is_over_is_neither_made_nor_launched(
    session: Session, town: World, wire: Wire
) -> None:
    with pytest.raises(click.ClickException, match="until: the offer would end at 2026-11-23"):
        make(session, town, until=NOW)
    make(session, town, until=NOW + timedelta(minutes=5))
    with pytest.raises(click.ClickException, match="until: the offer would end at"):
        launch(session, town.client, "spring", publisher=wire, who="bob", now=LATER)
    assert wire.sent == []
    assert find(session, "spring").state == "draft"


def test_a_cancelled_drop_stays_cancelled_and_its_name_used(
    session: Session, town: World, wire: Wire
) -> None:
    make(session, town)
    assert cancel(session, "spring", who="bob", now=LATER).state == "cancelled"
    with pytest.raises(click.ClickException, match="was cancelled"):
        launch(session, town.client, "spring", publisher=wire, who="bob", now=LATER)
    with pytest.raises(click.ClickException, match="was launched or cancelled, so it can't be"):
        cancel(session, "spring", who="bob", now=LATER)
    with pytest.raises(click.ClickException, match="already a drop's"):
        make(session, town)


def test_a_launched_drop_can_not_be_cancelled(session: Session, town: World, wire: Wire) -> None:
    make(session, town)
    launch(session, town.client, "spring", publisher=wire, who="bob", now=NOW)
    with pytest.raises(click.ClickException, match="was launched or cancelled"):
        cancel(session, "spring", who="bob", now=LATER)


def test_the_log_says_who_did_what_and_when(session: Session, town: World, wire: Wire) -> None:
    make(session, town)
    launch(session, town.client, "spring", publisher=wire, who="bob", now=LATER)
    rows = [(row.who, row.action, row.at) for row in history(session, "spring")]
    assert rows == [
        ("ann", "create", NOW),
        ("bob", "submit", LATER),
        ("bob", "approve_automatic", LATER),
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
        *("until", "design", "goals", "guardrails", "planned_people", "planned_end", "tuned_at"),
        *("smallest_lift", "power", "created_at", "created_by", "version"),
        *("submitted_at", "approved_at", "launched_at"),
    ]
