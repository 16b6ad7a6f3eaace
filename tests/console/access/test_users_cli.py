"""`flowdrop users` and `--acting-as`: the same service as the pages, at a terminal."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session

from console.access import people
from console.access.permission import (
    ForbiddenError,
    NothingThereError,
    Thing,
    machine,
    may,
    require,
)
from console.access.roles import ADVERTISER, ROLES
from console.database import open_database
from flowdrop.cli import main

if TYPE_CHECKING:
    from tests.console.access.conftest import House

MO = "mo@platform.example"
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture
def run(database: str, tmp_path: Any) -> Any:
    env = {
        "FLOWDROP_DATABASE": database,
        "FLOWDROP_HOME": str(tmp_path),
        "FLOWDROP_CONFIG": str(tmp_path / "none.toml"),
    }

    def call(*words: str, status: int = 0) -> str:
        done = CliRunner().invoke(main, words, env=env)
        assert done.exit_code == status, done.output
        return done.output

    return call


def test_people_are_managed_at_a_terminal(run: Any, database: str) -> None:
    told = run("users", "invite", MO, "--name", "Mo", "--role", "marketer", "--role", "operator")
    key = re.search(r"key=([\w-]+)", told)
    assert key
    run("users", "invite", "ad@x.example", "--role", "administrator")
    with Session(open_database(database)) as session:
        people.choose_password(session, key[1], "correct horse battery", datetime.now(UTC))
    rows = json.loads(run("users", "list", "--json"))
    mo = next(row for row in rows if row["email"] == MO)
    assert [one["role"] for one in mo["roles"]] == ["marketer", "operator"]
    assert mo["state"] == "active"
    run("users", "roles", MO, "--role", "viewer", "--organisation", "hillstrom")
    run("users", "deactivate", MO)
    assert "deactivated" in run("users", "list")
    run("users", "activate", MO)
    assert "marketer of flowdrop" in run("users", "list", "--csv")
    assert json.loads(run("users", "link", MO, "--json"))["sent"] is False
    assert "does not exist" in run("users", "link", "no@x.example", status=1)
    assert "is not one of" in run("users", "roles", MO, "--role", "king", status=1)


def test_a_command_acts_for_somebody_with_their_roles(run: Any, database: str) -> None:
    run("users", "invite", MO, "--role", "data_scientist")
    refused = run("drop", "cancel", "spring", "--acting-as", "no@x.example", status=1)
    assert "does not exist" in refused
    with Session(open_database(database)) as session:
        actor = people.acting_as(session, MO, machine("root"))
    assert actor.name == f"{MO} (by root)"
    with pytest.raises(ForbiddenError, match="marketer or operator"):
        require(actor, "drop.write")


def test_the_demo_has_somebody_of_each_role(run: Any, house: House) -> None:
    made = json.loads(run("users", "demo", "--json"))
    assert {one["role"] for each in made for one in each["roles"]} == set(ROLES)
    assert json.loads(run("users", "demo", "--json")) == made, "once"
    from tests.console.signing import enter, submit

    client = house.client()
    house.now = datetime.now(UTC)
    assert enter(client).headers["location"] == "/"
    page = client.get("/account").text
    assert "Olga Owner" in page
    vera = re.search(r'value="(\d+)">Vera Viewer', page)
    assert vera
    assert submit(client, "/account", "/demo/switch", user=vera[1]).status_code == 303
    assert client.get("/api/me").json()["organisation"] == "hillstrom"
    assert client.get("/drops").status_code == 404


def test_only_the_demos_people_switch(house: House, run: Any) -> None:
    from tests.console.signing import submit

    run("users", "invite", "boss@x.example", "--role", "administrator")
    mo = house.person(MO, "marketer")
    run("users", "demo")
    assert submit(mo, "/account", "/demo/switch", user=1).status_code == 303
    assert mo.get("/api/me").json()["name"] == MO


def test_authors_approve_nothing_of_theirs() -> None:
    actor = machine("ann")
    approver = actor.__class__(name="ann", roles=frozenset({"approver"}))
    own = Thing(kind="drop", name="spring", authors=frozenset({"ann", "bob"}))
    assert not may(approver, "drop.approve", own)
    assert may(approver, "drop.approve", Thing(kind="drop", name="autumn"))


def test_another_organisations_thing_is_not_there(database: str) -> None:
    with Session(open_database(database)) as session:
        post = people.Post(kind=ADVERTISER, organisation="hillstrom", roles=("viewer",))
        people.invite(session, machine("t"), email=MO, name="Mo", post=post, now=AT)
        actor = people.acting_as(session, MO, machine("t"))
    assert may(actor, "report.read", Thing(kind="campaign", name="a", organisation="hillstrom"))
    for action, thing in (
        ("report.read", Thing(kind="campaign", name="b", organisation="other")),
        ("drop.read", Thing(kind="drop", name="spring")),
        ("people.manage", None),
    ):
        with pytest.raises(NothingThereError):
            require(actor, action, thing)
