"""A model of uplift from its training to its retirement, by the commands."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from tests.features.lifecycle.place import ASKED, visits

if TYPE_CHECKING:
    from pathlib import Path

    from tests.features.lifecycle.place import Place


@pytest.fixture(scope="module")
def weak(place: Place) -> str:
    return str(place.trained(place.file, "--learner", "response-linear")["model_id"])


@pytest.fixture(scope="module")
def strong(place: Place) -> str:
    return str(place.trained(place.file, "--learner", "t-linear")["model_id"])


def test_it_goes_from_training_to_champion_and_back(place: Place, weak: str, strong: str) -> None:
    assert [place.registered(one, "spring") for one in (weak, strong, weak)] == [1, 2, 1]
    first = place.facts("promote", "spring", "--version", 1, "--reason", "a start")
    assert (first["version"], first["forced"], first["why"]) == (1, True, "a start")
    second = place.facts("promote", "spring")
    assert (second["version"], second["forced"], second["model_id"]) == (2, False, strong)
    assert "version 2 is better than version 1: qini" in second["why"]
    assert second["promoted_by"]
    shown = place.facts("show", strong)
    assert [row["action"] for row in shown["promotions"] if row["label"] == "spring"] == ["promote"]
    back = place.facts("rollback", "spring", "--reason", "fewer visits than before")
    assert (back["version"], back["action"], back["model_id"]) == (1, "rollback", weak)
    listed = {row["model_id"]: row for row in place.facts("list")}
    assert listed[weak]["champion"] is True
    again = place.run("rollback", "spring", "--reason", "once more")
    assert again.exit_code == 1
    assert "has no champion before version 1; promote another version" in again.output


def test_the_worse_one_is_promoted_by_a_reason_only(place: Place, weak: str, strong: str) -> None:
    assert [place.registered(one, "summer") for one in (strong, weak)] == [1, 2]
    assert place.facts("promote", "summer", "--version", 1)["forced"] is False
    found = place.run("promote", "summer")
    assert found.exit_code == 1
    assert "version 2 is not surely better than version 1: qini" in found.output
    assert "it was not promoted. Give more people by --from FILE, or a --reason" in found.output
    assert place.run("promote", "summer", "--reason", " ").exit_code == 2
    forced = place.facts("promote", "summer", "--reason", "simpler to explain")
    assert (forced["version"], forced["forced"]) == (2, True)
    found = place.run("promote", "summer")
    assert "version 2 is the champion of 'summer' already" in found.output


def test_two_versions_are_compared_both_ways_on_the_same_people(
    place: Place, weak: str, strong: str
) -> None:
    assert [place.registered(one, "autumn") for one in (weak, strong)] == [1, 2]
    there, back = (place.facts("compare", "autumn", *pair) for pair in ((2, 1), (1, 2)))
    assert there["people"] == back["people"] == "500 people held out of trial.csv"
    assert there["difference"] == pytest.approx(-back["difference"])
    assert there["low"] == pytest.approx(-back["high"])
    assert there["low"] < there["difference"] < there["high"]
    other = place.folder / "other.parquet"
    visits(seed=9).to_parquet(other)
    later = place.facts("compare", "autumn", 2, 1, "--from", other)
    assert later["people"] == "all 2,000 people of other.parquet"
    assert "the same version; name two" in place.run("compare", "autumn", 1, 1).output
    found = place.run("compare", "autumn", 7, 1)
    assert "label 'autumn' has no version 7; it has 1 to 2" in found.output


def test_where_nothing_works_no_first_champion_is_made(place: Place) -> None:
    nothing = place.folder / "nothing.csv"
    visits(seed=4, size=0.0).to_csv(nothing, index=False)
    model = place.trained(nothing, "--learner", "t-linear")["model_id"]
    place.registered(model, "nothing")
    found = place.run("promote", "nothing")
    assert found.exit_code == 1
    assert "is not surely better than a rule that knows nothing" in found.output


def test_a_race_chooses_and_the_card_says_so(place: Place) -> None:
    racers = ("--learner", "response-linear", "--learner", "t-linear", "--folds", "3")
    found = place.trained(place.file, *racers)
    assert found["learner"] == found["race"]["winner"] == "t-linear"
    assert found["rows"] + found["held_rows"] == 2_000
    folder = place.folder / "models" / found["model_id"]
    written = (folder / "model.skops").read_bytes()
    assert hashlib.sha256(written).hexdigest() == found["sha256"]
    card = (folder / "card.md").read_text()
    for words in (
        f"# {found['model_id']}",
        "Predicts how much 'mail' changes 'visit' of each person, against 'control'",
        "1,500 rows",
        "500 rows, on which it is judged below",
        "## On people it has not seen",
        "95 % interval",
        "R² of calibration",
        "## Leakage",
        "| carrier |",
        "## Limits",
        "--learner t-linear",
        found["sha256"],
    ):
        assert words in card
    shown = place.run("show", found["model_id"]).stdout
    assert shown.splitlines()[:20] == card.splitlines()[:20]
    assert shown.startswith(card.rstrip())
    assert json.loads((folder / "metadata.json").read_text())["learner"] == "t-linear"


def test_it_is_evaluated_on_those_held_out_or_on_others(place: Place) -> None:
    own_file = place.folder / "own.csv"
    visits(seed=2).to_csv(own_file, index=False)
    found = place.trained(own_file, "--learner", "t-linear")
    own = place.facts("evaluate", found["model_id"])
    assert own["people"] == "500 people held out of own.csv"
    assert own["value"] == pytest.approx(found["judged"]["value"])
    later = place.folder / "later.csv"
    visits(seed=7).to_csv(later, index=False)
    others = place.facts("evaluate", found["model_id"], "--from", later)
    assert others["rows"] == 2_000
    assert others["low"] > 0
    assert others["arms"][0]["slope"] == pytest.approx(1, abs=0.4)
    visits(seed=3).to_csv(own_file, index=False)
    changed = place.run("evaluate", found["model_id"])
    assert changed.exit_code == 1
    assert "is not what model" in changed.output
    assert "by --from FILE" in changed.output
    own_file.unlink()
    assert "is no longer at" in place.run("evaluate", found["model_id"]).output


def test_a_file_that_changed_or_is_gone_is_neither_loaded_nor_promoted(place: Place) -> None:
    words = ("--learner", "t-linear", "--seed", "5")
    model = place.trained(place.file, *words)["model_id"]
    place.registered(model, "winter")
    path = place.folder / "models" / model / "model.skops"
    path.write_bytes(path.read_bytes() + b"\0")
    for asked in (
        ("evaluate", model),
        ("promote", "winter"),
        ("promote", "winter", "--reason", "whatever it is"),
        ("register", model, "--label", "again"),
    ):
        found = place.run(*asked)
        assert found.exit_code == 1
        assert "is not the file that was written when model" in found.output
        assert "train it again: `flowdrop models train --from" in found.output
    path.unlink()
    assert "are not in" in place.run("evaluate", model).output
    place.trained(place.file, *words)
    assert place.run("evaluate", model).exit_code == 0


OWN = """
import numpy as np

class Means:
    def fit(self, X, arm, y, propensity):
        self.effect = float(y[arm == 1].mean() - y[arm == 0].mean())
        return self

    def predict_effect(self, X):
        return np.full((len(X), 1), self.effect) + 0.01 * X[["is_new"]].to_numpy(float)
"""


def test_a_learner_of_ones_own_is_kept_once_its_types_were_reviewed(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "means_of_mine.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    asked = ("train", "--from", place.file, *ASKED, "--learner", "means_of_mine:Means")
    found = place.run(*asked)
    assert found.exit_code == 1
    assert "holds types that nobody has reviewed: means_of_mine.Means; it was not" in found.output
    assert "FLOWDROP_MODEL_TYPES=means_of_mine.Means" in found.output
    monkeypatch.setenv("FLOWDROP_MODEL_TYPES", "means_of_mine.Means")
    model = place.facts(*asked)["model_id"]
    assert place.run("evaluate", model).exit_code == 0
    monkeypatch.delenv("FLOWDROP_MODEL_TYPES")
    found = place.run("evaluate", model)
    assert found.exit_code == 1
    assert (
        "holds types that are not trusted: means_of_mine.Means; it was not loaded" in found.output
    )


WRONG = [
    (("train",), "give --as-of DATE to learn who redeems, or --from FILE"),
    (("train", "--from", "FILE", "--arm", "group"), "--from needs --outcome COLUMN too"),
    (("train", "--as-of", "2020-01-01", "--arm", "group"), "--arm goes with --from"),
    (("evaluate",), "give --as-of DATE, or the id of a model of uplift"),
    (("evaluate", "uplift-none"), "there is no model of uplift 'uplift-none'"),
    (("register", "uplift-none"), "a model of uplift needs --label NAME"),
    (("register", "uplift-none", "--label", "visit"), "there is no model of uplift"),
    (("promote", "visit"), "has no version of label 'visit', "),
    (("rollback", "visit", "--reason", "why"), "has no champion before this, or any"),
    (("show", "uplift-none"), "there is no model 'uplift-none'"),
]


@pytest.mark.parametrize(("words", "expected"), WRONG)
def test_what_is_wrong_is_said(words: tuple[str, ...], expected: str, place: Place) -> None:
    found = place.run(*(place.file if word == "FILE" else word for word in words))
    assert found.exit_code in {1, 2}
    assert expected in found.output
    assert "Traceback" not in found.output


def test_a_feature_that_knows_what_came_afterwards_is_not_trained_on(
    place: Place, tmp_path: Path
) -> None:
    path = tmp_path / "leaks.csv"
    table = visits(seed=5)  # the same people would make the same model as other tests'
    table.assign(clicks=3 * table["visit"] + 1).to_csv(path, index=False)
    for command in ("train", "race"):
        found = place.run(command, "--from", path, *ASKED)
        assert found.exit_code == 1
        assert "a feature knows what came afterwards. 'clicks': " in found.output
        assert "--without clicks" in found.output
    found = place.trained(path, "--learner", "t-linear", "--without", "clicks")
    assert "clicks" not in found["features"]
