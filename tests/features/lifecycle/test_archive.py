"""A model's bytes: the same in every process, and nothing in them that nobody has reviewed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from features.lifecycle.archive import (
    UPLIFT_TYPES,
    StrangeTypesError,
    packed,
    unpacked,
    untrusted,
)
from features.uplift.calibration import Calibrated
from features.uplift.errors import UnusableError
from features.uplift.learners.named import LEARNERS
from tests.features.uplift.trials import trial
from tests.long import sized

ROOT = Path(__file__).parents[3]

# In a process of its own: other addresses, another hash of texts, another second of the day.
ELSEWHERE = """
import sys
from features.lifecycle.archive import packed
from features.uplift.calibration import Calibrated
from features.uplift.learners.named import LEARNERS
from tests.features.uplift.trials import trial
model = Calibrated(LEARNERS[sys.argv[1]], 3)
model.fit(*trial(seed=2, people=400, arms=3).given())
sys.stdout.buffer.write(packed(model))
"""


def fitted(name: str) -> Calibrated:
    model = Calibrated(LEARNERS[name], 3)
    return model.fit(*trial(seed=2, people=400, arms=3).given())


@pytest.mark.parametrize("name", sized(["dr-linear"], ["x-trees", "dr-linear"]))
def test_the_same_data_and_seed_give_the_same_bytes_in_two_processes(name: str) -> None:
    digests = {hashlib.sha256(packed(fitted(name))).hexdigest()}
    for text_hash in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", ELSEWHERE, name],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": text_hash, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        )
        digests.add(hashlib.sha256(done.stdout).hexdigest())
    assert len(digests) == 1


@pytest.fixture(scope="module")
def archives() -> dict[str, bytes]:
    return {name: packed(fitted(name)) for name in LEARNERS}


def test_every_learner_comes_back_as_it_was(archives: dict[str, bytes]) -> None:
    table = trial(seed=4, people=50).X
    for name, data in archives.items():
        expected = fitted(name).predict_effect(table)
        assert np.array_equal(unpacked(data, UPLIFT_TYPES).predict_effect(table), expected)


def test_every_trusted_type_is_one_that_a_learner_needs(archives: dict[str, bytes]) -> None:
    needed = {one for data in archives.values() for one in untrusted(data, ())}
    assert needed == set(UPLIFT_TYPES)


class Stranger:
    """A type that no model of ours is made of."""


def test_a_strange_type_is_named_and_not_created() -> None:
    data = packed({"model": Stranger()})
    with pytest.raises(StrangeTypesError, match=r"not trusted: .*Stranger") as told:
        unpacked(data, UPLIFT_TYPES)
    assert len(told.value.types) == 1
    assert isinstance(unpacked(data, told.value.types)["model"], Stranger)


def test_what_can_not_be_kept_is_said() -> None:
    with pytest.raises(UnusableError, match=r"a dict can't be kept in a file .*; keep functions"):
        packed({"generator": (number for number in range(3))})


def test_a_learner_that_was_loaded_can_be_calibrated_no_more_but_predicts() -> None:
    model = Calibrated(partial(LEARNERS["s-linear"]), 1).fit(*trial(people=200).given())
    loaded = unpacked(packed(model), UPLIFT_TYPES)
    assert not hasattr(loaded, "make")
    assert loaded.predict_effect(trial(people=20).X).shape == (20, 1)
