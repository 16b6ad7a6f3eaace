"""How large a city is, and how much of its time passes at once."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count, islice
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from scenarios.source import EPOCH, MICROSECOND
from streams.events import partition_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
PROGRAM = "liuliangbao"
EVENTS_PER_PERSON_DAY = 5  # roughly, on a busy day; it only determines the parts of a day
CHUNK_EVENTS = 40_000
MACHINES = ("rate", "robots", "data_centre", "faster")
"""Kinds of machines that pretend to be people, by the rule that they break."""
FARM, FARM_IDS = "packet_farm", 6

World = Literal["seen", "unseen", "nothing"]
WORLDS: tuple[World, ...] = get_args(World)
"""On what people's response to campaigns depends; see `worlds.py`."""


def name(seed: int, number: int) -> str:
    """Return the account's name, which is also the person's."""
    return f"city:{seed}:{number}"


@lru_cache
def farm(seed: int, first: int, partitions: int) -> tuple[int, ...]:
    """Return the numbers of a farm's ids and, last, of who sends its packets: from `first` on.

    All live on one partition, so that what an id drew is there when it passes it on, however fast
    the city is replayed.
    """
    home = partition_of(name(seed, first), partitions)
    near = (n for n in count(first) if partition_of(name(seed, n), partitions) == home)
    return tuple(islice(near, FARM_IDS + 1))


class Plan(NamedTuple):
    """What a city is made from; equal plans give equal bytes.

    Attributes:
        people: how many live there.
        days: how many days pass; what began on the last may end in the two days after.
        seed: of everything that is drawn.
        partitions: of the topics; a red packet's name says on which it lives.
        start: midnight (UTC) of the first day.
        world: on what people's response to campaigns depends.
    """

    people: int
    days: int
    seed: int
    partitions: int
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    world: World = "seen"

    @property
    def start_us(self) -> int:
        """The first moment, in microseconds since 1970."""
        return (self.start - EPOCH) // MICROSECOND

    @property
    def bots(self) -> int:
        """How many machines of each of `MACHINES` there are."""
        return max(1, self.people // 2_000)

    @property
    def machines(self) -> int:
        """How many numbers follow the people's: of `MACHINES`, then of a farm, with gaps."""
        return self.farmer + 1 - self.people

    def machine(self, kind: str) -> NDArray[np.int64]:
        """Return the numbers of the machines of a kind, or of the ids of the farm."""
        if kind == FARM:
            return np.array(self._farm[:-1])
        return self.people + MACHINES.index(kind) * self.bots + np.arange(self.bots)

    @property
    def farmer(self) -> int:
        """Who sends the packets that the farm draws from, and gets the coins back."""
        return self._farm[-1]

    @property
    def _farm(self) -> tuple[int, ...]:
        return farm(self.seed, self.people + len(MACHINES) * self.bots, self.partitions)

    @property
    def parts(self) -> int:
        """Into how many parts a day is cut, so that each has about `CHUNK_EVENTS`."""
        return max(1, math.ceil(self.people * EVENTS_PER_PERSON_DAY / CHUNK_EVENTS))


class Moment(NamedTuple):
    """The part of a day now passing.

    Attributes:
        day: from 0.
        part: from 0, of the plan's `parts`.
        start_us, end_us: from when until before when, microseconds since 1970.
        draw: the part's own source of chance.
    """

    day: int
    part: int
    start_us: int
    end_us: int
    draw: np.random.Generator

    def of(self, count: int, parts: int) -> tuple[int, int]:
        """Return which of `count` things are this part's: from, and until before."""
        return count * self.part // parts, count * (self.part + 1) // parts
