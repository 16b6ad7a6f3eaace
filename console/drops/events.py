"""The events of a drop: the same drop gives the same bytes, however often it is launched."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import convert

from console.drops.names import SOURCE, grant_id
from console.drops.selection import TREATED
from streams.events import (
    Assignment,
    AssignmentData,
    Contact,
    ContactData,
    Defund,
    DefundData,
    Describe,
    DescribeData,
    Event,
    Fund,
    FundData,
    Grant,
    GrantData,
    Measurement,
    partition_of,
    shard,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from console.drops.left_out import LeftOutSince
    from console.drops.selection import Member
    from console.drops.tables import Drop

CHANNEL = "drop"


def events(
    drop: Drop, members: Sequence[Member], left_out: Sequence[LeftOutSince] = ()
) -> Iterator[Event]:
    """Yield what launching `drop` publishes, in order.

    First how its effect is measured, then the coins each partition needs, every member's arm, and
    grant and contact for those treated: people held out get an assignment and nothing else, and so
    do people left out since the drop was created. Last, the coins of those who were left out after
    the first launch go back. All but these have the time of the first launch, which is in the
    database before the first of them is published.
    """
    if drop.launched_at is None:
        raise ValueError(f"drop {drop.name!r} has no launch time yet")
    yield from _descriptions(drop, drop.launched_at)
    yield from _funds(drop, drop.launched_at, members, left_out)
    for member in members:
        yield _assignment(drop, drop.launched_at, member)
    for person in _sent_to(members, left_out):
        yield _grant(drop, drop.launched_at, person)
        yield _contact(drop, drop.launched_at, person)
    yield from _defunds(drop, drop.launched_at, left_out)


def count(drop: Drop, members: Sequence[Member], left_out: Sequence[LeftOutSince] = ()) -> int:
    """Return how many events `events` yields, for a drop launched before or to be launched now."""
    funds = _funded(drop, members, left_out)
    defunds = _defunded(drop, left_out)
    described = int(drop.design is not None)
    return (
        described + len(funds) + len(members) + 2 * len(_sent_to(members, left_out)) + len(defunds)
    )


def _descriptions(drop: Drop, time: datetime) -> Iterator[Describe]:
    """Yield how the drop is measured; one from before that was recorded has none."""
    if drop.design is None:
        return
    yield Describe(
        id=f"drop/{drop.name}/describe",
        source=SOURCE,
        time=time,
        subject=f"campaign:{drop.name}",
        data=DescribeData(
            campaign=drop.name,
            measurement=convert(
                {
                    "design": drop.design,
                    "goals": drop.goals,
                    "guardrails": drop.guardrails,
                    "people": drop.planned_people,
                    "end": drop.planned_end,
                    "tuned_at": drop.tuned_at,
                    "smallest_lift": drop.smallest_lift,
                },
                Measurement,
            ),
        ),
    )


def _sent_to(members: Sequence[Member], left_out: Sequence[LeftOutSince]) -> list[str]:
    gone = {person.person for person in left_out}
    return [m.person for m in members if m.arm == TREATED and m.person not in gone]


def _funded(
    drop: Drop, members: Sequence[Member], left_out: Sequence[LeftOutSince]
) -> Counter[int]:
    """Return the grants that each partition is funded for: those of the first launch."""
    gone = {p.person for p in left_out if drop.launched_at in {None, p.at}}
    return Counter(
        partition_of(m.person, drop.partitions)
        for m in members
        if m.arm == TREATED and m.person not in gone
    )


def _defunded(drop: Drop, left_out: Sequence[LeftOutSince]) -> Counter[tuple[datetime, int]]:
    """Return the grants that each later launch took out of each partition's shard."""
    return Counter(
        (p.at, partition_of(p.person, drop.partitions))
        for p in left_out
        if drop.launched_at not in {None, p.at} and not p.grant_sent
    )


def _defunds(
    drop: Drop, launched_at: datetime, left_out: Sequence[LeftOutSince]
) -> Iterator[Defund]:
    for (at, partition), people in sorted(_defunded(drop, left_out).items()):
        seconds = (at - launched_at).total_seconds()
        yield Defund(
            id=f"drop/{drop.name}/defund/{partition}/{seconds:.6f}",
            source=SOURCE,
            time=at,
            subject=shard(f"budget:{drop.name}", partition),
            data=DefundData(program=drop.program, campaign=drop.name, amount=people * drop.amount),
        )


def _funds(
    drop: Drop, time: datetime, members: Sequence[Member], left_out: Sequence[LeftOutSince]
) -> Iterator[Fund]:
    for partition, people in sorted(_funded(drop, members, left_out).items()):
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
