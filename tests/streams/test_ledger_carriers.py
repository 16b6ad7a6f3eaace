"""At which price, where and when coins may be redeemed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from streams.events import RedeemSettle, Reverse
from streams.events.times import microseconds
from streams.programs import Carrier, Gate, Later
from streams.programs.explained import explain
from tests.streams.ledger_world import NAMED, PROGRAMS, RULES, TEST, World, at, world_with

CHINA = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("carrier", "coins", "reason"),
    [
        ("mobile", 5, ""),
        ("mobile", 14, ""),
        ("mobile", 10, "no_such_tier"),  # a tier's megabytes are not its price
        ("mobile", 19, "no_such_tier"),  # two tiers at once
        ("telecom", 8, ""),
        ("telecom", 7, "no_such_tier"),  # two coins a megabyte
        ("unicom", 7, ""),
    ],
)
def test_only_what_has_a_price_is_redeemed(carrier: str, coins: int, reason: str) -> None:
    world = world_with("a")
    assert world.send(world.redeem("a", coins, carrier=carrier)).reason == reason
    held = world.redeem("a", coins, carrier=carrier, until=at(2))
    assert world.send(held).reason == reason


@pytest.mark.parametrize(
    ("carrier", "network", "reason"),
    [
        ("radio", None, "carrier_closed"),
        ("radio", "radio", "carrier_closed"),
        ("telecom", None, ""),
        ("telecom", "telecom", ""),
        ("telecom", "unicom", "carrier_closed"),
        ("unicom", "telecom", ""),
    ],
)
def test_a_gate_is_closed_to_all_or_to_others(
    carrier: str, network: str | None, reason: str
) -> None:
    world = world_with("a")
    event = world.redeem("a", 4, carrier=carrier, network=network)
    assert world.send(event).reason == reason


@pytest.mark.parametrize(
    ("carrier", "coins", "mb"),
    [
        ("mobile", 5, 10),
        ("mobile", 14, 30),
        ("telecom", 8, 4),
        ("unicom", 7, 0),  # any number of coins, and no price a megabyte
    ],
)
def test_the_result_tells_how_much_data_and_for_whose_number(
    carrier: str, coins: int, mb: int
) -> None:
    world = world_with("a", "b")
    event = world.redeem("a", coins, carrier=carrier, network=carrier)
    result = world.send(event).result
    assert (result.carrier, result.network, result.mb) == (carrier, carrier, mb)
    held = world.send(world.redeem("a", coins, carrier=carrier, until=at(2))).result
    assert (held.network, held.mb) == ("", mb)
    dear = world.send(world.redeem("b", coins * 10**6, carrier="unicom")).result
    assert (dear.reason, dear.mb) == ("insufficient_balance", 0)
    back = world.send(world.make(Reverse, "a", original=event)).result
    assert (back.outcome, back.network, back.mb) == ("applied", carrier, 0)


def test_a_coin_a_megabyte_tells_as_many_megabytes() -> None:
    world = gated(coins_per_mb=1)
    assert world.send(world.redeem("a", 7, time=at(0.5))).result.mb == 7


def gated(coins_per_mb: int | None = None) -> World:
    """A world in which unicom's gate is closed from day 1 until day 2."""
    open_ = PROGRAMS["p"]
    if coins_per_mb is not None:
        priced = Carrier(title=NAMED, coins_per_mb=coins_per_mb, assumption=TEST)
        open_ = msgspec.structs.replace(open_, carriers={**open_.carriers, "unicom": priced})
    gate = Gate(closed="all", since=at(1), until=at(2), assumption=TEST)
    closed = {**open_.carriers, "unicom": Carrier(title=NAMED, gates=(gate,), assumption=TEST)}
    later = (
        Later(microseconds(at(1)), msgspec.structs.replace(open_, carriers=closed)),
        Later(microseconds(at(2)), open_),
    )
    programs = {"p": msgspec.structs.replace(open_, later=later)}
    world = World(rules=msgspec.structs.replace(RULES, programs=programs))
    world.send(world.open("a"))
    world.send(world.earn("a", amount=100))
    return world


def test_a_gate_closes_and_opens_at_its_dates() -> None:
    world = gated()
    reasons = [world.send(world.redeem("a", 1, time=at(n))).reason for n in (0.9, 1, 1.9, 2)]
    assert reasons == ["", "carrier_closed", "carrier_closed", ""]


def test_what_was_held_before_a_gate_closed_is_settled_and_reversed() -> None:
    world = gated()
    held = world.redeem("a", 9, time=at(0.5), until=at(3))
    world.send(held)
    settled = world.make(RedeemSettle, "a", redemption=held.id, time=at(1.5))
    assert world.send(settled).outcome == "applied"
    assert world.send(world.make(Reverse, "a", original=held, time=at(1.6))).outcome == "applied"


def test_nothing_is_redeemed_on_a_months_last_day_in_china() -> None:
    world = world_with("a")
    moments = {
        datetime(2026, 3, 30, 23, 59, tzinfo=CHINA): "",
        datetime(2026, 3, 31, 0, 0, tzinfo=CHINA): "last_day",
        datetime(2026, 3, 31, 23, 59, tzinfo=CHINA): "last_day",
        datetime(2026, 4, 1, 0, 0, tzinfo=CHINA): "",
        datetime(2026, 4, 30, 12, 0, tzinfo=CHINA): "last_day",
    }
    for moment, reason in moments.items():
        assert world.send(world.redeem("a", 1, time=moment)).reason == reason, moment


def test_the_reasons_have_an_order() -> None:
    world = world_with("a")
    last = datetime(2026, 3, 31, 12, tzinfo=CHINA)
    ways = [
        ({"carrier": "pigeon"}, "unknown_carrier"),
        ({"carrier": "radio"}, "carrier_closed"),
        ({"carrier": "mobile"}, "last_day"),
        ({"carrier": "mobile", "time": at(1)}, "no_such_tier"),
        ({"carrier": "unicom", "time": at(1), "until": at(1)}, "bad_term"),
        ({"carrier": "unicom", "time": at(1)}, "insufficient_balance"),
    ]
    for changes, reason in ways:
        event = world.redeem("a", 101, **{"time": last, **changes})  # type: ignore[arg-type]
        assert world.send(event).reason == reason


# -- why, in words --------------------------------------------------------------------------------


def test_a_refusal_says_which_carrier_since_when_and_what_remains_open() -> None:
    world = gated()
    program = world.rules.programs["p"]
    closed = world.redeem("a", 1, time=at(1.5))
    assert world.send(closed).reason == "carrier_closed"
    assert explain("carrier_closed", closed, program) == (
        "unicom is closed for everyone since 2026-03-02T00:00:00+00:00 until "
        "2026-03-03T00:00:00+00:00; open: mobile"
    )


@pytest.mark.parametrize(
    ("reason", "facts", "said"),
    [
        ("unknown_carrier", {"carrier": "pigeon"}, "p redeems at unicom, mobile, telecom, radio"),
        (
            "carrier_closed",
            {"carrier": "telecom", "network": "unicom"},
            (
                "telecom is closed for numbers of other networks; "
                "open: telecom for its own numbers, unicom, mobile"
            ),
        ),
        ("last_day", {"time": at(30)}, "it redeems again from 2026-03-31T16:00:00+00:00"),
        ("no_such_tier", {"carrier": "mobile"}, "mobile has 10 MB for 5, 30 MB for 14"),
        ("no_such_tier", {"carrier": "telecom"}, "telecom has any number of MB, 2 each"),
        ("insufficient_balance", {"amount": 101}, ""),
    ],
)
def test_what_the_rules_say_to_a_redemption(reason: str, facts: dict[str, Any], said: str) -> None:
    world = world_with("a")
    event = world.redeem("a", **{"amount": 1, **facts})
    assert world.send(event).reason == reason
    assert explain(reason, event, PROGRAMS["p"]) == said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("over_limit", "stamp gives at most 10 at once"),
        ("daily_cap", "stamp gives at most 12 on one day"),
        ("lifetime_cap", "stamp gives at most 30 in all"),
        ("balance_limit", ""),
    ],
)
def test_what_the_rules_say_to_an_earn(reason: str, said: str) -> None:
    event = world_with("a").earn("a", "stamp", amount=11)
    assert explain(reason, event, PROGRAMS["p"]) == said
