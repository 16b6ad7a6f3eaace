"""Learners of others: by module and name, by entry point, and what is wrong with them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from features.uplift.errors import UnusableError
from features.uplift.learners import econml
from features.uplift.learners.named import LEARNERS, learner, names

if TYPE_CHECKING:
    from pathlib import Path

OWN = """
import numpy as np

class Flat:
    def fit(self, X, arm, y, propensity):
        self.arms = max(arm) + 1
        return self

    def predict_effect(self, X):
        return np.zeros((len(X), self.arms - 1))

class Seeded(Flat):
    def __init__(self, seed):
        self.seed = seed

class Demanding(Flat):
    def __init__(self, depth):
        pass

class Half:
    def fit(self, X, arm, y, propensity):
        pass
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "own_learners.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_learners", raising=False)
    return "own_learners"


def test_ours_are_known_simplest_first() -> None:
    assert list(LEARNERS) == [
        f"{name}-{kind}"
        for name in ("response", "s", "t", "x", "dr")
        for kind in ("linear", "trees")
    ]
    assert names()[:10] == list(LEARNERS)
    assert learner("x-trees")(7).seed == 7  # type: ignore[attr-defined]


def test_one_of_ones_own_is_made_with_the_seed_if_it_takes_one(own: str) -> None:
    assert learner(f"{own}:Flat")(3).predict_effect  # takes none
    assert learner(f"{own}:Seeded")(3).seed == 3  # type: ignore[attr-defined]


def test_an_installed_package_adds_one_by_its_entry_point(own: str, tmp_path: Path) -> None:
    package = tmp_path / "own-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: own\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(f"[flowdrop.learners]\nflat = {own}:Flat\n")
    assert names()[-1] == "flat"
    assert type(learner("flat")(0)).__name__ == "Flat"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("trees", "there is no learner 'trees'; choose of response-linear, "),
        ("no_such_module:Name", "module 'no_such_module' can't be imported .* PYTHONPATH"),
        (":Name", "module '' can't be imported"),
        ("{own}:Flatt", "module 'own_learners' has no 'Flatt'; check its spelling"),
        ("{own}:Half", "has no predict_effect; give it fit"),
        ("{own}:Demanding", "can't be made: .*'depth'.* called without arguments"),
    ],
)
def test_what_is_wrong_with_one_is_said(name: str, words: str, own: str) -> None:
    with pytest.raises(UnusableError, match=words):
        learner(name.format(own=own))


def test_econml_is_asked_for_by_name_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "econml.dml", None)
    with pytest.raises(UnusableError, match="install it with `pip install 'flowdrop"):
        econml.CausalForest()
