"""`flowdrop alerts`: added once a try, listed while open, resolved with a note, never changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from flowdrop.cli import main
from tests.console.world import World, new_world

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.clickhouse

FAILED = {
    "--dag": "score_users",
    "--task": "score",
    "--partition": "2026-12-01",
    "--run": "scheduled__2026-12-01",
    "--try": "3",
    "--words": "no model is registered",
    "--todo": "register one",
}


@pytest.fixture
def warehouse(clickhouse: str, flowdrop_home: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    assert flowdrop_home
    world = new_world(clickhouse)
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE", world.url)
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE_FEED", world.url)
    return world


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["alerts", *words], env={"COLUMNS": "240"})  # not folded


def facts(*words: str) -> Any:
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def add(**other: str) -> Any:
    said = FAILED | {f"--{name}": value for name, value in other.items()}
    return facts("add", *[word for pair in said.items() for word in pair])


@pytest.mark.usefixtures("warehouse")
def test_a_try_is_one_alert_however_often_it_is_added() -> None:
    first = add()
    assert first.pop("added") is True
    again = add(words="in other words")
    assert again.pop("added") is False
    assert again == first
    assert facts("list") == [first]
    assert first["words"] == "no model is registered"
    assert (first["attempt"], first["resolved_at"], first["note"]) == (3, None, "")
    assert add(**{"try": "4"})["alert"] != first["alert"], "another try is another alert"
    assert add(task="build")["added"]
    assert len(facts("list")) == 3


@pytest.mark.usefixtures("warehouse")
def test_an_alert_is_open_until_somebody_says_what_was_done() -> None:
    one, other = add()["alert"], add(task="build")["alert"]
    (done,) = facts("resolve", one, "--note", "registered")
    assert (done["alert"], done["note"]) == (one, "registered")
    assert done["resolved_by"]
    assert done["resolved_at"]
    assert [each["alert"] for each in facts("list")] == [other]
    assert {each["alert"] for each in facts("list", "--all")} == {one, other}
    (kept,) = facts("resolve", one, "--note", "and again")
    assert kept == done, "the first word holds"


@pytest.mark.usefixtures("warehouse")
def test_what_is_wrong_is_said() -> None:
    known = add()["alert"]
    wrong = known[:-1] + ("0" if known[-1] != "0" else "1")
    missing = run("resolve", wrong, "--note", "x")
    assert missing.exit_code == 1
    assert missing.output == f"Error: there is no alert '{wrong}'; did you mean {known}?\n"
    assert "--note is empty" in run("resolve", known, "--note", " ").output
    empty = [word for pair in (FAILED | {"--words": " "}).items() for word in pair]
    assert "--words is empty; say it in a few words" in run("add", *empty).output
    assert len(facts("list")) == 1


def test_nothing_is_ever_changed(warehouse: World) -> None:
    alert = add()["alert"]
    add()
    facts("resolve", alert, "--note", "done")
    for table in ("alerts", "alert_resolutions"):
        assert warehouse.client.query(f"SELECT count() FROM {table}").result_rows == [(1,)]


@pytest.mark.usefixtures("warehouse")
def test_people_read_it_too() -> None:
    assert "nothing has failed, or all of it is resolved" in run("list").output
    alert = add()["alert"]
    assert "no model is registered" in run("list").output
    assert f"1 alert resolved: {alert}" in run("resolve", alert, "--note", "done").output
