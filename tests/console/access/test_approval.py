"""Who may approve what: never whoever made it, each once, and what is in review stays as it is."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from console.access.permission import Actor, ForbiddenError, NothingThereError
from console.drop_cli import drop as command
from console.drops import approval, launch, register, service
from console.drops.approval import NotApprovedError, OwnWorkError
from console.drops.conflict import ConflictError
from console.drops.measurement import Measured
from console.drops.policy import Policy
from console.drops.standing import standing, waiting
from console.drops.tables import AuditRow, DecisionRow, Drop, MemberRow
from console.reports.basis import LocalizedError
from tests.console.signing import submit as send

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from tests.console.access.conftest import House

POLICY = Policy()


def somebody(name: str, *roles: str, of: str | None = None) -> Actor:
    return Actor(name=f"{name}@x.example", roles=frozenset(roles), organisation=of)


ANN, MO = somebody("ann", "marketer"), somebody("mo", "marketer", "approver")
ARUN, BEA = somebody("arun", "approver"), somebody("bea", "approver")


def make(house: House, name: str = "spring", budget: int = 500_000, people: int = 3) -> None:
    """Put a draft by Ann into the database."""
    with house.session() as session:
        session.add(
            Drop(
                name=name, program="liuliangbao", budget=budget, amount=5, audience="all",
                holdout=0.1, partitions=8, created_at=house.now, created_by=ANN.name,
            )
        )  # fmt: skip
        session.flush()
        session.add_all(
            MemberRow(drop=name, person=f"p:{n}", rank=n, arm="drop", probability=0.9,
                      assigned_at=house.now)
            for n in range(people)
        )  # fmt: skip
        session.commit()


def hand_in(session: Session, house: House, by: Actor = ANN, name: str = "spring") -> None:
    service.submit(session, name, actor=by, now=house.now, policy=POLICY)


def decide(
    session: Session, house: House, by: Actor, *, approves: bool = True, **how: object
) -> Drop:
    given = {"reason": "" if approves else "too dear", "review": None, **how}
    return service.decide(session, "spring", actor=by, approves=approves, now=house.now, **given)


def did(house: House) -> list[tuple[str, str]]:
    with house.session() as session:
        return [
            (row.who, row.action)
            for row in session.scalars(select(AuditRow).order_by(AuditRow.id))
            if row.drop == "spring"
        ]


@pytest.mark.parametrize(
    ("coins", "people", "needed"),
    [
        *((100_000, 1_000, 0), (100_001, 1, 1), (5_000, 1_001, 1), (1_000_000, 10_000, 1)),
        *((1_000_001, 1, 2), (5_000, 10_001, 2), (10**15, 10**6, 2)),
    ],
)
def test_how_many_approve_depends_on_budget_and_people(
    coins: int, people: int, needed: int
) -> None:
    assert POLICY.needed(coins, people) == needed


def test_a_large_drop_is_launched_only_once_somebody_else_approved_it(house: House) -> None:
    make(house)
    with house.session() as session:
        with pytest.raises(NotApprovedError, match="unless 1 approver agrees"):
            service.require_launch(session, "spring", ANN, POLICY)
        hand_in(session, house)
        assert [one.name for one in waiting(session, POLICY)] == ["spring"]
        with pytest.raises(NotApprovedError, match="in review"):
            service.require_launch(session, "spring", ANN, POLICY)
        assert decide(session, house, ARUN).state == "approved"
        assert waiting(session, POLICY) == []
        service.require_launch(session, "spring", ANN, POLICY)
        assert approval.attribution(session, register.find(session, "spring")) == {
            "author": ANN.name,
            "approved_by": [ARUN.name],
        }
    assert did(house) == [(ANN.name, "submit"), (ARUN.name, "approve")]


def test_even_launching_itself_refuses_what_nobody_approved(house: House) -> None:
    """Whatever calls it: the database's row is asked again as the launch begins."""
    make(house)
    with house.session() as session:
        found = register.find(session, "spring")
        with pytest.raises(NotApprovedError):
            approval.require_approved(session, found, who=ANN.name, now=house.now, policy=POLICY)
        assert not launch._begin(session, found, house.now)
        assert found.launched_at is None


def test_a_small_drop_is_approved_automatically_and_that_is_recorded(house: House) -> None:
    make(house, budget=100_000)
    with house.session() as session:
        hand_in(session, house)
        found = standing(session, register.find(session, "spring"), POLICY)
        assert (found.state, found.automatic, found.decisions) == ("approved", True, [])
        assert (
            approval.attribution(session, register.find(session, "spring"))["approved_by"]
            == "automatic"
        )
    assert did(house) == [(ANN.name, "submit"), (ANN.name, "approve_automatic")]


def test_nobody_decides_on_what_they_made_changed_or_handed_in(house: House) -> None:
    own = somebody("ann", "marketer", "approver")
    make(house)
    with house.session() as session:
        hand_in(session, house, MO)
        for by in (own, MO, Actor(name=f"{own.name} (by root)", roles=own.roles)):
            with pytest.raises(OwnWorkError, match="somebody else has to decide"):
                decide(session, house, by)
            session.rollback()
        service.withdraw(session, "spring", actor=ANN, now=house.now)
        found = register.find(session, "spring")
        found.changed_by, found.version = BEA.name, 2
        session.commit()
        hand_in(session, house)
        with pytest.raises(OwnWorkError):
            decide(session, house, BEA)
        session.rollback()
        assert decide(session, house, MO).state == "approved", "no longer who handed it in"


def test_two_approvers_are_two_people(house: House) -> None:
    make(house, budget=2_000_000)
    with house.session() as session:
        hand_in(session, house)
        assert decide(session, house, ARUN).state == "in_review"
        for name in (ARUN.name, f"{ARUN.name} (by root)"):
            with pytest.raises(ConflictError, match="has decided on drop 'spring' already"):
                decide(session, house, Actor(name=name, roles=ARUN.roles))
            session.rollback()
        assert decide(session, house, BEA).state == "approved"
        with pytest.raises(ConflictError, match="not in review any more"):
            decide(session, house, MO)


def test_a_rejection_has_a_reason_and_makes_it_a_draft(house: House) -> None:
    make(house)
    with house.session() as session:
        hand_in(session, house)
        with pytest.raises(LocalizedError, match="reason: a rejection needs one"):
            decide(session, house, ARUN, approves=False, reason="  ")
        session.rollback()
        assert decide(session, house, ARUN, approves=False).state == "draft"
        found = standing(session, register.find(session, "spring"), POLICY)
        assert [(one.who, one.reason) for one in found.decisions] == [(ARUN.name, "too dear")]
        with pytest.raises(NotApprovedError):
            service.require_launch(session, "spring", ANN, POLICY)
        hand_in(session, house)
        assert decide(session, house, ARUN).state == "approved", "a new review, decided anew"


def test_whoever_saw_an_earlier_review_decides_nothing(house: House) -> None:
    make(house)
    with house.session() as session:
        hand_in(session, house)
        seen = standing(session, register.find(session, "spring"), POLICY).review
        service.withdraw(session, "spring", actor=ANN, now=house.now)
        hand_in(session, house)
        with pytest.raises(ConflictError, match="look at it again"):
            decide(session, house, ARUN, review=seen)


def test_strangers_and_other_roles_decide_nothing(house: House) -> None:
    make(house)
    with house.session() as session:
        hand_in(session, house)
        with pytest.raises(NothingThereError):
            decide(session, house, somebody("vera", "viewer", "approver", of="hillstrom"))
        with pytest.raises(ForbiddenError, match="takes the role of approver"):
            decide(session, house, somebody("otto", "operator", "administrator"))
        with pytest.raises(ForbiddenError):
            service.submit(session, "spring", actor=ARUN, now=house.now, policy=POLICY)
        with pytest.raises(ForbiddenError):
            service.withdraw(session, "spring", actor=ARUN, now=house.now)


def test_of_two_who_decide_at_once_one_comes_too_late(house: House) -> None:
    make(house)
    with house.session() as session:
        hand_in(session, house)
    began, results = threading.Barrier(2), []

    def go(by: Actor) -> None:
        with house.session() as session:
            register.find(session, "spring")
            began.wait()
            try:
                results.append(decide(session, house, by).state)
            except ConflictError:
                results.append("late")

    threads = [threading.Thread(target=go, args=(by,)) for by in (ARUN, BEA)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(results) == ["approved", "late"]
    with house.session() as session:
        assert len(list(session.scalars(select(DecisionRow)))) == 1


def test_pages_from_handing_in_to_approval(house: House) -> None:
    make(house)
    arun = house.person(ARUN.name, "approver")
    ann = house.person(ANN.name, "marketer", "approver")
    vera = house.person("vera@x.example", "viewer", "approver", of="hillstrom")
    page = "/drops/spring"
    assert ann.get(f"{page}/launch").status_code == 409
    assert "Hand in for approval" in ann.get(page).text
    assert send(ann, page, f"{page}/launch").status_code == 409
    assert send(ann, page, f"{page}/submit").status_code == 303
    assert "somebody else has to decide" in ann.get(page).text
    assert send(ann, page, f"{page}/decide", decision="approve").status_code == 403
    assert "spring" in arun.get("/drops").text.split('id="waiting"')[1]
    assert 'id="decide"' in arun.get(page).text
    assert send(vera, "/account", f"{page}/decide", decision="approve").status_code == 404
    assert send(arun, page, f"{page}/decide", decision="reject").status_code == 400
    old = send(arun, page, f"{page}/decide", decision="approve", review="77")
    assert old.status_code == 409
    form = {"decision": "approve", "review": "1"}
    assert send(arun, page, f"{page}/decide", **form).status_code == 303
    assert send(arun, page, f"{page}/decide", **form).status_code == 409
    assert "Approved by 1 of 1." in ann.get(page).text
    assert [action for _, action in did(house)] == ["submit", "approve"]


def test_in_review_nothing_changes_and_a_change_needs_approval_again(house: House) -> None:
    """The lock is the database's, so that no two commands get around it."""
    make(house)
    with house.session() as session:
        hand_in(session, house)
        with pytest.raises(ConflictError, match="in review and locked"):
            service.change_plan(
                session, None, "spring", Measured(design="fixed"), actor=ANN, now=house.now
            )
        session.rollback()
        assert register.find(session, "spring").version == 1


def test_commands(house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make(house)
    house.person(ARUN.name, "approver")
    monkeypatch.setenv("FLOWDROP_HOME", str(tmp_path))
    monkeypatch.setenv("FLOWDROP_DATABASE", house.database)
    run = CliRunner().invoke
    refused = run(command, ["approve", "spring", "--acting-as", ARUN.name])
    assert refused.exit_code == 1
    assert "not in review any more" in refused.stderr
    assert "0 of 1 have approved it" in run(command, ["submit", "spring"]).output
    assert "takes the role of approver" in run(command, ["approve", "spring"]).stderr
    done = run(command, ["approve", "spring", "--note", "ok", "--acting-as", ARUN.name])
    assert "launch it with `flowdrop drop launch spring`" in done.output
    assert "a draft" in run(command, ["withdraw", "spring"]).output
    run(command, ["submit", "spring"])
    rejected = run(command, ["reject", "spring", "--reason", "no", "--acting-as", ARUN.name])
    assert "a draft" in rejected.output
