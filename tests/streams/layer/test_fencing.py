"""A worker that sleeps through its session wakes up fenced: it ends, and nothing of it appears."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from streams.layer.faults import EXIT_FATAL
from tests.stack import wait_for

if TYPE_CHECKING:
    from tests.streams.layer.conftest import Make

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


def test_a_worker_that_slept_past_its_session_is_fenced(make_world: Make) -> None:
    world = make_world(session_timeout_seconds=6)
    sleeper = world.worker()
    world.numbers(2_000)
    wait_for(lambda: any(world.results_now()), "the first results")
    sleeper.process.send_signal(signal.SIGSTOP)
    world.numbers(5_000, first=2_000)
    successor = world.worker(wait=False)
    wait_for(lambda: len(successor.partitions()) == 4, "all partitions at the successor")
    world.numbers(5_000, first=7_000)
    world.wait_done()
    sleeper.process.send_signal(signal.SIGCONT)
    assert sleeper.wait_end(30) == EXIT_FATAL
    assert "fenced" in sleeper.last_words()
    world.numbers(1_000, first=12_000)
    world.wait_done()
    world.assert_exact()
