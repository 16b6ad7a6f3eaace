"""Models of who redeems as versions of the label `redeem`, by the commands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from features.cli import audience, features, models

if TYPE_CHECKING:
    from click.testing import Result
    from conftest import Warehouse

GROUPS = {"features": features, "models": models, "audience": audience}
EARLY, LATE = "2017-09-11", "2017-10-30"


def run(*words: str) -> Result:
    return CliRunner().invoke(GROUPS[words[0]], words[1:])


def facts(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def registered(real: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Yield the evaluation of two dates' models on what came after each, both registered."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sql.client.connect", lambda *_: real.client)
        patch.setenv("FLOWDROP_MODELS", str(folder))
        patch.setenv("FLOWDROP_CONFIG", str(folder / "none.toml"))
        found = {}
        for day in (EARLY, LATE):
            facts("features", "build", "--as-of", day, "--purpose", "training")
            facts("models", "train", "--as-of", day)
            judged = facts("models", "evaluate", "--as-of", day)["evaluations"]
            [found[day]] = [one for one in judged if one["scope"] == "later"]
            facts("models", "register", "--as-of", day)
        yield found


@pytest.mark.long
def test_they_are_compared_on_campaigns_that_neither_has_seen_and_rolled_back(
    registered: dict[str, Any],
) -> None:
    there, back = (facts("models", "compare", "redeem", *pair) for pair in (("2", "1"), ("1", "2")))
    assert there["metric"] == "auc"
    assert there["value"] == back["other_value"] == pytest.approx(registered[LATE]["auc"])
    assert there["rows"] == registered[LATE]["rows"] < registered[EARLY]["rows"]
    assert there["difference"] == pytest.approx(there["value"] - there["other_value"])
    assert there["difference"] == pytest.approx(-back["difference"])
    assert there["low"] < there["difference"] < there["high"]
    assert f"that began on {LATE} or later" in run("models", "compare", "redeem", "1", "2").output
    missing = run("models", "compare", "redeem", "1", "3")
    assert missing.exit_code == 1
    assert "label 'redeem' has no version 3" in missing.output

    facts("features", "build", "--as-of", LATE, "--purpose", "scoring")
    first = facts("audience", "score", "--as-of", LATE)
    assert first["model_as_of"] == LATE
    rolled = facts("models", "rollback", "redeem", "--reason", "fewer redeem than before")
    assert (rolled["version"], rolled["action"]) == (1, "rollback")
    assert rolled["why"] == "fewer redeem than before"
    again = facts("audience", "score", "--as-of", LATE)
    assert again["model_as_of"] == EARLY
    assert (again["people"], again["mean_score"] != first["mean_score"]) == (first["people"], True)
    listed = {one["model_id"]: one for one in facts("models", "list")}
    assert [listed[one["model_id"]]["champion"] for one in (again, first)] == [True, False]
    nothing = run("models", "rollback", "redeem", "--reason", "once more")
    assert nothing.exit_code == 1
    assert "has no champion before version 1" in nothing.output
    forth = facts("models", "promote", "redeem", "--version", "2", "--reason", "it was the season")
    assert facts("audience", "score", "--as-of", LATE) == first
    assert forth["model_id"] == first["model_id"]
