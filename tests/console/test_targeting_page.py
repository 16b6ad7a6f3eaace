"""The commands of docs/targeting.md, as written and in their order: each ends well."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from flowdrop.cli import main
from tests.console.test_drop_amounts import effects
from tests.console.world import PROGRAM, PROGRAMS, World

pytestmark = pytest.mark.clickhouse

PAGE = (Path(__file__).parents[2] / "docs" / "targeting.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"^    flowdrop (.*)$", re.MULTILINE)
NAMED = {"DROP": "spring", "PERSON": "cj:3"}


def test_every_command_of_the_page_ends_well(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [f"cj:{n}" for n in range(30)]
    world.open(people)
    world.audience("all", people)
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE", world.url)
    monkeypatch.setenv("FLOWDROP_DATABASE", f"sqlite:///{tmp_path / 'console.sqlite'}")
    monkeypatch.setenv("FLOWDROP_PROGRAMS", str(PROGRAMS))
    monkeypatch.setenv("FLOWDROP_DROP_SECRET", "key")
    monkeypatch.chdir(tmp_path)
    effects().to_parquet("effects.parquet")

    def run(*words: str) -> str:
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, result.output
        return result.output

    terms = ("--program", PROGRAM, "--budget", "5000", "--amount", "500", "--audience", "all")
    run("drop", "create", "spring", *terms)
    told = [
        run(*(NAMED.get(word, word) for word in shlex.split(text)))
        for text in COMMAND.findall(PAGE)
    ]
    assert len(told) >= 4
    words, as_json, one, by_segment = told[:4]
    assert "cj:3 is in drop spring" in words
    assert '"chosen_by"' in as_json
    assert "no choice is worth more than" in one
    assert "telecom" in by_segment
