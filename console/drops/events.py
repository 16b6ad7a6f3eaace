"""The events of a drop: the same drop gives the same bytes, however often it is launched."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from console.drops.selection import TREATED
from streams.events import (
    Assignment,
    AssignmentData,
    Contact,
    ContactData,
    Event,
    Fund,
    FundData,
    Grant,
    GrantData,
    partition_of,
    shard,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from console.drops.selection import Member
    from console.drops.tables import Drop

SOURCE = "flowdrop/console"
CHANNEL = "drop"


def grant_id(drop: str, person: str) -> str:
    """Return the id of the grant of `drop` to `person`, the same at every launch."""
    return f"drop/{drop}/grant/{person}"


def events(drop: Drop, members: Sequence[Member]) -> Iterator[Event]:
    """Yield what launching `drop` publishes, in order.

    First the coins each partition needs, then every member's arm, then grant and contact for those
    treated: who is held out gets an assignment and nothing else. All carry the time of the launch,
    which is in the database before the first of them is published.
    """
    if drop.launched_at is None:
        raise ValueError(f"drop {drop.name!r} has no launch time yet")
    yield from _funds(drop, drop.launched_at, members)
    for member in members:
        yield _assignment(drop, drop.launched_at, member)
    for member in members:
        if member.arm == TREATED:
            yield _grant(drop, drop.launched_at, member.person)
            yield _contact(drop, drop.launched_at, member.person)


def count(members: Sequence[Member], partitions: int) -> int:
    """Return how many events `events` yields."""
    treated = [m.person for m in members if m.arm == TREATED]
    return len({partition_of(p, partitions) for p in treated}) + len(members) + 2 * len(treated)


def _funds(drop: Drop, time: datetime, members: Sequence[Member]) -> Iterator[Fund]:
    grants = Counter(partition_of(m.person, drop.partitions) for m in members if m.arm == TREATED)
    for partition, people in sorted(grants.items()):
        yield Fund(
            id=f"drop/{drop.name}/fund/{partition}",
            source=SOURCE,
            time=time,
            subject=shard(f"budget:{drop.name}", partition),
            data=FundData(program=drop.program, campaign=drop.name, amount=people * drop.amount),
        )


def _assignment(drop: Drop, time: datetime, member: Member) -> Assignment:
    return Assignment(
        id=f"drop/{drop.name}/assignment/{member.person}",
        source=SOURCE,
        time=time,
        subject=member.person,
        data=AssignmentData(campaign=drop.name, arm=member.arm, probability=member.probability),
    )


def _grant(drop: Drop, time: datetime, person: str) -> Grant:
    return Grant(
        id=grant_id(drop.name, person),
        source=SOURCE,
        time=time,
        subject=person,
        data=GrantData(program=drop.program, campaign=drop.name, amount=drop.amount),
    )


def _contact(drop: Drop, time: datetime, person: str) -> Contact:
    return Contact(
        id=f"drop/{drop.name}/contact/{person}",
        source=SOURCE,
        time=time,
        subject=person,
        data=ContactData(campaign=drop.name, channel=CHANNEL, until=drop.until),
    )
