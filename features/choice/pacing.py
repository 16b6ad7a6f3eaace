"""Spend a budget over a day: the price of a coin follows how fast coins are spent."""

from __future__ import annotations

import math

ETA = 0.5  # how much of a deviation is answered at once
STEP_MAX = 4.0  # times; one odd hour does not decide the rest of the day


def paced(price: float, spent: float, planned: float, *, eta: float = ETA) -> float:
    """Return the next price of a coin: price x exp(eta (spent / planned - 1)).

    Whoever chooses by a price gives coins where effect less price times cost is above zero. Too
    much spent raises the price, too little lowers it (multiplicative weights on the dual price of a
    budget: Balseiro and Gur 2019).

    Args:
        price: of a coin, above 0, at which was chosen.
        spent: coins since the last time.
        planned: coins that should have been, above 0.
        eta: how strongly it answers, above 0.

    Raises:
        ValueError: when one of them is out of its range.
    """
    if not (price > 0 and planned > 0 and eta > 0 and spent >= 0):
        raise ValueError(
            f"price {price:g}, planned {planned:g} and eta {eta:g} must be above 0, and spent "
            f"{spent:g} at least 0"
        )
    step = math.exp(min(eta * (spent / planned - 1), math.log(STEP_MAX)))
    return price * step
