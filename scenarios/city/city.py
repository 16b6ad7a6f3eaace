"""The city's days, one after the other, as events made ready for Kafka.

Memory is some 40 bytes per person plus what is still to happen; it does not grow with the days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenarios.city.marketing import Marketing
from scenarios.city.outbox import Outbox
from scenarios.city.people import People
from scenarios.city.plan import DAY_US, Moment, Plan
from scenarios.city.records import Writer
from scenarios.city.truth import Truth
from scenarios.city.wallets import Wallets
from scenarios.source import EPOCH, MICROSECOND, Ready, Supply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from scenarios.city.plan import World
    from scenarios.city.records import Chunk
    from scenarios.spoil import Record

EVENTS_PER_PERSON_DAY = 2.7  # on average, to estimate beforehand how many there will be


def about(plan: Plan) -> int:
    """Return roughly how many events a city will have."""
    return int(plan.people * plan.days * EVENTS_PER_PERSON_DAY)


def chunks(plan: Plan, truth: Truth | None = None) -> Iterator[Chunk]:
    """Let the city live, and yield its events in order of time.

    Args:
        plan: how large it is.
        truth: what writes the truth down; nobody else learns it.
    """
    people, outbox = People(plan), Outbox(plan.start_us)
    wallets = Wallets(people, outbox)
    marketing = Marketing(wallets, outbox)
    writer = Writer(plan.seed, plan.partitions, people)
    bounds = people.parts().tolist()
    day = 0
    while day < plan.days or outbox:
        midnight_us = plan.start_us + day * DAY_US
        for campaign in marketing.ended(day):
            if truth is not None:
                truth.campaign(campaign, plan.world)
        for part in range(plan.parts):
            draw = np.random.default_rng([plan.seed, day, part])
            begin, end = bounds[part : part + 2]
            moment = Moment(day, part, midnight_us + begin, midnight_us + end, draw)
            if day < plan.days:
                sessions = people.sessions(moment)
                marketing.live(moment, sessions)
                wallets.live(moment, sessions)
                wallets.withdraw_consent(moment)
                if part == 0:
                    wallets.farm(moment)
            if part == plan.parts - 1:
                marketing.begin(day + 1)
            yield writer.chunk(outbox.take(moment))
        day += 1
    if truth is not None:
        truth.close(wallets)


def records(plan: Plan, truth: Truth | None = None) -> Iterator[Record]:
    """Yield the city's records in order of time; see `chunks`."""
    for chunk in chunks(plan, truth):
        yield from chunk.records


def supply(
    people: int,
    days: int,
    seed: int,
    start: datetime,
    truth: Path | None,
    world: World = "seen",
) -> Callable[[datetime | None, int], Supply]:
    """Return what a replay takes: the events before a moment, for this many partitions.

    Args:
        people: how many live there.
        days: how many days pass.
        seed: of everything.
        start: midnight (UTC) of the first day.
        truth: the folder to write the truth to, if wanted.
        world: on what people's response to campaigns depends.
    """

    def supplied(until: datetime | None, partitions: int) -> Supply:
        plan = Plan(people, days, seed, partitions, start, world)
        return Supply(about(plan), _ready(plan, until, truth))

    return supplied


def _ready(plan: Plan, until: datetime | None, folder: Path | None) -> Iterator[Ready]:
    until_us = None if until is None else (until - EPOCH) // MICROSECOND
    truth = None if folder is None else Truth(folder, plan.seed)
    try:
        for chunk in chunks(plan, truth):
            for event in map(Ready, chunk.types, chunk.times_us, chunk.records):
                if until_us is not None and event.time_us >= until_us:
                    return
                yield event
    finally:
        if truth is not None:
            truth.end()
