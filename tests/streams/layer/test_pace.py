"""All partitions of a worker share a bound of transactions a second; idle ones take none of it."""

from __future__ import annotations

import asyncio

from streams.layer.transactions import Pace


async def test_turns_are_spread_evenly_among_who_wants_one() -> None:
    loop = asyncio.get_running_loop()
    pace, began, got = Pace(per_second=200), loop.time(), []

    async def partition(number: int) -> None:
        for _ in range(5):
            await pace.turn()
            got.append(number)

    await asyncio.gather(*(partition(number) for number in range(4)))
    assert loop.time() - began >= 19 / 200
    assert [got.count(number) for number in range(4)] == [5] * 4
    assert set(got[:8]) == {0, 1, 2, 3}, "nobody waits while another has turn after turn"


async def test_a_pause_saves_up_no_turns() -> None:
    loop = asyncio.get_running_loop()
    pace = Pace(per_second=100)
    await pace.turn()
    await asyncio.sleep(0.1)
    began = loop.time()
    for _ in range(5):
        await pace.turn()
    assert loop.time() - began >= 4 / 100
