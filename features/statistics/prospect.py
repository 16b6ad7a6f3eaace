"""What two arms can show at best, before there is any outcome: from their sizes alone.

`detectable` is the smallest rise of a rate that the score test finds with a given power, by the
normal approximation with the pooled variance under no difference (Fleiss, Levin and Paik 2003,
4.14, without continuity correction). `least` assumes nothing: how many people must do it in the
treated arm if nobody does in the control arm.
"""

from __future__ import annotations

import math
from functools import partial

from scipy.optimize import brentq
from scipy.special import ndtr

from features.statistics.arms import Proportion
from features.statistics.score import Z, z_of_no_difference

POWER = 0.8
BASE_RATES = (0.01, 0.05, 0.2)  # what is assumed where no rate is known yet


def detectable(treated: int, control: int, base_rate: float, power: float = POWER) -> float | None:
    """Return the rise from `base_rate` that these people detect with `power`; none if no rise."""
    lacks = partial(_lacks, treated, control, base_rate, power)
    most = 1 - base_rate
    return float(brentq(lacks, 0.0, most)) if lacks(most) < 0 else None


def _lacks(treated: int, control: int, base_rate: float, power: float, rise: float) -> float:
    rate = base_rate + rise
    pooled = (treated * rate + control * base_rate) / (treated + control)
    alike = math.sqrt(pooled * (1 - pooled) * (1 / treated + 1 / control))
    apart = math.sqrt(rate * (1 - rate) / treated + base_rate * (1 - base_rate) / control)
    return power - float(ndtr((rise - Z * alike) / apart))


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
