"""Start, watch and stop the processes of one folder; a process is known by its id and birth.

A part writes to `logs/<name>.log` and is remembered in `run/<name>.json` by process id and birth
(`birth.py`), so a reused process id is never taken for ours, and ours is recognised after the clock
was set. Nothing is ever found, or ended, by name.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import click
import psutil

from flowdrop.ours import UMASK, open_ours
from local.birth import birth, of_this_boot
from local.environment import part_environment, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

State = Literal["running", "stopped", "died"]

POLL_SECONDS = 0.05
LEFTOVER_SECONDS = 5.0
LOG_LINES = 12


@dataclass(frozen=True, kw_only=True)
class Part:
    """One process to run.

    `command` writes what the process needs and returns its argument list; `ready` says whether it
    answers; `ready_seconds_max` and `stop_seconds_max` limit how long it may take to get there, and
    to end after SIGTERM.
    """

    name: str
    command: Callable[[], Sequence[str]]
    home: Path
    ready: Callable[[], bool]
    address: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    ready_seconds_max: float = 60.0
    stop_seconds_max: float = 20.0

    @property
    def log(self) -> Path:
        """The file its output goes to."""
        return self.home / "logs" / f"{self.name}.log"

    @property
    def record(self) -> Path:
        """The file that remembers its process."""
        return self.home / "run" / f"{self.name}.json"


@dataclass(frozen=True)
class Sight:
    """What can be seen of a part: `since` in seconds since 1970, `memory_bytes` with children."""

    state: State
    pid: int | None = None
    since: float | None = None
    memory_bytes: int | None = None


class Remembered(NamedTuple):
    """What a part's record says of its process: `since` in seconds since 1970, to be shown only."""

    pid: int
    born: str
    since: float


def start(part: Part) -> int:
    """Start `part` in a session of its own, unless it is running, and return its process id.

    What an earlier process of this part left behind (children of a killed one) is ended first.
    """
    if process := _process(part):
        return process.pid
    end_leftovers(part)
    part.log.parent.mkdir(parents=True, exist_ok=True)
    argv = tuple(part.command())
    try:
        with os.fdopen(open_ours(part.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab") as log:
            child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=part_environment(part.home, part.env),
                start_new_session=True,
                umask=UMASK,
            )
    except OSError as error:
        raise click.ClickException(
            f"{part.name} could not be started: {argv[0]}: {error.strerror}"
        ) from error
    record = {"pid": child.pid, "born": birth(child.pid), "since": time.time(), "argv": argv}
    write_whole(part.record, json.dumps(record))
    return child.pid


def wait_ready(*parts: Part) -> None:
    """Wait until all `parts` answer; see `arrivals`."""
    for _ in arrivals(parts):
        pass


def arrivals(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield each of `parts` once it answers, the quickest first.

    Raises:
        click.ClickException: when one ended, or took too long; with its last lines.
    """
    began = time.monotonic()
    waiting = list(parts)
    while waiting:
        for part in list(waiting):
            if part.ready():
                waiting.remove(part)
                yield part
            else:
                expect(part)
                if time.monotonic() - began > part.ready_seconds_max:
                    raise click.ClickException(
                        f"{part.name} did not answer within {part.ready_seconds_max:.0f} s; "
                        f"{last_lines(part)}"
                    )
        time.sleep(POLL_SECONDS)


def expect(part: Part) -> None:
    """Raise, with its last lines, if `part` has ended."""
    if _process(part) is None:
        raise click.ClickException(f"{part.name} ended by itself; {last_lines(part)}")


def stop(part: Part) -> str:
    """End `part` with SIGTERM, and with SIGKILL when it takes too long; forget it.

    Returns:
        `stopped`, `had died`, `not running`, or a sentence that says it had to be killed.
    """
    process = _process(part)
    told = "had died" if part.record.exists() else "not running"
    if process is not None:
        family = _family(process)
        process.terminate()
        told = "stopped"
        if _wait_gone([process], part.stop_seconds_max):
            kill(part)
            told = f"killed: it did not end within {part.stop_seconds_max:.0f} s; see {part.log}"
        _end(family)
    end_leftovers(part)
    part.record.unlink(missing_ok=True)
    return told


def kill(part: Part) -> None:
    """End `part` and its children at once with SIGKILL; its record stays, so that it has died."""
    if process := _process(part):
        family = _family(process)
        for member in [process, *family]:
            _signal(member, signal.SIGKILL)
        _wait_gone([process, *family], LEFTOVER_SECONDS)


def look(part: Part) -> Sight:
    """Return what can be seen of `part` now."""
    if not part.record.exists():
        return Sight("stopped")
    process = _process(part)
    if process is None:
        return Sight("died", _remembered(part).pid or None)
    memory = sum(_memory(member) for member in [process, *_family(process)])
    return Sight("running", process.pid, _remembered(part).since, memory)


def last_lines(part: Part) -> str:
    """Return the last lines of the part's log, for a message about its death."""
    if not part.log.exists():
        return f"it wrote nothing to {part.log}"
    lines = part.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
    return f"the last lines of {part.log}:\n" + "\n".join(f"  {line}" for line in lines)


def end_leftovers(part: Part) -> None:
    """End what is left of a part whose first process is gone: the members of its session.

    The kernel gives no process the id of a session that still has members, so they are ours,
    unless a process of that id was born at another time.
    """
    pid, born, _ = _remembered(part)
    if not of_this_boot(born) or (psutil.pid_exists(pid) and birth(pid) != born):
        return
    if _process(part) is None:
        _end([p for p in psutil.process_iter() if p.pid != pid and _session(p.pid) == pid])


def _remembered(part: Part) -> Remembered:
    try:
        record = json.loads(part.record.read_text())
        return Remembered(int(record["pid"]), str(record["born"]), float(record["since"]))
    except (FileNotFoundError, ValueError, KeyError):
        return Remembered(0, "?", 0.0)


def _process(part: Part) -> psutil.Process | None:
    """Return the running process of `part`; a zombie, or another program's, does not count."""
    pid, born, _ = _remembered(part)
    if not pid or birth(pid) != born:
        return None
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None
    return None if _is_gone(process) else process


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _end(family: list[psutil.Process]) -> None:
    for member in family:
        _signal(member, signal.SIGTERM)
    alive = _wait_gone(family, LEFTOVER_SECONDS)
    for member in alive:
        _signal(member, signal.SIGKILL)
    _wait_gone(alive, LEFTOVER_SECONDS)


def _wait_gone(family: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until all of `family` have ended, at most `seconds`; return those that have not.

    psutil's own wait would also wait for a zombie that some other process has yet to reap.
    """
    deadline = time.monotonic() + seconds
    alive = family
    while (alive := [process for process in alive if not _is_gone(process)]) and (
        time.monotonic() < deadline
    ):
        time.sleep(POLL_SECONDS)
    return alive


def _is_gone(process: psutil.Process) -> bool:
    try:
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            return False
        process.wait(0)  # reaps it, when it is a child of ours
    except (psutil.NoSuchProcess, psutil.TimeoutExpired):
        pass
    return True


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)  # psutil checks the birth again


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def _memory(process: psutil.Process) -> int:
    """Return the process's share of memory; pages that forks share are counted once, on Linux."""
    try:
        full = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(full, "pss", 0) or full.rss)
