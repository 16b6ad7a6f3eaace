"""From an experiment to a model: held people, a race, calibration, a fit, a judgement.

A quarter of the people, drawn by their content and one fixed seed, is kept from everything else, so
that any two models of the same experiment can be compared on people that neither knows.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from features import registry
from features.leakage.gate import inspect, require_clean
from features.lifecycle.facts import Facts
from features.lifecycle.judging import judge
from features.uplift.beforehand import require_known_before
from features.uplift.calibration import Calibrated
from features.uplift.folds import folds
from features.uplift.learners.named import LEARNERS, learner
from features.uplift.metrics import chosen
from features.uplift.race import race

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from features.uplift.experiment import Experiment
    from features.uplift.learners.base import Learner
    from features.uplift.reading import Columns, Read

    Rows = NDArray[np.int64]

HELD_PARTS = 4  # one of them is held out
HELD_SEED = 20_170_101  # of which; not to be chosen, or two models would know each other's
RACE_FOLDS = 5


@dataclass(frozen=True)
class Choices:
    """What somebody may choose; the rest follows from the data."""

    metric: str | None = None
    learners: tuple[str, ...] = ()  # these race; one alone is taken as it is; without any, all ten
    costs: tuple[float, ...] = ()  # of each arm but control; 1 each, without
    seed: int = 0
    folds: int = RACE_FOLDS
    known_before: tuple[str, ...] = ()  # features that somebody vouches for


def split(data: Experiment) -> tuple[Rows, Rows]:
    """Return the rows to learn from and those held out, a quarter, alike in arm and outcome."""
    return folds(data, HELD_PARTS, HELD_SEED)[0]


def fingerprint(data: Experiment) -> str:
    """Return the SHA-256 of the people's content, in any order of rows."""
    order = data.ordered()
    hashed = pd.util.hash_pandas_object(data.features, index=False).to_numpy()[order]
    digest = hashlib.sha256(",".join(map(str, data.features.columns)).encode())
    for part in (hashed, data.arm[order], data.outcome[order], data.propensity[order]):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def steps(choices: Choices) -> int:
    """Return how many steps training takes, for a bar."""
    racing = len(choices.learners) or len(LEARNERS)
    return (racing * choices.folds if racing > 1 else 0) + 2


def train(
    found: Read,
    columns: Columns,
    path: Path,
    program: str,
    choices: Choices,
    step: Callable[[str], None] = lambda _: None,
) -> tuple[Learner, Facts]:
    """Return a fitted, calibrated model of whom an arm changes, and all that is known of it.

    Args:
        found: the experiment, as `features.uplift.reading.read` returns it.
        columns: which column was what.
        path: its file, for the record.
        program: whose model it is.
        choices: see `Choices`.
        step: called with the name of each step that is done.

    Raises:
        UnusableError: when the data can't be learned from, or know what came afterwards.
    """
    data = found.data
    rule = chosen(choices.metric, data)
    costs = np.array(choices.costs) if choices.costs else np.ones(data.arms - 1)
    leakage = inspect(
        data.features, data.outcome, times=found.times, known_before=choices.known_before
    )
    require_clean(leakage)
    require_known_before(data)
    rest, held = split(data)
    known, new = data.take(rest), data.take(held)
    makers = {name: learner(name) for name in choices.learners or LEARNERS}
    raced = None
    winner = next(iter(makers))
    if len(makers) > 1:
        raced = race(
            known,
            makers,
            metric=rule.name,
            costs=costs,
            count=choices.folds,
            seed=choices.seed,
            step=step,
        )
        winner = raced.winner
    model = Calibrated(makers[winner], choices.seed)
    model.fit(known.features, known.arm, known.outcome, known.propensity)
    step("fit")
    judged = judge(new, model.predict_effect(new.features), found.arms[1:], rule.name, costs)
    step("judge")
    data_print = fingerprint(data)
    defined = _definition(winner, makers, rule.name, costs.tolist(), choices.seed)
    digest = hashlib.sha256(f"{program} {data_print} {defined}".encode()).hexdigest()
    return model, Facts(
        model_id=f"uplift-{digest[:12]}",
        program=program,
        learner=winner,
        seed=choices.seed,
        metric=rule.name,
        path=str(path.absolute()),
        columns=asdict(columns),
        features=list(found.features),
        arms=list(found.arms),
        people=list(found.people),
        costs=costs.tolist(),
        rows=len(known.arm),
        held_rows=len(new.arm),
        first=_day(found.times, "min"),
        last=_day(found.times, "max"),
        data_fingerprint=data_print,
        definition_fingerprint=defined,
        race=None if raced is None else asdict(raced),
        judged=asdict(judged),
        leakage=[asdict(one) for one in leakage.features],
        versions=registry.versions(),
        trained_at=datetime.now(UTC),
    )


def _definition(
    winner: str, makers: Mapping[str, Any], metric: str, costs: Sequence[float], seed: int
) -> str:
    """Return the SHA-256 of what was chosen, by whom it was chosen among, and by which software."""
    content = [winner, list(makers), metric, list(costs), seed, registry.versions()]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _day(times: pd.Series[Any] | None, which: str) -> str | None:
    return None if times is None else f"{getattr(times, which)():%Y-%m-%d}"
