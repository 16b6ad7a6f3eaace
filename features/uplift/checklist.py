"""What every learner has to do: ours are tested by it, and one of your own may be.

from features.uplift.checklist import check
check(lambda seed: MyLearner(seed))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from features.uplift.errors import UnusableError
from features.uplift.race import predictions

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from features.uplift.experiment import Experiment
    from features.uplift.learners.base import Learner

    Make = Callable[[int], Learner]
    Floats = NDArray[np.float64]

PEOPLE = 600
EFFECT = 0.4  # of the last arm on people of carrier a; of others nothing
MISSING = 0.1  # of ages
MEAN_MAX = 0.1  # of effects where nothing works, and off the true one


class ChecklistError(UnusableError):
    """A learner fails the checklist; the sentence says all that it does wrong."""


def check(make: Make, *, is_causal: bool = True) -> None:
    """Check a learner on drawn experiments of two and three arms, of chances and values.

    Args:
        make: makes it of a seed, not yet fitted.
        is_causal: whether it is to find whom an arm changes; a ranking by response does not.

    Raises:
        ChecklistError: saying everything that it does wrong.
    """
    steps = [(_shape,), (_order, _untouched, _odd), (_nothing, _whom) if is_causal else ()]
    found: list[str] = []
    for some in steps:  # each needs that the ones before were right
        found = found or [words for words in (one(make) for one in some) if words]
    if found:
        raise ChecklistError("the learner fails the checklist: " + "; ".join(found))


def drawn(
    seed: int = 0,
    *,
    people: int = PEOPLE,
    arms: int = 2,
    is_binary: bool = True,
    size: float = EFFECT,
) -> tuple[Experiment, Floats]:
    """Return an experiment and the true effect of each arm but control (column) on each person."""
    from features.uplift.experiment import experiment

    draw = np.random.default_rng(seed)
    carrier = draw.choice(np.array(["a", "b", "c"], dtype=object), people)
    table = pd.DataFrame(
        {
            "age": draw.integers(18, 80, people).astype(float),
            "carrier": carrier,
            "spend": draw.lognormal(3, 1, people),
        }
    )
    arm = np.append(np.arange(arms), draw.integers(0, arms, people - arms))
    steps = size * np.arange(1, arms) / (arms - 1)
    effect = np.where((carrier == "a")[:, None], steps, 0.0)
    own = np.column_stack([np.zeros(people), effect])[np.arange(people), arm]
    y = (draw.random(people) < 0.3 + own) if is_binary else 0.3 + own + draw.normal(0, 0.4, people)
    table.loc[draw.random(people) < MISSING, "age"] = np.nan
    chances = np.full(people, 1 / arms)
    return experiment(table, arm, np.asarray(y, dtype=np.float64), chances), effect


def _effects(make: Make, data: Experiment, new: Experiment | None = None, seed: int = 0) -> Floats:
    return predictions("of your own", make(seed), data, data if new is None else new)


def _shape(make: Make) -> str:
    """Return what is wrong with a row per person, a column per arm but control, all numbers."""
    for arms, is_binary in ((2, True), (3, False)):
        data, _ = drawn(arms=arms, is_binary=is_binary)
        try:
            _effects(make, data, data.take(np.arange(7)))
        except UnusableError as error:
            return error.message
    return ""


def _order(make: Make) -> str:
    data, _ = drawn(1)
    mixed = np.random.default_rng(1).permutation(len(data.arm))
    first, again = _effects(make, data, seed=3), _effects(make, data.take(mixed), data, seed=3)
    if np.allclose(first, again, rtol=1e-9, atol=1e-12):
        return ""
    return "the same people and seed in another order give other effects; sort them, or seed draws"


def _untouched(make: Make) -> str:
    data, _ = drawn(2)
    table, arm, outcome = data.features.copy(), data.arm.copy(), data.outcome.copy()
    _effects(make, data)
    same = (
        table.equals(data.features) and (arm == data.arm).all() and (outcome == data.outcome).all()
    )
    return "" if same else "it changes what it is given; work on a copy"


def _odd(make: Make) -> str:
    """Return what is wrong with columns that are alike, missing, or have an unseen category."""
    data, _ = drawn(3)
    odd = data.features.assign(alike=1.0, never=np.nan)
    data = _with(data, odd)
    unseen = data.take(np.arange(5))
    unseen = _with(unseen, unseen.features.assign(carrier="none of them"))
    try:
        _effects(make, data, unseen)
    except Exception as error:  # noqa: BLE001 - whatever somebody's learner raises
        return f"a constant, a missing column or a new category stops it ({error})"
    return ""


def _with(data: Experiment, table: pd.DataFrame) -> Experiment:
    from dataclasses import replace

    return replace(data, features=table)


def _nothing(make: Make) -> str:
    data, _ = drawn(4, people=4 * PEOPLE, size=0.0)
    mean = float(_effects(make, data).mean())
    return (
        "" if abs(mean) < MEAN_MAX else f"where nothing works it finds a mean effect of {mean:+.2f}"
    )


def _whom(make: Make) -> str:
    data, effect = drawn(5, people=4 * PEOPLE)
    found, changed = _effects(make, data)[:, 0], effect[:, 0] > 0
    apart = float(found[changed].mean() - found[~changed].mean())
    if apart > EFFECT / 2:
        return ""
    return (
        f"where an arm changes people of one carrier by {EFFECT:+.1f} and others not, it tells "
        f"them apart by {apart:+.2f} only"
    )
