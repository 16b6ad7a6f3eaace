"""Where a module's tests run commands, and experiments in files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from click.testing import CliRunner

from features.cli import models
from tests.features.uplift.trials import trial

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from click.testing import Result


ASKED = ("--arm", "group", "--outcome", "visit")


def visits(seed: int = 1, people: int = 2_000, size: float = 0.5) -> pd.DataFrame:
    """Return an experiment as a file has it, with an effect on people of carrier a.

    Others do it anyway, so that who does it when treated says nothing of whom it changes.
    """
    one = trial(seed=seed, people=people, size=size)
    draw = np.random.default_rng(seed)
    arm = draw.integers(0, 2, people)
    base = np.where(one.effect[:, 0] > 0, 0.2, 0.2 + size) + 0.1 * one.X["is_new"].to_numpy()
    visit = draw.random(people) < base + arm * one.effect[:, 0]
    columns = one.X.drop(columns=["never"])
    return columns.assign(group=np.array(["control", "mail"])[arm], visit=visit.astype(int))


@dataclass(frozen=True)
class Place:
    """Where a module's tests run commands."""

    folder: Path

    @property
    def file(self) -> Path:
        """The experiment."""
        path = self.folder / "trial.csv"
        if not path.exists():
            visits().to_csv(path, index=False)
        return path

    def run(self, *words: object) -> Result:
        """Run a command of `flowdrop models`."""
        return CliRunner().invoke(models, [str(word) for word in words])

    def facts(self, *words: object) -> Any:
        """Run a command with --json and return what it says."""
        found = self.run(*words, "--json")
        assert found.exit_code == 0, found.output
        return json.loads(found.stdout)

    def trained(self, file: Path, *words: str) -> Any:
        """Train a model and return its facts."""
        return self.facts("train", "--from", file, *ASKED, *words)

    def registered(self, model: str, label: str) -> int:
        """Make a model a version of a label and return its number."""
        return int(self.facts("register", model, "--label", label)["version"])
