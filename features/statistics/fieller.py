"""Two means compared by one t statistic: Welch's of the difference, Fieller's (1954) of the ratio.

For a supposed ratio r, `(treated - r control)` is divided by its standard error; at r = 1 that is
Welch's t, and all have the Welch-Satterthwaite degrees of freedom, so that the two intervals and
the p-value agree about zero. Where the control's mean may be zero, the ratio has no upper end.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scipy.special import stdtr, stdtrit

if TYPE_CHECKING:
    from features.statistics.arms import Mean

CONFIDENCE = 0.95


def degrees(treated: Mean, control: Mean) -> float:
    """Return the Welch-Satterthwaite degrees of freedom."""
    v_1, v_0 = treated.variance_of_value, control.variance_of_value
    return (v_1 + v_0) ** 2 / (v_1**2 / (treated.count - 1) + v_0**2 / (control.count - 1))


def p_value(treated: Mean, control: Mean) -> float:
    """Return the two-sided p-value of equal means."""
    t = (treated.value - control.value) / _error(treated, control)
    return float(2 * stdtr(degrees(treated, control), -abs(t)))


def difference_interval(treated: Mean, control: Mean) -> tuple[float, float]:
    """Return the interval of treated - control."""
    difference = treated.value - control.value
    half = _bound(treated, control) * _error(treated, control)
    return difference - half, difference + half


def ratio_interval(treated: Mean, control: Mean) -> tuple[float, float | None]:
    """Return the interval of treated / control, from 0 on; none above when it has no upper end."""
    square = _bound(treated, control) ** 2
    m_1, v_1 = treated.value, square * treated.variance_of_value
    m_0, v_0 = control.value, square * control.variance_of_value
    a, b, c = m_0 * m_0 - v_0, m_1 * m_0, m_1 * m_1 - v_1  # a r^2 - 2 b r + c <= 0 is not rejected
    root = math.sqrt(max(0.0, m_0 * m_0 * v_1 + m_1 * m_1 * v_0 - v_1 * v_0))
    low = c / (b + root) if c > 0 else 0.0
    return low, (b + root) / a if a > 0 else None


def _error(treated: Mean, control: Mean) -> float:
    return math.sqrt(treated.variance_of_value + control.variance_of_value)


def _bound(treated: Mean, control: Mean) -> float:
    return float(stdtrit(degrees(treated, control), (1 + CONFIDENCE) / 2))
