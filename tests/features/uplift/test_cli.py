"""`flowdrop models race` on files of one's own: by its table, its JSON and its refusals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from features.cli import models
from tests.features.uplift.trials import trial

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from click.testing import Result

ASKED = ("--arm", "group", "--outcome", "visit", "--folds", "3")
FIELD = 10  # learners


def run(path: Path, *words: str) -> Result:
    return CliRunner().invoke(models, ["race", "--from", str(path), *words])


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    one = trial(seed=8, people=900)
    names = np.array(["control", "mail"])
    told = {"person": [f"p{at}" for at in range(900)], "chance": one.propensity}
    columns = one.X.drop(columns=["never"])
    return columns.assign(group=names[one.arm], visit=one.y.astype(int), **told)


@pytest.fixture(scope="module")
def csv(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("race") / "trial.csv"
    table.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def told(csv: Path) -> Result:
    """A race with logged chances, as JSON."""
    return run(csv, *ASKED, "--without", "person", "--propensity", "chance", "--json")


def test_its_json_has_the_race_and_what_it_was_run_on(told: Result) -> None:
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert (found["file"], found["outcome"], found["metric"]) == ("trial.csv", "visit", "rate-qini")
    assert found["features"] == ["age", "carrier", "spend", "is_new"]
    assert [one["arm"] for one in found["arms"]] == ["control", "mail"]
    assert sum(one["people"] for one in found["arms"]) == found["people"] == 900
    assert len(found["standings"]) == FIELD
    assert [one["learner"] for one in found["standings"] if one["is_winner"]] == [found["winner"]]
    assert all(len(one["folds"]) == 3 for one in found["standings"])
    assert "race" in told.stderr or "dr-trees" in told.stderr  # the bar


def test_parquet_gives_the_same_in_any_order_of_rows(
    told: Result, table: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "trial.csv.parquet"
    table.sample(frac=1, random_state=1).to_parquet(path)
    words = ("--features", "age,carrier", "--features", "spend,is_new", "--propensity", "chance")
    again = run(path, *ASKED, *words, "--json")
    assert again.exit_code == 0, again.output
    first, second = (json.loads(one.stdout) for one in (told, again))
    assert second | {"file": "trial.csv"} == first


def test_its_table_says_who_wins_and_why(csv: Path) -> None:
    found = run(
        csv, *ASKED, "--without", "person,chance", "--without", "carrier", "--metric", "qini"
    )
    assert found.exit_code == 0, found.output
    assert "mail: " in found.stdout
    assert "Race by Qini coefficient in scikit-uplift's normalisation" in found.stdout
    assert all(name in found.stdout for name in ("response-linear", "dr-trees", "95 % interval"))
    assert " wins: the " in found.stdout
    assert "over 3 folds, seed 0" in found.stdout


def test_several_arms_have_costs_and_one_may_race_a_learner_of_ones_own(
    table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n"
        "class Flat:\n"
        "    def fit(self, X, arm, y, propensity): self.arms = max(arm) + 1\n"
        "    def predict_effect(self, X): return np.zeros((len(X), self.arms - 1))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "three.csv"
    draw = np.random.default_rng(2)
    three = table.assign(group=draw.choice(["0", "low", "high"], len(table)))
    three[["age", "is_new", "group", "visit"]].to_csv(path, index=False)
    costs = ("--cost", "low=1", "--cost", "high=2.5")
    found = run(path, *ASKED, *costs, "--learner", "mine:Flat", "--json")
    assert found.exit_code == 0, found.output
    result = json.loads(found.stdout)
    assert [one["arm"] for one in result["arms"]] == ["0", "high", "low"]
    assert (result["metric"], result["standings"][-1]["learner"]) == ("gain", "mine:Flat")


WRONG = [
    (
        ("--arm", "grp", "--outcome", "visit"),
        "no column 'grp'; there are 'age', 'carrier', 'spend'",
    ),
    (("--arm", "group", "--outcome", "bought"), "no column 'bought'; there are"),
    (("--arm", "group", "--outcome", "carrier"), "'carrier' is not numeric, such as ['"),
    (("--arm", "group", "--outcome", "age"), "column 'age' is missing or infinite in rows"),
    (("--arm", "carrier", "--outcome", "visit"), "column 'carrier' names no arm in rows"),
    (("--arm", "person", "--outcome", "visit"), "has 900 values, such as 'p0', 'p1', 'p10'"),
    (("--arm", "is_new", "--outcome", "visit", "--control", "mail"), "no arm 'mail'; its arms"),
    ((*ASKED,), "'person' has a text of its own in every row, as an id has"),
    ((*ASKED, "--features", "age,height"), "no column 'height'"),
    ((*ASKED, "--features", "age,visit"), "column 'visit' can't be a feature too"),
    ((*ASKED, "--without", "person,chance"), "the arms differ in 'carrier' (p = "),
    ((*ASKED, "--features", "age", "--metric", "qini", "--propensity", "chance"), "theirs differ"),
    ((*ASKED, "--features", "age", "--propensity", "spend"), "the propensity is"),
    ((*ASKED, "--features", "age", "--cost", "post=1"), "a cost of 'post'; give one for each of"),
    ((*ASKED, "--features", "age", "--cost", "mail=-1"), "the cost of 'mail' is -1"),
    ((*ASKED, "--features", "age", "--cost", "mail"), "'mail' is not ARM=NUMBER"),
    ((*ASKED, "--features", "age", "--learner", "best"), "there is no learner 'best'"),
]


@pytest.mark.parametrize(("words", "expected"), WRONG)
def test_what_can_not_be_raced_is_refused_in_a_sentence(
    words: tuple[str, ...], expected: str, csv: Path
) -> None:
    found = run(csv, *words)
    assert found.exit_code != 0
    assert expected in found.output
    assert "Traceback" not in found.output


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"group": "mail"}, "column 'group' has one value only, 'mail'"),
        ({"visit": 1}, "column 'visit' is 1 for everyone"),
        ({"group": "abc"}, "which arm of column 'group' is control? Say --control with one of"),
    ],
)
def test_columns_that_decide_nothing_are_refused(
    change: dict[str, object], expected: str, table: pd.DataFrame, tmp_path: Path
) -> None:
    if change == {"group": "abc"}:
        change = {"group": ["a", "b", "c"] * 300}
    path = tmp_path / "odd.csv"
    table.assign(**change).to_csv(path, index=False)
    found = run(path, *ASKED)
    assert found.exit_code == 1
    assert expected in found.output


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", b"", "can't be read: No columns to parse from file"),
        ("a.csv", b"group,visit\n", "a.csv has no rows"),
        ("a.csv", b"\xff\xfe\x00", "can't be read"),
        ("a.parquet", b"PAR1", "can't be read"),
        ("a.xlsx", b"PK", "a.xlsx is neither .parquet nor .csv"),
        ("a.csv", b"group,visit\na,1\n0,0\n", "no column left for a feature"),
    ],
)
def test_files_that_can_not_be_read(
    name: str, content: bytes, expected: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    found = run(path, *ASKED)
    assert found.exit_code == 1
    assert expected in found.output.replace("\n", " ")
    assert "Traceback" not in found.output
