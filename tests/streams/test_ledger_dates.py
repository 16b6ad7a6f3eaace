"""Dated rules: an event is judged by those in force at its own time."""

from __future__ import annotations

import msgspec

from streams.events import Reverse
from streams.events.times import microseconds
from streams.programs import Activity, Later, Operations
from tests.streams.ledger_world import NAMED, RULES, TEST, World, at, program

FIRST = program("p", "open", "earn", "reverse")
EARN_MORE = {"check-in": Activity(title=NAMED, coins=8, assumption=TEST)}
NO_EARN = Operations(open=frozenset({"open", "reverse"}), assumption=TEST)
CHANGED = msgspec.structs.replace(
    FIRST,
    later=(
        Later(microseconds(at(1)), msgspec.structs.replace(FIRST, earn=EARN_MORE)),
        Later(microseconds(at(2)), msgspec.structs.replace(FIRST, operations=NO_EARN)),
    ),
)


def a_world() -> World:
    world = World(rules=msgspec.structs.replace(RULES, programs={"p": CHANGED}))
    world.send(world.open("a"))
    return world


def test_an_event_is_judged_by_the_rules_of_its_own_time_whenever_it_comes() -> None:
    world = a_world()
    told = [
        world.send(world.earn("a", "check-in", time=at(days))).result
        for days in (1.5, 0.5, 1, 0.999, 2, 1.999)
    ]
    assert [(result.reason, result.amount) for result in told] == [
        ("", 8),
        ("", 5),  # it came late
        ("", 8),
        ("", 5),
        ("operation_closed", 0),
        ("", 8),
    ]


def test_an_activity_that_is_over_is_unknown() -> None:
    world = a_world()
    assert world.send(world.earn("a", "game", amount=3, time=at(0.5))).outcome == "applied"
    assert world.send(world.earn("a", "game", amount=3, time=at(1))).reason == "unknown_activity"


def test_a_reversal_takes_back_what_was_earned_then() -> None:
    world = a_world()
    original = world.earn("a", "check-in", time=at(0.5))
    world.send(original)
    back = world.send(world.make(Reverse, "a", original=original, time=at(3)))
    assert (back.outcome, back.result.amount) == ("applied", 5)
    assert world.balance("a") == 0


def test_a_program_that_is_not_there_is_unknown_though_another_has_dates() -> None:
    world = a_world()
    assert world.send(world.earn("a", program="q", amount=1)).reason == "unknown_program"
