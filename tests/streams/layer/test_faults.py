"""The points at which tests have a worker die: passing one for the nth time is the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from streams.layer.faults import CRASH_POINTS
from tests.stack import wait_for

if TYPE_CHECKING:
    from tests.streams.layer.conftest import Make

FEED = {"before_insert", "inserted", "feed_acked"}
TEXT = """
from streams.layer.faults import reached
for point in ("folded", "acked", "folded", "folded"):
    print(point, flush=True)
    reached(point, lambda: print("before", flush=True))
"""


def run(wish: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", TEXT],
        env=os.environ | {"FLOWDROP_CRASH_AT": wish},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_dies_at_the_nth_passing_after_what_brings_the_point_about() -> None:
    done = run("folded:2")
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["folded", "acked", "folded", "before"]


@pytest.mark.parametrize("wish", ["folded", "folded:0", "nowhere:1", "folded:x"])
def test_a_wish_that_is_none_is_refused_in_words(wish: str) -> None:
    done = run(wish)
    assert done.returncode == 1
    assert f"FLOWDROP_CRASH_AT={wish} is not <point>:<n>" in done.stderr


@pytest.mark.kafka
@pytest.mark.timeout(120)
@pytest.mark.parametrize("point", [name for name in CRASH_POINTS if name not in FEED])
def test_a_worker_killed_at_each_point_loses_and_doubles_nothing(
    make_world: Make, point: str
) -> None:
    world = make_world(session_timeout_seconds=6)
    first = {"assigned", "opened", "recovered", "before_close", "closed"}
    world.numbers(300)
    worker = world.worker(wait=False, crash_at=f"{point}:{1 if point in first else 3}")
    if point in {"before_close", "closed"}:
        worker.wait_ready()
        worker.process.terminate()
    else:
        wait_for(lambda: world.numbers(20) or worker.process.poll() is not None, "its death")
    assert worker.wait_end(60) == -signal.SIGKILL
    world.worker()
    world.numbers(100)
    world.wait_done()
    world.assert_exact()
