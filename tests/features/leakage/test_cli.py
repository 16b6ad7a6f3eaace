"""`flowdrop models leakage` on files: the table, the JSON, the exit status, what is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from features.cli import models

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def run(path: Path, *words: str) -> Result:
    return CliRunner().invoke(models, ["leakage", "--from", str(path), *words])


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    draw = np.random.default_rng(1)
    times = pd.date_range("2026-01-01", periods=400, freq="h", tz="UTC")
    visit = (draw.random(400) < 0.3).astype(int)
    found = tmp_path_factory.mktemp("leakage") / "people.csv"
    pd.DataFrame(
        {
            "age": draw.integers(18, 80, 400),
            "clicks": 2 * visit,
            "at": times,
            "age_until": times - pd.Timedelta(days=1),
            "visit": visit,
        }
    ).to_csv(found, index=False)
    return found


def test_a_leak_is_shown_and_ends_with_one(path: Path) -> None:
    found = run(path, "--outcome", "visit", "--without", "at,age_until")
    assert found.exit_code == 1
    assert "What each feature alone tells of the outcome (it is 1)" in found.stdout
    assert "'clicks': of the" in found.output
    assert "--without clicks" in found.output


def test_an_honest_set_ends_with_zero(path: Path) -> None:
    words = ("--outcome", "visit", "--time", "at", "--source", "age=age_until")
    found = run(path, *words, "--without", "clicks", "--json")
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert (told["verdict"], told["file"], told["rows"]) == ("fine", "people.csv", 400)
    assert [one["feature"] for one in told["features"]] == ["age"]
    assert run(path, *words, "--known-before", "clicks").exit_code == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--outcome", "bought"), "people.csv has no column 'bought'; there are 'age'"),
        (("--outcome", "visit", "--time", "age_"), "no column 'age_'"),
        (("--outcome", "visit", "--source", "age"), "'age' is not FEATURE=COLUMN"),
        (("--outcome", "at"), "column 'at' is not numeric"),
        (("--outcome", "visit", "--without", "age,clicks,at,age_until"), "no column left"),
    ],
)
def test_what_is_wrong_is_said(words: tuple[str, ...], expected: str, path: Path) -> None:
    found = run(path, *words)
    assert found.exit_code in {1, 2}
    assert expected in found.output
    assert "Traceback" not in found.output
