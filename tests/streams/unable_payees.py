"""Coins for those who can't take them, by every way that coins are sent to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import (
    Close,
    PacketClaim,
    PacketExpire,
    PacketSend,
    PointsIn,
    PointsOut,
    Reverse,
    Reward,
    Verify,
    WaitingRelease,
    WaitingReturn,
)
from streams.ledger.accounts import BALANCE_MAX, pack
from streams.ledger.terms import GIFTS_MAX
from tests.streams.ledger_world import World, at, name_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from streams.events import WalletEvent
    from tests.streams.ledger_world import Outcome

PAYER, PAYEE, HEIR = name_on(0, 2), name_on(1, 2), name_on(1, 2, 1_000)
SHARD, PACKET = "budget:spring@0", "packet:many@0"
TIERED = "tiered"


def unable_outcomes() -> Iterator[Outcome]:
    for unable in UNABLE:
        for send in WAYS:
            world = World(2)
            world.send(world.open(PAYER, program=TIERED))
            world.send(world.make(Verify, PAYER, program=TIERED, tier="identity", by="bank"))
            world.send(world.earn(PAYER, amount=10_000, program=TIERED))
            world.send(world.fund(SHARD, 1_000, program=TIERED))
            facts = {"amount": 200, "claims": 4, "mode": "equal", "expires": at(2)}
            packet = world.make(PacketSend, PAYER, packet=PACKET, program=TIERED, **facts)
            world.send(packet)
            unable(world)
            yield world.send(send(world))
            yield from world.drain()
            later = world.make(WaitingReturn, PAYEE, program=TIERED, time=at(31))
            yield world.send(later)
            yield from world.drain()
    yield from granted_outcomes()
    yield from returned_outcomes()
    yield from owners_outcomes()


# -- who can't take coins -------------------------------------------------------------------------


def stranger(_world: World) -> None:
    pass


def many_gifts(world: World) -> None:
    for _ in range(GIFTS_MAX):
        world.send(world.transfer(PAYER, PAYEE, 1, program=TIERED))
    world.drain()


def great_gifts(world: World) -> None:
    """What waits for somebody is as much as may be."""
    world.send(world.transfer(PAYER, PAYEE, 1, program=TIERED))
    world.drain()
    name = f"waiting:{TIERED}:{PAYEE}"
    account = world.on(1, name)
    assert account is not None
    account.posted = BALANCE_MAX
    world.accounts[1][name] = pack(account)


def closed(world: World) -> None:
    world.send(world.open(PAYEE, program=TIERED))
    world.send(world.make(Close, PAYEE, program=TIERED))


def others(world: World) -> None:
    world.send(world.open(PAYEE, program="q"))


def full(world: World) -> None:
    world.send(world.open(PAYEE, program=TIERED))
    world.send(world.earn(PAYEE, amount=110, program=TIERED))


def rich(world: World) -> None:
    world.send(world.open(PAYEE, program=TIERED))
    world.send(world.make(Verify, PAYEE, program=TIERED, tier="identity", by="bank"))
    points = {"partner": "air", "points": BALANCE_MAX, "amount": BALANCE_MAX, "program": TIERED}
    world.send(world.make(PointsIn, PAYEE, **points))


UNABLE: list[Callable[[World], None]] = [
    *(stranger, many_gifts, great_gifts, closed, others, full, rich),
]


# -- by which ways --------------------------------------------------------------------------------


def gift(world: World) -> WalletEvent:
    return world.transfer(PAYER, PAYEE, 50, program=TIERED)


def draw(world: World) -> WalletEvent:
    return world.make(PacketClaim, PACKET, claimer=PAYEE, program=TIERED)


def reward(world: World) -> WalletEvent:
    facts = {"campaign": "spring", "rule": "friend", "conversion": "c", "to": PAYEE}
    return world.make(Reward, PAYER, program=TIERED, **facts)


WAYS: list[Callable[[World], WalletEvent]] = [gift, draw, reward]


# -- what comes of it later -----------------------------------------------------------------------


def granted_outcomes() -> Iterator[Outcome]:
    """A grant that the reserve pays, for a wallet that has closed or is full by then."""
    for close in (True, False):
        world = World(2)
        world.send(world.open(PAYEE, program=TIERED))
        world.send(world.fund("budget:spring", 300, program=TIERED))
        yield from world.drain()
        grant = world.grant(PAYEE, 90, program=TIERED)
        yield world.send(grant)
        yield world.send(world.make(Reverse, PAYEE, original=grant, program=TIERED))
        if close:
            world.send(world.make(Close, PAYEE, program=TIERED))
        else:
            world.send(world.earn(PAYEE, amount=100, program=TIERED))
        yield from world.drain()


def returned_outcomes() -> Iterator[Outcome]:
    """Gifts that wait are asked back, come with the wallet, or go back when they are due."""
    world = World(2)
    world.send(world.open(PAYER, program=TIERED))
    world.send(world.earn(PAYER, amount=100, program=TIERED))
    gifts = [world.transfer(PAYER, PAYEE, 20, program=TIERED) for _ in range(3)]
    for one in gifts:
        world.send(one)
    yield from world.drain()
    yield world.send(world.make(WaitingReturn, PAYEE, program=TIERED))
    yield world.send(world.make(Reverse, PAYER, original=gifts[0], program=TIERED))
    yield from world.drain()
    for subject in (PAYEE, HEIR, "issuer:p@0"):
        yield world.send(world.make(WaitingReturn, subject, program=TIERED, time=at(30)))
    yield from world.drain()
    other = World(2)
    for name in (PAYER, HEIR):
        other.send(other.open(name, program=TIERED))
        other.send(other.earn(name, amount=100, program=TIERED))
        for _ in range(2):
            other.send(other.transfer(name, PAYEE, 34, program=TIERED))
    yield from other.drain()
    yield other.send(other.open(PAYEE, program=TIERED))
    yield from other.drain()


def owners_outcomes() -> Iterator[Outcome]:
    """Coins come back, in every way, to a wallet that is closed, and are released or not."""
    world = World(2)
    near = name_on(0, 2, 3_000)
    for name in (PAYER, HEIR, near):
        world.send(world.open(name))
        world.send(world.earn(name, amount=100))
    points = world.make(PointsOut, PAYER, partner="tianyi", points=2, amount=1)
    gone = [world.redeem(PAYER, 5), points, world.transfer(PAYER, HEIR, 7)]
    facts = {"amount": 10, "claims": 2, "mode": "equal", "expires": at(1)}
    for event in (*gone, world.make(PacketSend, PAYER, packet=PACKET, **facts)):
        world.send(event)
    yield world.send(world.make(WaitingRelease, PAYER, to=HEIR))
    yield world.send(world.make(Close, PAYER, to=PAYEE))
    yield from world.drain()
    for event in gone:
        yield world.send(world.make(Reverse, PAYER, original=event))
    yield world.send(world.make(PacketExpire, PACKET, time=at(1)))
    yield from world.drain()
    yield world.send(world.make(WaitingReturn, PAYEE, time=at(30)))
    yield from world.drain()
    for to in (PAYER, "issuer:p@0", near):
        yield world.send(world.make(WaitingRelease, PAYER, to=to, time=at(30)))
    world.send(world.make(Reverse, PAYER, original=gone[0], time=at(30)))
    yield world.send(world.make(WaitingRelease, PAYER, to=HEIR, time=at(30)))
    for subject, program in (("nobody", "p"), ("issuer:p@0", "p"), (PAYER, "q")):
        event = world.make(WaitingRelease, subject, to=HEIR, program=program, time=at(30))
        yield world.send(event)
