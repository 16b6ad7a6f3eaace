"""The metrics of a race: one number per fold from predictions that the fit has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from features.statistics.cost_curve import cost_curve
from features.statistics.policy import qini
from features.statistics.rate import rate
from features.uplift.errors import UnusableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from features.uplift.experiment import Experiment

    Floats = NDArray[np.float64]

TWO_ARMS = 2


@dataclass(frozen=True)
class Metric:
    """A metric, larger for a better order; `of` takes people, predictions, scores and costs."""

    name: str
    meaning: str
    of: Callable[[Experiment, Floats, Floats, Floats], float]


def _qini(held: Experiment, predicted: Floats, _: Floats, __: Floats) -> float:
    return qini(held.outcome.astype(np.int64), held.arm, predicted[:, 0])


def _autoc(_: Experiment, predicted: Floats, scores: Floats, __: Floats) -> float:
    return rate(scores[:, 0], predicted[:, 0], "autoc")


def _rate_qini(_: Experiment, predicted: Floats, scores: Floats, __: Floats) -> float:
    return rate(scores[:, 0], predicted[:, 0], "qini")


def _gain(_: Experiment, predicted: Floats, scores: Floats, costs: Floats) -> float:
    return cost_curve(predicted, costs, scores).mean_up_to(float(costs.max()))


METRICS = {
    one.name: one
    for one in (
        Metric("qini", "Qini coefficient in scikit-uplift's normalisation", _qini),
        Metric("autoc", "RATE, AUTOC as grf defines it, per person", _autoc),
        Metric("rate-qini", "RATE, QINI as grf defines it, per person", _rate_qini),
        Metric("gain", "mean gain per person over all budgets (multi-armed Qini)", _gain),
    )
}


def chosen(name: str | None, data: Experiment) -> Metric:
    """Return the metric `name`, or the one that the data ask for; never by what it would show.

    `qini` needs two arms, an outcome of 0 or 1 and one chance for everyone. Without those the
    choice is `rate-qini` for two arms and `gain` for several.

    Raises:
        UnusableError: when the data do not allow the metric.
    """
    two = data.arms == TWO_ARMS
    reason = _why_no_qini(data)
    if name is None:
        name = "gain" if not two else "rate-qini" if reason else "qini"
    if name == "qini" and reason:
        raise UnusableError(
            f"metric qini: {reason}; choose {'rate-qini or autoc' if two else 'gain'}"
        )
    if name in {"autoc", "rate-qini"} and not two:
        raise UnusableError(
            f"metric {name} compares one arm with control and there are {data.arms - 1}; choose "
            "gain, or leave the people of other arms out"
        )
    return METRICS[name]


def _why_no_qini(data: Experiment) -> str:
    if data.arms != TWO_ARMS:
        return f"it is of one arm beside control and there are {data.arms - 1}"
    if not data.is_binary:
        return "scikit-uplift defines it for outcomes of 0 and 1 only"
    if any(np.ptp(data.propensity[data.arm == arm]) > 0 for arm in range(TWO_ARMS)):
        return "it takes people of an arm to have had the same chance, and theirs differ"
    return ""
