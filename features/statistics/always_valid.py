"""Readings that are valid however often one looks, and with no planned end: confidence sequences.

With k = n rho^2 for the n people of both arms so far, an estimate less its true value is at every
look within `multiplier` standard errors, with the confidence asked for. GrowthBook's sequential
test, PostHog's, Eppo's, avlm's and confseq's normal mixture are this one family. `rho^2` is tuned
to be tightest at a number of people that is fixed before launch and never changed after.

Asymptotic: begin to read it after some hundred conversions in each arm.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scipy.optimize import brentq
from scipy.special import lambertw, log_ndtr, ndtr

from features.statistics.contrast import ALPHA, upper_quantile

if TYPE_CHECKING:
    from features.statistics.arms import Statistic


def rho_squared(
    people: float, alpha: float = ALPHA, *, one_sided: bool = False, exact: bool = False
) -> float:
    """Return the tuning for which intervals are tightest at `people`, both arms together.

    Args:
        people: at which one expects to decide; fixed for the life of an experiment.
        alpha: of the interval.
        one_sided: whether the interval lacks an end.
        exact: by Lambert's function; else by the approximation that all products use.
    """
    level = 2 * alpha if one_sided else alpha
    if exact:
        return float(-lambertw(-(level**2) / math.e, -1).real - 1) / people
    log = -2 * math.log(level)
    return (log + math.log1p(log)) / people


def multiplier(
    people: float, rho2: float, alpha: float = ALPHA, *, one_sided: bool = False
) -> float:
    """Return the half width in standard errors."""
    k = people * rho2
    if one_sided:
        log = math.log1p(math.sqrt(k + 1) / (2 * alpha))
    else:
        log = math.log(k + 1) / 2 - math.log(alpha)
    return math.sqrt(2 * (k + 1) / k * log)


def nominal_alpha(people: float, rho2: float, alpha: float = ALPHA) -> float:
    """Return the level of an ordinary two-sided test that is as strict at this look."""
    return float(2 * ndtr(-multiplier(people, rho2, alpha)))


def log_p(z: float, people: float, rho2: float) -> float:
    """Return the logarithm of the two-sided p-value, which may be far too small for a float."""
    k = people * rho2
    return min(0.0, (math.log1p(k) - z * z * k / (k + 1)) / 2)


def log_p_greater(z: float, people: float, rho2: float) -> float:
    """Return the logarithm of the one-sided p-value of no effect or a fall, `rho2` held."""
    k = people * rho2
    power = z * z * k / (2 * (k + 1))
    if z <= 0 or not power:
        return 0.0
    # log(exp(power) - 1), without overflow
    return min(0.0, math.log1p(k) / 2 - math.log(2) - power - math.log(-math.expm1(-power)))


def t_radius(people: float, degrees: float, g: float, alpha: float = ALPHA) -> float:
    """Return the half width in standard errors for few people (avlm's t form).

    Args:
        people: n, of both arms.
        degrees: of freedom of the standard error.
        g: the mixture's precision in people, 1 / `rho_squared`.
        alpha: of the interval.

    Returns:
        Infinity while there are too few people for any end.
    """
    share = g / (g + people)
    weight = (share * alpha * alpha) ** (1 / (degrees + 1))
    if weight <= share:
        return math.inf
    return math.sqrt(degrees * (1 - weight) / (weight - share))


def mixture_log(s: float, v: float, rho: float, *, one_sided: bool = False) -> float:
    """Return the logarithm of the normal mixture of a sum `s` with variance `v` (confseq).

    `rho` is 1 / `rho_squared` of the variance to be tightest at.
    """
    log = math.log(rho / (v + rho)) / 2 + s * s / (2 * (v + rho))
    if one_sided:
        return log + math.log(2) + float(log_ndtr(s / math.sqrt(v + rho)))
    return log


def mixture_bound(v: float, rho: float, alpha: float = ALPHA, *, one_sided: bool = False) -> float:
    """Return the sum of variance `v` at which the mixture reaches 1 / alpha."""
    most = math.sqrt((v + rho) * math.log((v + rho) / (rho * alpha * alpha)))
    if not one_sided:
        return most
    goal = -math.log(alpha)
    return float(brentq(lambda s: mixture_log(s, v, rho, one_sided=True) - goal, 0.0, most))


def statsig_bound(treated: Statistic, control: Statistic, alpha: float = ALPHA) -> float:
    """Return Statsig's boundary in standard errors.

    With equal arms it is one constant, 3.58 at .05: its mixture shrinks as people come in, so that
    it is no mixture at all, and strict.
    """
    variance = treated.variance_of_value + control.variance_of_value
    spread = sum(arm.variance_of_value * arm.count for arm in (treated, control))
    mixed = upper_quantile(alpha / 2) ** 2 * spread / (treated.count + control.count)
    logs = -2 * math.log(alpha / 2) - math.log(variance / (variance + mixed))
    return math.sqrt((variance + mixed) / mixed * logs)
