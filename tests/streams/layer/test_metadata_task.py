"""aiokafka's metadata task dies in silence: the consumer notices and ends the process."""

from __future__ import annotations

import asyncio
from typing import NoReturn

import pytest

from streams.layer import transport


async def _die() -> None:
    raise RuntimeError("the handler is closed")


async def test_a_dead_metadata_task_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(reason: str, error: BaseException | None) -> NoReturn:
        raise SystemExit(f"{reason}: {error}")

    monkeypatch.setattr(transport, "end_process", end)
    running = asyncio.create_task(asyncio.sleep(60))
    transport._check_metadata_task(running)
    running.cancel()
    dead = asyncio.create_task(_die())
    await asyncio.wait([running, dead])
    transport._check_metadata_task(running)
    with pytest.raises(SystemExit, match="handler is closed"):
        transport._check_metadata_task(dead)
