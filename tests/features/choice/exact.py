"""The same programme as a linear and an integer programme, solved exactly by HiGHS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import highspy
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.choice.limits import Limits

    Floats = NDArray[np.float64]
    Labels = NDArray[np.int64]

INF = highspy.kHighsInf


def exact(
    values: Floats,
    costs: Floats,
    limits: Limits,
    groups: Labels | None = None,
    *,
    is_whole: bool = True,
) -> float | None:
    """Return the most effect, with whole people or fractions; none where nothing is possible."""
    people, count = values.shape
    most = people * count
    who = np.repeat(np.arange(people), count)
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("mip_rel_gap", 0.0)
    model.addVars(most, np.zeros(most), np.ones(most))
    model.changeColsCost(most, np.arange(most), -values.ravel())
    if is_whole:
        kinds = np.full(most, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        model.changeColsIntegrality(most, np.arange(most), kinds)

    def held(least: float, top: float, columns: Labels, weights: Floats) -> None:
        model.addRow(least, top, len(columns), columns.astype(np.int32), weights)

    everything = np.arange(most)
    held(-INF, limits.budget, everything, costs.ravel())
    held(limits.people_min, INF, everything, np.ones(most))
    for person in range(people):
        held(-INF, 1.0, np.nonzero(who == person)[0], np.ones(count))
    for segment, share in limits.shares.items():
        assert groups is not None
        own = np.nonzero(groups[who] == segment)[0]
        top, least = share.most * limits.budget, share.least * limits.budget
        held(least - 1e-9, top + 1e-9, own, costs.ravel()[own])
    model.run()
    if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return -float(model.getInfo().objective_function_value)
