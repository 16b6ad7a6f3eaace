"""`flowdrop invalid` on a served warehouse: what an operator sees and does."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from flowdrop.cli import main
from sql.client import connect
from tests.console.invalid.test_judging import BEGIN, shown
from tests.exposures import insert
from tests.warehouses import add_tables

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def client(clickhouse: str, flowdrop_home: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The settings' warehouse: one robot, seen three times by two campaigns, and one person."""
    assert flowdrop_home
    owner = connect(clickhouse)
    owner.command("DROP DATABASE IF EXISTS invalid_cli")
    owner.command("CREATE DATABASE invalid_cli")
    url = clickhouse.rstrip("/").rpartition("/")[0] + "/invalid_cli"
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE", url)
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE_FEED", url)
    made = connect(url)
    add_tables(made)
    robot = {"agent": "curl/8.5.0"}
    hour = timedelta(hours=1)
    insert(
        made,
        [
            shown(1, 1, BEGIN, **robot),
            shown(2, 1, BEGIN + hour, type="click", **robot),
            shown(3, 1, BEGIN + 30 * hour, campaign="b", **robot),
            shown(4, 2, BEGIN, agent="Mozilla/5.0"),
        ],
    )
    return made


def run(*command: str) -> Result:
    return CliRunner().invoke(main, ["invalid", *command])


def facts(*command: str) -> Any:
    done = run(*command, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_an_operator_judges_looks_takes_back_and_restores(client: Client) -> None:
    assert facts("judge") == {"days": 2, "given": {"robots": 3}, "taken_back": {}}
    assert facts("judge") == {"days": 0, "given": {}, "taken_back": {}}
    assert "nothing has changed" in run("judge").stdout
    [robots] = [row for row in facts("rules") if row["rule"] == "robots"]
    assert (robots["version"], robots["events"], robots["people"]) == ("1.1", 3, 1)
    assert robots["reason"].endswith(".")
    [person] = facts("people", "robots")
    assert (person["person"], person["campaigns"]) == ("p1", ["a", "b"])
    assert (person["contacts"], person["exposures"], person["clicks"]) == (0, 2, 1)
    events = facts("people", "robots", "--person", "p1", "--campaign", "a")
    assert [(row["id"], row["kind"]) for row in events] == [("e1", "exposure"), ("e2", "click")]
    assert facts("people", "rate") == []
    done = run("withdraw", "robots", "--reason", "a browser was named")
    assert done.stdout == "robots 1.1: 3 verdicts taken back, 0 verdicts given\n"
    [robots] = [row for row in facts("rules") if row["rule"] == "robots"]
    assert (robots["events"], robots["withdrawn"]) == (0, "a browser was named")
    assert facts("judge")["days"] == 0
    assert facts("restore", "robots")["given"] == {"robots": 3}
    signs = client.query("SELECT sum(sign), sum(counted), count() FROM invalid_events").first_row
    assert signs == (3, 3, 9)


def test_days_before_since_stay_as_they_are(client: Client) -> None:
    day = (BEGIN + timedelta(days=1)).date().isoformat()
    assert facts("judge", "--since", day)["given"] == {"robots": 1}
    assert client.query("SELECT campaign FROM invalid_events").result_rows == [("b",)]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("people", "robot"), "no rule is named 'robot'; there are data_centre, faster,"),
        (("withdraw", "robots", "--reason", " "), "--reason is empty; say why"),
        (("withdraw", "robots"), "Missing option '--reason'"),
        (("judge", "--since", "May"), "'May' does not match the format"),
    ],
)
def test_what_can_not_be_is_said_in_words(
    flowdrop_home: Path, command: tuple[str, ...], words: str
) -> None:
    assert flowdrop_home
    done = run(*command)
    assert done.exit_code != 0
    assert words in done.output
