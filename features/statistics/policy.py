"""How good a ranking or a rule of whom to treat is, from randomised people."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Value:
    """The mean outcome if a rule chose, and its standard error."""

    value: float
    standard_error: float


def qini(outcomes: Labels, treated: Labels, scores: Floats) -> float:
    """Return the area under the Qini curve, over that of the perfect order (scikit-uplift's).

    Args:
        outcomes: 0 or 1, one per person.
        treated: 1 if treated, 0 if control.
        scores: by which people are ranked, the highest first; equal scores count as one.

    Returns:
        At most 1; 0 for a random order. NaN where no order is better than another.
    """
    perfect = outcomes * (2 * treated - 1)  # treated who did it first, controls who did it last
    found, best = _curve(outcomes, treated, scores), _curve(outcomes, treated, perfect)
    line = float(found[0][-1] * found[1][-1]) / 2
    area, most = (float(np.trapezoid(ys, xs)) for xs, ys in (found, best))
    return float(area - line) / (most - line) if most > line else math.nan


def _curve(outcomes: Labels, treated: Labels, scores: NDArray[np.generic]) -> tuple[Floats, Floats]:
    """Return after how many people the treated had how many more, at each distinct score."""
    order = np.argsort(scores, kind="stable")[::-1]
    y, w, s = outcomes[order], treated[order], scores[order]
    ends = np.append(np.nonzero(np.diff(s))[0], len(s) - 1)
    n_1, y_1 = np.cumsum(w)[ends], np.cumsum(y * w)[ends]
    n_0, y_0 = ends + 1 - n_1, np.cumsum(y * (1 - w))[ends]
    more = y_1 - np.divide(y_0 * n_1, n_0, out=np.zeros(len(ends)), where=n_0 > 0)
    return np.append(0.0, ends + 1.0), np.append(0.0, more)


def policy_value(
    model: Floats, arms: Labels, outcomes: Floats, chances: Floats, chosen: Labels
) -> Value:
    """Return the doubly robust value of a rule: right if either the model or the chances are.

    Args:
        model: the expected outcome of each person (row) under each arm (column).
        arms: the arm each person was in.
        outcomes: of each person.
        chances: of each arm for each person, as logged.
        chosen: the arm that the rule chooses for each person.
    """
    scores = _scores(model, arms, outcomes, chances, chosen)
    return Value(float(scores.mean()), float(scores.std(ddof=1)) / math.sqrt(len(scores)))


def weighted_value(
    arms: Labels, outcomes: Floats, own: Floats, chosen: Labels, *, is_normalised: bool = True
) -> Value:
    """Return the value of a rule from those alone who were in the arm that it chooses (IPS, SNIPS).

    Each stands for as many people as the inverse of their chance. Needs no model, and is less exact
    than `policy_value`. Normalised, it is NaN where nobody was in the arm that the rule chooses.

    Args:
        arms: the arm each person was in.
        outcomes: of each person.
        own: the chance of that arm for each person, as logged.
        chosen: the arm that the rule chooses for each person.
        is_normalised: by the sum of the weights rather than by the number of people: a constant
            added to all outcomes is then added to the value, and its error is the delta method's.
    """
    weights = (arms == chosen) / own
    if not is_normalised:
        each = weights * outcomes
        return Value(float(each.mean()), float(each.std(ddof=1)) / math.sqrt(len(each)))
    if not weights.any():
        return Value(math.nan, math.nan)
    value = float(weights @ outcomes / weights.sum())
    spread = weights * (outcomes - value)
    return Value(value, math.sqrt(float(spread @ spread)) / float(weights.sum()))


def arm_scores(model: Floats, arms: Labels, outcomes: Floats, own: Floats) -> Floats:
    """Return the doubly robust score of each person (row) under each arm (column).

    The mean of a column is the mean outcome if everyone were in that arm (AIPW: Robins, Rotnitzky
    and Zhao 1994). The model must not have learned from the outcomes that it is corrected by.

    Args:
        model: the expected outcome of each person (row) under each arm (column).
        arms: the arm each person was in.
        outcomes: of each person.
        own: the chance of that arm for each person, as logged.
    """
    rows = np.arange(len(arms))
    found = model.astype(np.float64, copy=True)
    found[rows, arms] += (outcomes - model[rows, arms]) / own
    return found


def policy_difference(
    model: Floats, arms: Labels, outcomes: Floats, chances: Floats, rules: tuple[Labels, Labels]
) -> Value:
    """Return the value of the first rule less that of the second, on the same people."""
    first, second = (_scores(model, arms, outcomes, chances, chosen) for chosen in rules)
    scores = first - second
    return Value(float(scores.mean()), float(scores.std(ddof=1)) / math.sqrt(len(scores)))


def _scores(
    model: Floats, arms: Labels, outcomes: Floats, chances: Floats, chosen: Labels
) -> Floats:
    rows = np.arange(len(arms))
    expected = model[rows, chosen]
    found: Floats = expected + (arms == chosen) * (outcomes - expected) / chances[rows, chosen]
    return found


def ratio_loss(
    logits: Floats, treated: Labels, rewards: Floats, costs: Floats, share: float
) -> float:
    """Return the loss whose least is at the ratio of the effects on reward and cost.

    The ratio is the logistic function of `logits`; both effects must be above zero, and that on the
    reward the smaller (direct ROI prediction: Zhou et al. 2023).

    Args:
        logits: of each person.
        treated: 1 if treated, 0 if control.
        rewards: of each person.
        costs: likewise.
        share: of people, those treated.
    """
    each = rewards * logits - costs * np.logaddexp(0.0, logits)  # r ln(q / (1 - q)) + c ln(1 - q)
    weights = np.where(treated == 1, 1 / share, -1 / (1 - share))
    return float(-(weights * each).mean())
