"""How much one visitor may ask: a bucket each, that a request takes from and time refills."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

VISITORS_MAX = 10_000  # of whom the last are remembered


@dataclass(frozen=True)
class Rate:
    """So many at once, and then so many a second."""

    at_once: float
    per_second: float


KNOWN = Rate(2_000, 100)
STRANGERS = Rate(200, 5)  # pages and forms of the sign-in


class Limits:
    """The buckets of this process."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, visitor: str, rate: Rate) -> bool:
        """Take one from a visitor's bucket; return whether there was one."""
        now = time.monotonic()
        with self._lock:
            left, then = self._left.pop(visitor, (rate.at_once, now))
            left = min(rate.at_once, left + (now - then) * rate.per_second)
            self._left[visitor] = (max(0.0, left - 1), now)
            if len(self._left) > VISITORS_MAX:
                self._left.popitem(last=False)
        return left >= 1
