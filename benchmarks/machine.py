"""The machine: which core a process may use, and what it used of it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from bisect import bisect_left
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator

BROKER_CORE, ENGINE_CORE = 0, 1
SAMPLE_SECONDS = 0.1
CHILDREN_SECONDS = 1.0


def say(text: str) -> None:
    """Print a line of progress on standard error."""
    print(text, file=sys.stderr, flush=True)


def exit_on_sigterm() -> None:
    """Make SIGTERM raise `SystemExit`, so that what was started is ended on the way out."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def pinning() -> str:
    """Return, in words, how processes are kept apart on this machine."""
    if not hasattr(os, "sched_setaffinity"):
        return "nothing is pinned: this system can't tie a process to a core (Linux can)"
    if len(os.sched_getaffinity(0)) < 2:
        return "nothing is pinned: there is one core, so broker and engine share it"
    return f"the broker on core {BROKER_CORE}, the engine on core {ENGINE_CORE}"


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Pin what is started within to `core`; with `None`, or a single core, pin nothing.

    The affinity is this thread's, and a child inherits it before it can start threads of its own.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    if core is not None and core in allowed and len(allowed) > 1:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


class Sample(NamedTuple):
    """What a process and its children had used at a time (seconds since 1970)."""

    time: float
    cpu_s: float
    rss_bytes: int


class Watch:
    """Samples processes and their children ten times a second, until it is stopped."""

    def __init__(self, *pids: int) -> None:
        self.samples: list[Sample] = []
        self._roots = [psutil.Process(pid) for pid in pids]
        self._last_cpu_s: dict[psutil.Process, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop sampling."""
        self._stop.set()
        self._thread.join()

    @property
    def peak_mb(self) -> float:
        """The most memory resident at once, in 10^6 bytes."""
        return max(sample.rss_bytes for sample in self.samples) / 1e6

    def cpu_s(self, begin: float, end: float) -> float:
        """Return the processor seconds used between two times, interpolated between samples."""
        return self._at(end) - self._at(begin)

    def _at(self, when: float) -> float:
        times = [sample.time for sample in self.samples]
        after = min(max(bisect_left(times, when), 1), len(times) - 1)
        a, b = self.samples[after - 1], self.samples[after]
        share = min(max((when - a.time) / (b.time - a.time), 0.0), 1.0)
        return a.cpu_s + share * (b.cpu_s - a.cpu_s)

    def _run(self) -> None:
        family: list[psutil.Process] = []
        looked = 0.0
        while not self._stop.wait(SAMPLE_SECONDS):
            now = time.time()
            if now - looked > CHILDREN_SECONDS:
                family, looked = _families(self._roots), now
            self.samples.append(self._sample(now, family))

    def _sample(self, now: float, family: list[psutil.Process]) -> Sample:
        rss = 0
        for process in family:
            try:
                times = process.cpu_times()
                self._last_cpu_s[process] = times.user + times.system
                rss += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return Sample(now, sum(self._last_cpu_s.values()), rss)


def _families(roots: list[psutil.Process]) -> list[psutil.Process]:
    found = []
    for root in roots:
        try:
            found += [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
    return found
