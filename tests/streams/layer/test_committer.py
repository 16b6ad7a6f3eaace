"""A partition without work looks after its producer, so that no outage leaves readers waiting."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from streams.layer import transactions
from streams.layer.faults import end_process
from streams.layer.pace import Pace
from streams.layer.state import PartitionState
from streams.layer.transactions import Committer

if TYPE_CHECKING:
    import pytest

TIMES = 3


class Idle:
    """A producer that tells when it has been looked after so often."""

    def __init__(self) -> None:
        self.looked = 0
        self.often = asyncio.Event()
        self.loop = asyncio.get_running_loop()

    def heal(self) -> None:
        self.looked += 1
        if self.looked == TIMES:
            self.loop.call_soon_threadsafe(self.often.set)

    def close(self) -> None:
        pass


async def test_an_idle_partition_looks_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "IDLE_SECONDS", 0.01)
    producer = Idle()
    with ThreadPoolExecutor(1) as executor:
        committer = Committer(
            PartitionState(0),
            producer,  # type: ignore[arg-type]
            name="t",
            pace=Pace(),
            interval_s=0.02,
            executor=executor,
            on_fatal=end_process,
        )
        await asyncio.wait_for(producer.often.wait(), 30)
        await committer.stop()
