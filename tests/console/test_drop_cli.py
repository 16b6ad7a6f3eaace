from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

import console.drop_cli
from console.cli import console as console_command
from console.drop_cli import drop
from tests.console.world import PROGRAM, PROGRAMS, Wire, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.clickhouse

TERMS = ["--program", PROGRAM, "--budget", "5000", "--amount", "500", "--audience", "all"]


@pytest.fixture
def run(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wire: Wire
) -> Callable[..., Result]:
    """Runs `flowdrop drop`; what it would publish goes to `wire`."""
    people = [f"cj:{n}" for n in range(30)]
    world.open(people)
    world.audience("all", people)
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE", world.url)
    monkeypatch.setenv("FLOWDROP_DATABASE", f"sqlite:///{tmp_path / 'c.sqlite'}")
    monkeypatch.setenv("FLOWDROP_PROGRAMS", str(PROGRAMS))
    monkeypatch.setenv("FLOWDROP_DROP_SECRET", "key")
    monkeypatch.setattr(console.drop_cli, "_outbox", lambda **_: wire)
    monkeypatch.setattr(console.drop_cli, "_catch_up", lambda _client: None)  # without Kafka

    def go(*args: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(drop, args, input=stdin)

    return go


def facts(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_drop_from_creation_to_its_outcome(
    run: Callable[..., Result], world: World, wire: Wire
) -> None:
    made = facts(run("create", "spring", *TERMS, "--until", "2027-01-01", "--json"))
    assert (made["treated"], made["holdout"], made["cost"]) == (10, 1, 5_000)
    assert made["until"] == "2027-01-01T00:00:00+00:00"
    assert len(made["everyone"]) == 30
    assert facts(run("preview", "spring", "--json")) == made
    assert run("preview", "spring", "--csv").stdout.count("\n") == 31
    assert [d["name"] for d in facts(run("list", "--json"))] == ["spring"]
    draft = facts(run("show", "spring", "--json"))
    assert (draft["state"], draft["until"]) == ("draft", made["until"])
    launched = facts(run("launch", "spring", "--yes", "--json"))
    assert launched["events"] == len(wire.sent)
    assert (launched["treated"], launched["cost"]) == (10, 5_000)
    assert facts(run("show", "spring", "--json"))["pending"] == 10
    world.take(wire.events())
    shown = facts(run("show", "spring", "--json"))
    assert (shown["granted"], shown["unspent"], shown["state"]) == (10, 0, "launched")


def test_launching_asks_with_the_amounts_and_no_means_no(
    run: Callable[..., Result], wire: Wire
) -> None:
    run("create", "spring", *TERMS)
    asked = run("launch", "spring", stdin="n\n")
    assert asked.exit_code == 1
    assert (
        "10 people x 500 coins = 5,000 of a budget of 5,000, 1 held out (9.1 % of the drop), "
        "19 left out over budget?"
    ) in asked.stderr
    assert wire.sent == []
    assert facts(run("show", "spring", "--json"))["state"] == "draft"
    assert run("launch", "spring", stdin="y\n").exit_code == 0
    assert wire.sent


def test_cancelling_a_draft(run: Callable[..., Result]) -> None:
    run("create", "spring", *TERMS)
    assert run("cancel", "spring").exit_code == 0
    again = run("launch", "spring", "--yes")
    assert again.exit_code == 1
    assert "was cancelled" in again.stderr


def test_tables_for_people(run: Callable[..., Result]) -> None:
    assert "none yet" in run("list").stdout
    assert "Preview of drop spring" in run("create", "spring", *TERMS).stdout
    assert "unspent" in run("show", "spring").stdout
    assert "left out: over_budget" in run("preview", "spring").stdout
    assert run("list", "--csv").stdout.splitlines()[1].startswith("spring,draft,")


def test_a_refusal_is_one_sentence(run: Callable[..., Result]) -> None:
    refused = run("show", "spring")
    assert refused.exit_code == 1
    assert refused.stderr == "Error: drop 'spring' does not exist; see `flowdrop drop list`\n"


def test_without_warehouse_one_sentence_says_so(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE", "http://default:@127.0.0.1:9/default")
    refused = run("create", "spring", *TERMS)
    assert refused.exit_code == 1
    assert "ClickHouse does not answer at" in refused.stderr
    assert "flowdrop up" in refused.stderr


@pytest.mark.parametrize("name", [None, *drop.commands])
def test_every_command_has_help_with_an_example(name: str | None) -> None:
    shown = CliRunner().invoke(drop, [name, "--help"] if name else ["--help"])
    assert shown.exit_code == 0
    assert "Example: flowdrop drop" in shown.stdout


def test_the_console_has_help_with_an_example() -> None:
    assert "Example: flowdrop console" in CliRunner().invoke(console_command, ["--help"]).stdout


def test_a_bad_database_is_named(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWDROP_DATABASE", "nonsense")
    refused = run("list")
    assert refused.exit_code == 1
    assert "setting database: nonsense" in refused.stderr


def test_nobody_draws_with_a_key_that_everybody_knows(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("FLOWDROP_DROP_SECRET")
    monkeypatch.setenv("FLOWDROP_HOME", str(tmp_path))
    refused = run("create", "spring", *TERMS)
    assert refused.exit_code == 1
    assert "setting drop_secret: there is none; `flowdrop up` generates one" in refused.stderr
    assert str(tmp_path) in refused.stderr


def test_it_speaks_chinese(run: Callable[..., Result]) -> None:
    assert "还没有" in run("list", "--lang", "zh").stdout
    assert "花费" in run("create", "spring", *TERMS, "--lang", "zh").stdout
    again = run("create", "spring", *TERMS, "--lang", "zh")
    assert "名称 'spring' 已被发放或活动使用" in again.stderr
    assert "已取消：spring" in run("cancel", "spring", "--lang", "zh").stderr
    refused = run("cancel", "spring", "--lang", "zh")
    assert "已发放或已取消，不能取消" in refused.stderr
