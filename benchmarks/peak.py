"""The most memory that a process needs while it answers, as Linux keeps it; needs no library."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Asked(NamedTuple):
    """What calls took, in milliseconds each, and the most memory they added, in 10^6 bytes."""

    taken_ms: list[float]
    peak_mb: float | None  # None where the system does not tell
    answer: int


class Peak:
    """The memory of a process from now on."""

    def __init__(self, pid: int | str = "self") -> None:
        self._folder = Path("/proc") / str(pid)
        try:
            (self._folder / "clear_refs").write_text("5")  # the highest begins anew
            self._before = self._kilobytes("VmRSS")
        except OSError:
            self._before = -1

    def added_mb(self) -> float | None:
        """Return by how much it rose at most, in 10^6 bytes."""
        if self._before < 0:
            return None
        return (self._kilobytes("VmHWM") - self._before) * 1024 / 1e6

    def _kilobytes(self, name: str) -> int:
        found = re.search(rf"{name}:\s+(\d+)", (self._folder / "status").read_text())
        return int(found[1]) if found else 0


def asked(calls: Sequence[Callable[[], int]], pid: int | str = "self") -> Asked:
    """Call one after the other, the first once before, to warm up."""
    calls[0]()
    peak = Peak(pid)
    taken, answer = [], 0
    for call in calls:
        started = time.perf_counter()
        answer = call()
        taken.append((time.perf_counter() - started) * 1000)
    return Asked(taken, peak.added_mb(), answer)
