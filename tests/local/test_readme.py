"""The demo, then README's commands as written and in that order: each ends well."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.local.home import Home

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    *(pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.airflow),
    pytest.mark.timeout(1_500),
]

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"^    flowdrop ((?:.*\\\n)*.*)$", re.MULTILINE)
EVALUATED = "models evaluate --as-of 2017-10-30"


def commands() -> list[list[str]]:
    """The words of each command of README, in their order."""
    found = [
        shlex.split(text.replace("\\\n", " "), comments=True) for text in COMMAND.findall(README)
    ]
    assert found[0] == ["up"]
    assert found[-1] == ["down"]
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = Home(tmp_path_factory.mktemp("readme") / "home")
    try:
        told = json.loads(made.run("demo", "--exit", "--no-browser", "--json"))
        assert [check for check in told["checks"] if not check["held"]] == []
        yield made
    finally:
        made.run("down")


def test_every_command_ends_well_in_that_order_after_the_demo(home: Home) -> None:
    for words in commands()[:-1]:
        if "EVENT_ID" in words:
            shown = json.loads(home.run("ledger", "show", "cj:17", "--json"))
            words[words.index("EVENT_ID")] = re.findall(r"cj/[^\"]+", json.dumps(shown))[0]
        home.run(*words, typed="y\n")
    again = json.loads(home.run("drop", "show", "autumn", "--json"))
    assert (again["state"], again["pending"]) == ("launched", 0)
    assert again["granted"] > 0


def test_the_models_are_as_good_as_readme_says(home: Home) -> None:
    """The demo's drops are in the warehouse by now, and judge no model before they are over."""
    home.run("up")
    told = json.loads(home.run(*EVALUATED.split(), "--json"))
    (later,) = (one for one in told["evaluations"] if one["scope"] == told["decides"] == "later")
    assert f"`flowdrop {EVALUATED}`" in README
    assert re.search(
        rf"AUC\s+of {later['auc']:.3f}, [^.]* with {later['baseline_auc']:.3f}", README
    )
