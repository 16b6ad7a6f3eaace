from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

import sql.client
from flowdrop.cli import main
from sql.client import names, text

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse


@pytest.fixture(autouse=True)
def warehouse(database: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(sql.client, "connect", lambda *_: database)
    return database


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["sql", *args])


def test_migrate_prints_what_it_applied_and_then_nothing() -> None:
    applied = json.loads(run("migrate", "--json").stdout)
    assert {"version": 1, "name": "campaign_events"} in applied
    assert json.loads(run("migrate", "--json").stdout) == []
    assert "up to date" in run("migrate").stdout


def test_list_names_every_query() -> None:
    listed = json.loads(run("list", "--json").stdout)
    assert [query["name"] for query in listed] == names()
    assert all(query["description"] for query in listed)
    assert "reports/contacts" in run("list").stdout


def test_show_prints_the_file() -> None:
    assert run("show", "reports/contacts").stdout == text("reports/contacts")


def test_run_binds_and_prints(warehouse: Client) -> None:
    run("migrate")
    rows = [[f"e-{n}", "contact", 0, f"c-{n % 2}", f"p-{n}"] for n in range(5)]
    columns = ["id", "type", "time", "campaign", "person"]
    warehouse.insert("campaign_events", rows, column_names=columns)

    wanted = ("--param", "campaign=c-0", "--param", "source=")
    found = run("run", "drops/contacted", *wanted, "--json")
    assert {row["person"] for row in json.loads(found.stdout)} == {"p-0", "p-2", "p-4"}
    params = ["--param", "campaigns=c-0", "--param", "campaigns=c-1"]
    found = run("run", "reports/contacts", *params, "--csv")
    start = {row["campaign"]: row["start"] for row in csv.DictReader(io.StringIO(found.stdout))}
    assert start == dict.fromkeys(("c-0", "c-1"), "1970-01-01T00:00:00")
    assert "c-1" in run("run", "reports/campaign_names").stdout
    every = run("run", "reports/contacts", "--param", "campaigns=", "--json")  # an empty array
    assert [row["campaign"] for row in json.loads(every.stdout)] == ["c-0", "c-1"]
    one = run("run", "reports/contacts", "--param", "campaigns=c-1", "--json")
    assert [row["campaign"] for row in json.loads(one.stdout)] == ["c-1"]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["drops/contacted", "--param", "a=x"], "takes campaign: String, source: String, got a;"),
        (["drops/contacted", "--param", "a"], "write it as NAME=VALUE"),
        (["reports/campaign_names", "--param", "a=1"], "takes no parameters, got a;"),
        (["drops/contacted", "--param", "campain=x"], "got campain (did you mean campaign?);"),
        (["reports/contct"], "did you mean reports/contacts"),
        (["reports/campaign_names"], "campaign_events"),  # no tables yet
    ],
)
def test_what_cannot_run_is_one_sentence(args: list[str], sentence: str) -> None:
    found = run("run", *args)
    assert found.exit_code == 1
    assert sentence in found.stderr


def test_a_value_given_twice_where_one_is_wanted() -> None:
    twice = ("--param", "campaign=x", "--param", "campaign=y", "--param", "source=z")
    found = run("run", "drops/contacted", *twice)
    assert "--param campaign is one String, got 2" in found.stderr


@pytest.mark.parametrize("command", ["migrate", "list", "show", "run"])
def test_help_has_an_example(command: str) -> None:
    assert "Example: flowdrop sql" in run(command, "--help").stdout
