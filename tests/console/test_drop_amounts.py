from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from console.drop_cli import drop

if TYPE_CHECKING:
    from pathlib import Path

AMOUNTS = (1, 2, 5, 10)


def effects() -> pd.DataFrame:
    """Return a row per person and amount, as `flowdrop drop amounts` reads them."""
    draws = np.random.default_rng(2)
    rows = [
        {
            "person": f"p{person}",
            "amount": amount,
            "effect": size * (1 - np.exp(-amount / (2 + 6 * (person % 2)))),
            "carrier": ("mobile", "telecom")[person % 2],
        }
        for person, size in enumerate(draws.gamma(1.0, 0.1, 400))
        for amount in AMOUNTS
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "effects.parquet"
    effects().to_parquet(made)
    return made


def run(path: Path, *args: str, switched: str = "false", typed: str = "") -> Result:
    command = ["amounts", "--from", str(path), "--budget", "600", *args]
    return CliRunner().invoke(
        drop, command, input=typed, env={"FLOWDROP_PERSONAL_AMOUNTS": switched}
    )


def test_one_amount_one_by_segment_and_personal_ones(path: Path) -> None:
    one = json.loads(run(path, "--json").stdout)
    several = json.loads(run(path, "--by-segment", "carrier", "--json").stdout)
    personal = json.loads(
        run(path, "--personal-amounts", "--yes", "--json", switched="true").stdout
    )
    assert len(one["amounts"]) == 1
    assert {row["segment"] for row in several["amounts"]} == {"mobile", "telecom"}
    assert len(several["amounts"]) == 2
    assert one["value"] <= several["value"] <= personal["value"] <= personal["bound"]
    for found in (one, several, personal):
        assert found["cost"] <= 600
        assert found["gap"] < 0.02
        assert sum(row["people"] for row in found["amounts"]) == found["people"]
    told = run(path)
    assert "no choice is worth more than" in told.output


def test_personal_amounts_are_behind_a_switch_and_a_question(path: Path) -> None:
    off = run(path, "--personal-amounts")
    assert off.exit_code == 1
    assert "article 24" in off.output
    assert "FLOWDROP_PERSONAL_AMOUNTS=true" in off.output
    asked = run(path, "--personal-amounts", switched="true", typed="n\n")
    assert asked.exit_code == 1
    assert run(path, "--personal-amounts", switched="true", typed="y\n").exit_code == 0


def test_what_is_wrong_with_the_file_is_named(path: Path, tmp_path: Path) -> None:
    assert "has no column 'city'" in run(path, "--by-segment", "city").output
    table = pd.read_parquet(path)
    short, twice = tmp_path / "short.csv", tmp_path / "twice.csv"
    table.iloc[1:].to_csv(short, index=False)
    pd.concat([table, table.iloc[:1]]).to_csv(twice, index=False)
    assert "lacks an effect or cost of 1 people" in run(short).output
    assert "a person and amount twice" in run(twice).output
    assert "reaches" in run(path, "--people-min", "601").output
