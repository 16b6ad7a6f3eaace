"""Runs one of our processes and restarts it when it ends by itself.

    python -m local.supervisor RECORD COMMAND...

`RECORD` is the JSON file that says how often it was restarted and why, see `Restarts`. A child that
repeatedly ends soon after its start is given up, with a message and its last reason.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from local.environment import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

WAIT_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
QUICK_SECONDS = 20.0  # shorter than it takes to give up on a broker that does not answer
QUICK_DEATHS_MAX = 8
EXIT_GIVEN_UP = 75  # EX_TEMPFAIL of sysexits.h


@dataclass
class Restarts:
    """How often the child was restarted, and why it last ended."""

    restarts: int = 0
    last_reason: str = ""


def read(record: Path) -> Restarts:
    """Return what `record` says, nothing if there is none."""
    try:
        return Restarts(**json.loads(record.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return Restarts()


class Supervisor:
    """Keeps `command` running; `waits` and `quick_seconds` are shorter in tests."""

    def __init__(
        self,
        record: Path,
        command: Sequence[str],
        waits: Sequence[float] = WAIT_SECONDS,
        quick_seconds: float = QUICK_SECONDS,
    ) -> None:
        self.record = record
        self.command = tuple(command)
        self.told = Restarts()
        self._waits = waits
        self._quick_seconds = quick_seconds
        self._last_words = record.with_suffix(".reason")
        self._stopped = Event()
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Run until the child is stopped by a signal to us, or given up; return our status."""
        self._tell()
        quick = 0
        while True:
            began = time.monotonic()
            status = self._run_once()
            if self._stopped.is_set():
                return max(0, status)
            quick = quick + 1 if time.monotonic() - began < self._quick_seconds else 0
            self.told.last_reason = self._reason(status)
            if quick >= QUICK_DEATHS_MAX:
                self._tell()
                self._say(f"given up after {quick} quick exits, the last: {self.told.last_reason}")
                return EXIT_GIVEN_UP
            wait = self._waits[min(quick, len(self._waits) - 1)]
            self._say(f"ended: {self.told.last_reason}; restarting in {wait:g} s")
            if self._stopped.wait(wait):
                return 0
            self.told.restarts += 1
            self._tell()

    def stop(self, number: int, _frame: object = None) -> None:
        """Pass the signal on to the child, whose end is then ours."""
        self._stopped.set()
        if self._child is not None:
            self._child.send_signal(number)

    def _run_once(self) -> int:
        self._last_words.unlink(missing_ok=True)
        self._child = subprocess.Popen(
            self.command,
            env={
                **os.environ,
                "FLOWDROP_RESTARTS": str(self.told.restarts),
                "FLOWDROP_LAST_WORDS": str(self._last_words),
            },
        )
        if self._stopped.is_set():  # the signal came while there was no child to pass it to
            self._child.terminate()
        return self._child.wait()

    def _reason(self, status: int) -> str:
        try:
            return self._last_words.read_text()
        except FileNotFoundError:
            pass
        if status < 0:
            return f"killed by {signal.Signals(-status).name}"
        return f"exit status {status}; see its log"

    def _tell(self) -> None:
        write_whole(self.record, json.dumps(asdict(self.told)))

    def _say(self, text: str) -> None:
        print(f"supervisor: {text}", file=sys.stderr, flush=True)  # noqa: T201 - the part's log


def main() -> int:
    """Supervise the command line's process."""
    supervisor = Supervisor(Path(sys.argv[1]), sys.argv[2:])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.stop)
    return supervisor.run()


if __name__ == "__main__":
    sys.exit(main())
