"""Faust's timers and crontabs on the croniter that Airflow wants (Faust's own cap is lifted)."""

from __future__ import annotations

import asyncio
import importlib.metadata
import time
from datetime import UTC

import mode
import pytest
from faust.utils.cron import secs_for_next
from mode.utils import cron as mode_cron
from packaging.version import Version

EVERY_SECOND = "* * * * * *"  # croniter's sixth field is seconds


class Clockwork(mode.Service):
    """A service with a timer and a crontab that count."""

    ticks = 0
    strikes = 0

    def __post_init__(self) -> None:
        self.struck = asyncio.Event()

    @mode.Service.timer(0.05)
    async def tick(self) -> None:
        self.ticks += 1

    @mode.Service.crontab(EVERY_SECOND)
    async def strike(self) -> None:
        self.strikes += 1
        if self.strikes == 2:
            self.struck.set()


def test_the_croniter_in_use_is_the_newer_one() -> None:
    assert Version(importlib.metadata.version("croniter")) >= Version("6.2.2")


async def test_a_timer_and_a_crontab_go_off() -> None:
    async with Clockwork() as clockwork:
        await asyncio.wait_for(clockwork.struck.wait(), 10)
    assert clockwork.ticks > clockwork.strikes == 2


@pytest.mark.parametrize("seconds_until", [secs_for_next, mode_cron.secs_for_next])
@pytest.mark.parametrize("zone", [None, UTC])
def test_the_next_midnight_is_where_the_calendar_says(seconds_until, zone) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    left = seconds_until("0 0 * * *", zone)
    assert 0 < left <= 86_400
    assert round(time.time() + left) % 86_400 in {0, 1, 86_399}
