"""The commands in the order of the DAG, by their JSON and their words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from features.cli import audience, features, models

if TYPE_CHECKING:
    from pathlib import Path

    import click
    from click.testing import Result
    from conftest import Warehouse

GROUPS = {"features": features, "models": models, "audience": audience}
DATE = "2017-10-30"
NAMED = [
    (name, command) for group in GROUPS.values() for name, command in sorted(group.commands.items())
]


def run(*words: str) -> Result:
    return CliRunner().invoke(GROUPS[words[0]], words[1:])


def facts(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def place(real: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The real data behind the commands, and a registry of this module's own."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sql.client.connect", lambda *_: real.client)
        patch.setenv("FLOWDROP_MODELS", str(folder))
        patch.setenv("FLOWDROP_CONFIG", str(folder / "none.toml"))
        yield folder


@pytest.fixture(scope="module")
def ran(place: Path) -> dict[str, Any]:
    """All commands of the DAG, once."""
    assert place.is_dir()
    return {
        "build": facts("features", "build", "--as-of", DATE),
        "train": facts("models", "train", "--as-of", DATE),
        "evaluate": facts("models", "evaluate", "--as-of", DATE),
        "register": facts("models", "register", "--as-of", DATE),
        "score": facts("audience", "score", "--as-of", DATE),
        "freeze": facts("audience", "freeze", "best", "--as-of", DATE, "--top", "500"),
    }


def test_each_command_gives_its_facts(ran: dict[str, Any]) -> None:
    assert ran["build"]["training_rows"] == sum(one["people"] for one in ran["build"]["campaigns"])
    assert len(ran["build"]["campaigns"]) == 14
    assert ran["train"]["rows"] == ran["build"]["training_rows"]
    assert ran["train"]["redeemers"] == ran["build"]["redeemers"]
    assert ran["evaluate"]["decides"] == "later"
    later = next(one for one in ran["evaluate"]["evaluations"] if one["scope"] == "later")
    assert later["auc"] > later["baseline_auc"]
    ids = {ran[name]["model_id"] for name in ("train", "evaluate", "register", "score", "freeze")}
    assert len(ids) == 1
    assert ran["score"]["people"] == ran["build"]["scoring_rows"]
    assert (ran["freeze"]["size"], ran["freeze"]["frozen"]) == (500, True)


def test_run_again_nothing_changes(ran: dict[str, Any]) -> None:
    assert facts("features", "build", "--as-of", DATE) == ran["build"]
    assert facts("models", "train", "--as-of", DATE) == ran["train"] | {"trained": False}
    assert facts("audience", "score", "--as-of", DATE) == ran["score"]
    again = facts("audience", "freeze", "best", "--as-of", DATE, "--top", "500")
    assert again["fingerprint"] == ran["freeze"]["fingerprint"]
    assert again["frozen"] is False


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("features", "build", "--as-of", DATE), "training rows of 14 campaigns"),
        (("models", "train", "--as-of", DATE), "was trained before"),
        (("models", "evaluate", "--as-of", DATE), "beats the naive baseline's"),
        (("models", "register", "--as-of", DATE), "is the champion of 2017-10-30"),
        (("models", "list"), "redeem-"),
        (("audience", "score", "--as-of", DATE), "people scored as of 2017-10-30"),
        (("audience", "freeze", "best", "--as-of", DATE, "--top", "500"), "was frozen before"),
        (("audience", "list"), "best"),
        (("audience", "show", "best"), "and 480 more"),
        (("features", "list"), "redemption_rate"),
    ],
)
def test_for_a_person_it_says_so_in_words(
    ran: dict[str, Any], words: tuple[str, ...], expected: str
) -> None:
    assert ran
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert expected in result.output


def test_lists_and_shows_agree_with_what_ran(ran: dict[str, Any]) -> None:
    model_id = ran["train"]["model_id"]
    listed = [one for one in facts("models", "list") if one["model_id"] == model_id]
    assert [one["registered"] for one in listed] == [True]
    shown = facts("models", "show", model_id)
    assert {one["scope"] for one in shown["evaluations"]} == {"later", "not_over", "validation"}
    members = facts("audience", "show", "best")["members"]
    lines = run("audience", "show", "best", "--csv").output.splitlines()
    assert lines[0] == "person,score,rank"
    assert [line.split(",")[0] for line in lines[1:]] == [one["person"] for one in members]
    scores = [one["score"] for one in members]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("features", "build", "--as-of", "2016-01-01"), "choose a date after the end"),
        (("features", "build", "--as-of", "tomorrow"), "'tomorrow'"),
        (("models", "train", "--as-of", "2017-06-01"), "flowdrop features build"),
        (("models", "evaluate", "--as-of", "2017-06-01"), "flowdrop models train"),
        (("models", "register", "--as-of", "2017-06-01"), "flowdrop models train"),
        (("models", "show", "redeem-none"), "flowdrop models list"),
        (("audience", "score", "--as-of", "2017-06-01"), "flowdrop models register"),
        (("audience", "freeze", "x", "--as-of", "2017-06-01", "--top", "5"), "audience score"),
        (("audience", "freeze", "x", "--as-of", DATE, "--top", "0"), "--top"),
        (("audience", "show", "nobody"), "not frozen"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_with_the_remedy(
    place: Path, words: tuple[str, ...], expected: str
) -> None:
    assert place.is_dir()
    result = run(*words)
    assert result.exit_code != 0
    assert expected in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("name", "command"), NAMED)
def test_every_command_has_help_with_an_example(name: str, command: click.Command) -> None:
    assert command.help
    assert f" {name}" in (command.epilog or "")
    assert (command.epilog or "").startswith("Example: flowdrop ")
