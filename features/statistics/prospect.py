"""What two arms can show at best, before there is any outcome: from their sizes alone.

`detectable` is the smallest rise of a rate that the score test finds with a given power
(`foresight`). `least` assumes nothing: how many people must do it in the treated arm if nobody does
in the control arm.
"""

from __future__ import annotations

from features.statistics.arms import Proportion
from features.statistics.foresight import Rates, smallest_rise
from features.statistics.score import Z, z_of_no_difference

POWER = 0.8
BASE_RATES = (0.01, 0.05, 0.2)  # what is assumed where no rate is known yet


def detectable(treated: int, control: int, base_rate: float, power: float = POWER) -> float | None:
    """Return the rise from `base_rate` that these people detect with `power`; none if no rise."""
    return smallest_rise(Rates(base_rate, treated, control), power)


def least(treated: int, control: int) -> int | None:
    """Return how many of the treated must do it, if no control does; none if all are too few.

    The more do, the clearer it is, so the least is found by bisection.
    """
    none, enough = 0, treated
    if not _is_clear(treated, treated, control):
        return None
    while enough - none > 1:
        middle = (none + enough) // 2
        if _is_clear(middle, treated, control):
            enough = middle
        else:
            none = middle
    return enough


def _is_clear(count: int, treated: int, control: int) -> bool:
    return z_of_no_difference(Proportion(count, treated), Proportion(0, control)) > Z
