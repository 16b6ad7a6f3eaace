"""How often the partitions of a worker commit, all together."""

from __future__ import annotations

import asyncio

# When a worker's transactions queue at the broker, and what it does about it.
QUEUE_FACTOR, QUEUE_SECONDS = 3, 0.020
GAP_GROWTH, GAP_DECAY, GAP_FACTOR_MAX = 1.05, 0.98, 4
SMOOTHING = 0.1  # a long one, because of its legs, is not a queue
USUAL_GROWTH = 1.00001  # per transaction: what is usual is relearnt within minutes


class Pace:
    """Gives out turns, so that all partitions of a worker share a limit of transactions per second.

    A partition that has nothing to commit takes no turn: eight busy ones commit as often among
    64 as alone. The limit gives way to a broker that is behind: when transactions take much longer
    than they have taken here, they are waiting for each other, and fewer but larger ones pass
    through sooner. (TCP Vegas tells a queue in the same way, by the delay above the least seen.)

    Args:
        per_second: the most turns per second.
    """

    def __init__(self, per_second: int = 250) -> None:
        self.gap_s = self._least_gap_s = 1 / per_second
        self._usual_s = float("inf")
        self._lately_s = 0.0
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for a turn, first come first served."""
        now = asyncio.get_running_loop().time()
        at = self._next = max(now, self._next + self.gap_s)
        if at > now:
            await asyncio.sleep(at - now)

    def took(self, seconds: float) -> None:
        """Take in how long a transaction took, and give turns more rarely or more often."""
        self._usual_s = min(seconds, self._usual_s * USUAL_GROWTH)
        self._lately_s += SMOOTHING * (seconds - self._lately_s)
        if self._lately_s > QUEUE_FACTOR * self._usual_s + QUEUE_SECONDS:
            self.gap_s = min(self.gap_s * GAP_GROWTH, self._least_gap_s * GAP_FACTOR_MAX)
        else:
            self.gap_s = max(self.gap_s * GAP_DECAY, self._least_gap_s)
