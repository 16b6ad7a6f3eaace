"""Which process it is, whatever the wall clock does: the boot it belongs to and its start in it.

A process id is reused, and a creation time moves when the clock is set: Linux reports a process's
start as ticks since the boot, and adding the boot's time, which follows the clock, gives a
different answer each time. The ticks themselves, and the boot's random id, never change.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
START_TICKS = 19  # of /proc/PID/stat, counted from what follows the program's name


@lru_cache(maxsize=1)
def boot() -> str:
    """Return the id of this boot of the machine."""
    if BOOT_ID.exists():
        return BOOT_ID.read_text().strip()
    # macOS; elsewhere nothing distinguishes one boot from another
    return _told("sysctl", "-n", "kern.bootsessionuuid") if sys.platform == "darwin" else ""


def birth(pid: int) -> str:
    """Return what no other process has had or will have, "" if there is no such process."""
    start = _ticks(pid) if sys.platform == "linux" else _told("ps", "-o", "lstart=", "-p", str(pid))
    return f"{boot()}/{start}" if start else ""


def of_this_boot(born: str) -> bool:
    """Return whether a process of that birth may still have left something behind."""
    return born.partition("/")[0] == boot()


def _ticks(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return text.rpartition(")")[2].split()[START_TICKS]  # a program's name may hold a space or )


def _told(*argv: str) -> str:
    """Return what a system's own program says; its kernel keeps a start as first recorded."""
    plain = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=plain)
    return done.stdout.strip()
