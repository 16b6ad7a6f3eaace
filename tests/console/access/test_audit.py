"""The audit log: who did what, bound entry to entry, and only ever added to."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from console.access import audit
from console.database import open_database
from flowdrop.cli import main
from tests.console.signing import EMAIL, sign_in, submit

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from starlette.testclient import TestClient

    from tests.console.access.conftest import House

AT = datetime(2026, 11, 2, 9, 0, 0, 123_456, tzinfo=UTC)


@pytest.fixture
def engine(database: str) -> Engine:
    return open_database(database)


def write(engine: Engine, *names: str) -> None:
    with Session(engine) as session:
        for name in names:
            detail = {"b": [1, 2.5, None], "ä": "流量", "at": name}
            audit.record(session, at=AT, who="ann", action="create", thing=name, detail=detail)
        session.commit()


def verdict(engine: Engine, expect: str = "") -> audit.Verdict:
    with Session(engine) as session:
        return audit.verify(session, expect)


def change(engine: Engine, *statements: str) -> None:
    """Do what only somebody with the database's own rights could: without its triggers."""
    if engine.dialect.name == "sqlite":
        off = ["drop trigger audit_log_no_change", "drop trigger audit_log_no_removal"]
    else:
        off = ["alter table audit_log disable trigger user"]
    with engine.begin() as connection:
        for statement in (*off, *statements):
            connection.execute(text(statement))


def test_a_chain_is_whole_as_it_is_written(engine: Engine) -> None:
    assert verdict(engine).is_whole, "an empty one, too"
    write(engine, "a", "b")
    write(engine, "c")
    found = verdict(engine)
    assert (found.entries, found.is_whole, found.broken_at) == (3, True, None)


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_log set who = 'bob'",
        "delete from audit_log",
        "delete from audit_log where id = 3",
    ],
)
def test_the_database_refuses_to_change_it(engine: Engine, statement: str) -> None:
    write(engine, "a", "b", "c")
    with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    assert verdict(engine).is_whole


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("update audit_log set who = 'bob' where id = 2", 2),
        ("update audit_log set detail = '{}' where id = 1", 1),
        ("update audit_log set thing = 'z' where id = 3", 3),
        ("delete from audit_log where id = 2", 3),
        ("delete from audit_log where id = 1", 2),
        ("delete from audit_log where id = 3", None),
    ],
)
def test_what_was_changed_all_the_same_is_found(
    engine: Engine, statement: str, broken_at: int | None
) -> None:
    write(engine, "a", "b", "c")
    change(engine, statement)
    found = verdict(engine)
    assert not found.is_whole
    assert found.broken_at == broken_at


def test_a_log_that_was_written_anew_lacks_the_head_that_was_noted(engine: Engine) -> None:
    write(engine, "a", "b")
    noted = verdict(engine).head
    write(engine, "c")
    assert verdict(engine, noted).is_whole
    change(
        engine,
        "delete from audit_log",
        f"update audit_head set entries = 0, hash = '{'0' * 64}'",
    )
    write(engine, "z")
    assert verdict(engine).is_whole
    assert not verdict(engine, noted).is_whole


def test_many_at_once_make_one_chain(database: str) -> None:
    open_database(database)

    def some(n: int) -> None:
        write(open_database(database), *(f"{n}/{m}" for m in range(3)))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(some, range(12)))
    found = verdict(open_database(database))
    assert (found.entries, found.is_whole) == (36, True)


def test_a_transaction_that_fails_leaves_no_gap(engine: Engine) -> None:
    write(engine, "a")
    with Session(engine) as session:
        audit.record(session, at=AT, who="ann", action="create", thing="b")
        session.flush()
        session.rollback()
    write(engine, "c")
    found = verdict(engine)
    assert (found.entries, found.is_whole) == (2, True)


def test_the_page_tells_what_was_done(house: House, ada: TestClient) -> None:
    sign_in(house.client(), password="wrong")
    submit(ada, "/people", "/people/invite", email="mo@x.example", role="marketer")
    page = ada.get("/audit").text
    for words in ("signed in", "failed to sign in", "invited", "user:mo@x.example", EMAIL):
        assert words in page
    assert "The chain is whole" in ada.get("/audit?check=true").text
    only = ada.get("/audit?about=user:mo@x.example").text
    assert "invited" in only
    assert "failed to sign in" not in only
    told = ada.get("/api/audit?limit=2").json()
    assert len(told) == 2
    older = ada.get(f"/api/audit?limit=1&before={told[-1]['id']}").json()
    assert older[0]["id"] < told[-1]["id"]
    assert ada.get("/api/audit/verify").json()["is_whole"] is True


def run(database: str, *words: str) -> Any:
    return CliRunner().invoke(main, words, env={"FLOWDROP_DATABASE": database})


def test_the_commands_tell_the_same(database: str, engine: Engine) -> None:
    write(engine, "drop:spring", "drop:autumn")
    found = run(database, "audit", "verify", "--json")
    assert found.exit_code == 0, found.output
    head = json.loads(found.stdout)["head"]
    assert run(database, "audit", "verify", "--expect", head).exit_code == 0
    rows = json.loads(run(database, "audit", "list", "--json", "--about", "drop:spring").stdout)
    assert [row["thing"] for row in rows] == ["drop:spring"]
    assert "drop:autumn" in run(database, "audit", "list", "--csv").stdout
    wrong = run(database, "audit", "verify", "--expect", "f" * 64)
    assert wrong.exit_code == 1
    assert "written anew" in wrong.output
    change(engine, "update audit_log set who = 'bob' where id = 1")
    broken = run(database, "audit", "verify")
    assert broken.exit_code == 1
    assert "entry 1 is not what was written" in broken.output
