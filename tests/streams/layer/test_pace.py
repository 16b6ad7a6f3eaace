"""All partitions of a worker share a bound of transactions a second; idle ones take none of it."""

from __future__ import annotations

import asyncio

import pytest

from streams.layer.pace import Pace


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


class Queue:
    """A broker that does one transaction after the other, in virtual time, for partitions that
    each begin the next as soon as the last is done and a turn has come."""

    def __init__(self, pace: Pace, service_s: float, partitions: int) -> None:
        self.pace = pace
        self.service_s = service_s
        self.begins = [0.0] * partitions
        self.turn_s = self.free_s = 0.0

    def transact(self) -> float:
        """Return the seconds that the next transaction takes, its wait at the broker included."""
        number = min(range(len(self.begins)), key=self.begins.__getitem__)
        began = self.turn_s = max(self.begins[number], self.turn_s + self.pace.gap_s)
        self.free_s = max(began, self.free_s) + self.service_s
        took = self.free_s - began
        self.begins[number] = max(self.free_s, began + 0.020)
        self.pace.took(took)
        return took


def test_turns_come_more_rarely_while_a_broker_is_behind() -> None:
    pace = Pace(per_second=400)
    queue = Queue(pace, 0.001, 8)
    swift = [queue.transact() for _ in range(2_000)]
    assert pace.gap_s == 1 / 400
    queue.service_s = 0.006  # it can do 167 a second
    slow = [queue.transact() for _ in range(20_000)]
    assert sum(slow[-5_000:]) / 5_000 < 0.030, "where eight at once would wait 48 ms"
    queue.service_s = 0.001
    again = [queue.transact() for _ in range(2_000)]
    assert pace.gap_s == 1 / 400
    assert max(again[1_000:]) == pytest.approx(max(swift[1_000:]))


def test_a_broker_that_is_far_away_is_not_taken_for_a_busy_one() -> None:
    pace = Pace(per_second=400)
    for number in range(2_000):
        pace.took(0.050 + 0.010 * (number % 3))
    assert pace.gap_s == 1 / 400


def test_turns_come_at_least_a_quarter_as_often() -> None:
    pace = Pace(per_second=400)
    pace.took(0.002)
    for _ in range(500):
        pace.took(1.0)
    assert pace.gap_s == 4 / 400
