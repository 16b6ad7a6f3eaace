"""An organisation reads its answers as staff do: in their layout, with how fresh they are."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from flowdrop.cli import main

if TYPE_CHECKING:
    import httpx

    from tests.console.world import World

pytestmark = pytest.mark.clickhouse

PRIVACY = Path(__file__).parents[3] / "docs" / "privacy.md"


@pytest.fixture(autouse=True)
def connected(console_database: Path, real_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWDROP_DATABASE", f"sqlite:///{console_database}")
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE", real_world.url)


def report(words: str, organisation: str = "") -> str:
    seen = ["--as-organisation", organisation] if organisation else []
    done = CliRunner().invoke(main, ["report", *shlex.split(words), *seen])
    assert done.exit_code == 0, done.output
    return done.output


def heads(printed: str) -> list[str]:
    """The title, and the lines above the rows of each table."""
    lines = [line.strip() for line in printed.splitlines()]
    tables = [line for before, line in zip(["", *lines], lines, strict=False) if not before]
    return [" ".join(line.split()) for line in tables if line]


@pytest.mark.parametrize(
    ("words", "own"),
    [
        ("frequency cj-8", "cj-8"),
        ("reach cj-8", "cj-8"),
        ("sales cj-8", "cj-8"),
        ("attribution cj-8", "cj-8"),
        ("coins cj-8", "cj-8"),
        ("lift hillstrom", "hillstrom"),
        ("campaigns", "hillstrom"),
    ],
)
def test_an_organisation_reads_the_layout_of_staff(words: str, own: str) -> None:
    told = report(words, own)
    assert heads(report(words))[0] == heads(told)[0]  # the title, or the first table's
    assert "_cents" not in told
    assert f"Seen as {own}" in told
    if words.startswith("lift"):
        for shown in ("sample ratio: chi-squared", "10.62 %", "has no dates within its two weeks"):
            assert shown in " ".join(told.split())


def test_an_organisation_is_told_the_days_of_its_own_latest_event(web: httpx.Client) -> None:
    fresh = json.loads(report("reach cj-8 --json", "cj-8"))["freshness"]
    whole = json.loads(report("reach cj-8 --json"))["freshness"]
    assert fresh["latest_event"][:10] == whole["latest_event"][:10]
    assert fresh["latest_event"][11:19] == "00:00:00"
    told = {name for name, value in fresh.items() if value is not None}
    assert told <= {"latest_event", "latest_arrived"}
    words = f"latest event {fresh['latest_event'][:10]}"
    assert words in report("reach cj-8", "cj-8")
    assert words in web.get("/reach?campaign=cj-8&as_organisation=cj-8").text


def test_what_one_report_told_is_no_trap_for_another() -> None:
    for words in ("frequency cj-8", "reach cj-8", "campaigns", "reach cj-8", "frequency cj-8"):
        report(words, "cj-8")


def test_an_organisation_that_there_is_not_is_refused_by_its_name() -> None:
    done = CliRunner().invoke(main, ["report", "reach", "cj-8", "--as-organisation", "hilstrom"])
    assert done.exit_code == 1
    assert "no campaign is of an advertiser 'hilstrom'" in done.output
    assert "hillstrom" not in done.output  # another advertiser, who is nobody's business


def test_the_first_command_of_the_page_on_privacy_answers() -> None:
    (line,) = [
        line
        for line in PRIVACY.read_text(encoding="utf-8").splitlines()
        if line[:13] == "    flowdrop "
    ][:1]
    done = CliRunner().invoke(main, shlex.split(line)[1:])
    assert done.exit_code == 0, done.output
