"""A part is started, seen, stopped and killed; another program's process is never taken for it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import psutil
import pytest

from local import processes
from local.birth import birth
from local.processes import Part

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\n"
    "time.sleep(600)"
)
PARENT = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(child.pid, flush=True); time.sleep(600)"
)


def ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


Make = Callable[..., Part]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes a part that runs a Python text; whatever still runs at the end is killed."""
    made: list[Part] = []

    def part(text: str, *, name: str = "part", **more: object) -> Part:
        log = tmp_path / "logs" / f"{name}.log"
        values = {"ready": lambda: log.exists() and log.stat().st_size > 0} | more
        made.append(
            Part(name=name, command=lambda: [sys.executable, "-c", text], home=tmp_path, **values)
        )
        return made[-1]

    yield part
    for one in made:
        processes.kill(one)
        processes.end_leftovers(one)


def test_start_look_stop(make: Make) -> None:
    part = make(SLEEPER)
    assert processes.look(part).state == "stopped"
    pid = processes.start(part)
    processes.wait_ready(part)
    sight = processes.look(part)
    assert (sight.state, sight.pid) == ("running", pid)
    assert abs(sight.since - time.time()) < 60
    assert sight.memory_bytes > 1_000_000
    assert os.getsid(pid) == pid, "a part outlives the terminal that started it"
    assert processes.stop(part) == "stopped"
    assert not psutil.pid_exists(pid)
    assert processes.look(part).state == "stopped"
    assert processes.stop(part) == "not running"


def test_start_leaves_a_running_part_alone(make: Make) -> None:
    part = make(SLEEPER)
    assert processes.start(part) == processes.start(part)


def test_a_killed_part_has_died_and_starts_again(make: Make) -> None:
    part = make(SLEEPER)
    pid = processes.start(part)
    os.kill(pid, signal.SIGKILL)
    psutil.Process(pid).wait(10)
    assert processes.look(part).state == "died"
    assert processes.start(part) != pid
    assert processes.look(part).state == "running"


def test_a_zombie_has_died(make: Make) -> None:
    part = make(SLEEPER)
    pid = processes.start(part)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # it has ended and nobody has reaped it
    assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert processes.look(part).state == "died"


def test_a_part_that_ignores_sigterm_is_killed_and_said_so(make: Make) -> None:
    part = make(STUBBORN, stop_seconds_max=0.2)
    pid = processes.start(part)
    processes.wait_ready(part)
    assert processes.stop(part).startswith("killed: it did not end within 0 s")
    assert not psutil.pid_exists(pid)


def test_children_end_with_their_part(make: Make) -> None:
    part = make(PARENT)
    processes.start(part)
    processes.wait_ready(part)
    child = psutil.Process(int(part.log.read_text()))
    processes.stop(part)
    assert ended(child)


def test_children_of_a_killed_part_end_when_it_starts_again(make: Make) -> None:
    part = make(PARENT)
    pid = processes.start(part)
    processes.wait_ready(part)
    child = psutil.Process(int(part.log.read_text()))
    os.kill(pid, signal.SIGKILL)
    psutil.Process(pid).wait(10)
    assert not ended(child)
    processes.start(part)
    assert ended(child)


def test_a_recycled_process_id_is_never_taken_for_ours(make: Make) -> None:
    part = make(SLEEPER)
    with subprocess.Popen([sys.executable, "-c", SLEEPER], start_new_session=True) as other:
        start, ticks = birth(other.pid).rsplit("/", 1)
        part.record.parent.mkdir()
        record = {"pid": other.pid, "born": f"{start}/{int(ticks) - 1}", "since": 0, "argv": []}
        part.record.write_text(json.dumps(record))
        assert processes.look(part).state == "died"
        processes.stop(part)
        processes.kill(part)
        assert other.poll() is None, "another program's process was ended"
        other.kill()


def test_what_runs_since_another_boot_is_never_taken_for_ours(make: Make) -> None:
    part = make(SLEEPER)
    argv = [sys.executable, "-c", PARENT]
    with subprocess.Popen(argv, start_new_session=True, stdout=subprocess.PIPE) as other:
        child = psutil.Process(int(other.stdout.readline()))
        ticks = birth(other.pid).rpartition("/")[2]
        part.record.parent.mkdir()
        record = {"pid": other.pid, "born": f"another boot/{ticks}", "since": 0, "argv": []}
        part.record.write_text(json.dumps(record))
        assert processes.look(part).state == "died"
        processes.end_leftovers(part)
        other.kill()
        other.wait()
        processes.end_leftovers(part)  # its session still has a member, which is not ours
        assert processes._session(child.pid) == other.pid
        assert not ended(child)
        child.kill()


@pytest.mark.parametrize("seconds", [10, -10, 86_400])
def test_a_clock_that_steps_changes_nothing(
    make: Make, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    part = make(PARENT)
    pid = processes.start(part)
    processes.wait_ready(part)
    child = psutil.Process(int(part.log.read_text()))
    born = psutil.Process(pid).create_time()
    # what Linux says of its boot moves with the clock, and what psutil says of a process with it
    boot = psutil._pslinux.boot_time() + seconds
    monkeypatch.setattr(psutil._pslinux, "boot_time", lambda: boot)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + seconds)
    assert abs(psutil.Process(pid).create_time() - born - seconds) < 1, "the clock did not step"
    assert processes.look(part).state == "running"
    assert processes.start(part) == pid
    assert processes.stop(part) == "stopped"
    assert ended(child)


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="Linux's way to tell the boot's time")
def test_a_program_with_a_strange_name_has_a_birth(tmp_path: Path) -> None:
    named = tmp_path / "a ) R 1 (b"
    named.symlink_to(sys.executable)
    with subprocess.Popen([named, "-c", SLEEPER], executable=str(named)) as other:
        assert Path(f"/proc/{other.pid}/comm").exists()
        assert int(birth(other.pid).rpartition("/")[2]) > 0
        other.kill()
    assert birth(other.pid) == ""


@pytest.mark.parametrize("text", ["", "{", "{}", '{"pid": "x", "born": 1}'])
def test_a_broken_record_is_a_part_that_died(make: Make, text: str) -> None:
    part = make(SLEEPER)
    part.record.parent.mkdir()
    part.record.write_text(text)
    assert processes.look(part).state == "died"
    assert processes.start(part)


def test_a_part_that_ends_at_once_is_told_with_its_last_lines(make: Make) -> None:
    part = make("raise SystemExit('no such topic')", ready=lambda: False)
    processes.start(part)
    with pytest.raises(click.ClickException, match=r"part ended by itself.*\n.*no such topic"):
        processes.wait_ready(part)


def test_a_part_that_never_answers_is_told(make: Make) -> None:
    part = make(SLEEPER, ready=lambda: False, ready_seconds_max=0.1)
    processes.start(part)
    with pytest.raises(click.ClickException, match="part did not answer within 0 s"):
        processes.wait_ready(part)


def test_a_missing_program_is_one_sentence(tmp_path: Path) -> None:
    part = Part(name="x", command=lambda: ["/no/such/java"], home=tmp_path, ready=lambda: True)
    with pytest.raises(
        click.ClickException, match="x could not be started: /no/such/java: No such"
    ):
        processes.start(part)


def test_arrivals_come_in_the_order_in_which_parts_answer(make: Make) -> None:
    calls: list[str] = []

    def slow() -> bool:
        calls.append("slow")
        return len(calls) > 3

    first, second = make(SLEEPER, name="first", ready=slow), make(SLEEPER, name="second")
    for part in (first, second):
        processes.start(part)
    processes.wait_ready(second)
    assert [part.name for part in processes.arrivals([first, second])] == ["second", "first"]


def test_the_environment_of_a_part(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "another Airflow's")
    monkeypatch.setenv("FLOWDROP_PARTITIONS", "3")
    part = make(
        "import os, shutil, json; print(json.dumps([dict(os.environ), shutil.which('flowdrop')]))",
        env={"EXTRA": "1"},
    )
    processes.start(part)
    processes.wait_ready(part)
    env, program = json.loads(part.log.read_text())
    assert env["FLOWDROP_HOME"] == str(part.home)
    assert env["FLOWDROP_PARTITIONS"] == "3"
    assert env["EXTRA"] == "1"
    assert not [name for name in env if name.startswith("AIRFLOW")]
    assert program == str(Path(sys.executable).parent / "flowdrop")
