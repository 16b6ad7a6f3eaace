"""Calls as Segment's documentation shows them, every tenth broken in its own way."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.intake.exports import FUTURE, Break, is_broken

Call = dict[str, Any]

PEOPLE = 90
START = datetime(2024, 5, 1, 9, tzinfo=UTC)
BROKEN = (
    Break("messageId", None, "messageId", "identify"),
    Break("messageId", "m" * 300, "at most 200 characters", "Order Completed"),
    Break("userId", "0\u200b7", "zero width", "identify"),
    Break("userId", {"id": 1}, "neither a text nor a number", "Order Completed"),
    Break("userId", None, "says whose it is", "Product Viewed"),
    Break("anonymousId", "d" * 150, "at most 128 characters", "identify"),
    Break("timestamp", "soon", "no time", "Promotion Viewed"),
    Break("timestamp", FUTURE.isoformat(), "at most", "identify"),
    Break("traits.gender", "robot", "must be one of", "identify"),
    Break("traits.birthYear", 3000, "2100", "identify"),
    Break("traits.bio", "x" * 201, "attributes.bio", "identify"),
    Break("properties.promotion_id", None, "campaign", "Promotion Viewed"),
    Break("properties.promotion_id", ["p"], "neither", "Promotion Clicked"),
    Break("properties.format", "banner", "must be one of", "Promotion Viewed"),
    Break("properties.revenue", "a lot", "no number", "Order Completed"),
    Break("properties.revenue", -5, "at least 0", "Order Completed"),
    Break("properties.order_id", "A\x07", "control", "Order Completed"),
)
KINDS = (
    *("identify", "Promotion Viewed", "Promotion Clicked", "Product Viewed"),
    *("Order Completed", "Signed Up", "page"),
)


def calls(count: int) -> tuple[list[Call], dict[int, Break]]:
    """Return calls, and which of them are broken, from 0, and how."""
    draw = random.Random(14)
    broken = {
        place: BROKEN[turn % len(BROKEN)]
        for turn, place in enumerate(place for place in range(count) if is_broken(place))
    }
    made = []
    for place in range(count):
        one = broken.get(place)
        call = _call(place, draw.choice(KINDS) if one is None else one.of, draw)
        if one is not None:
            *above, last = one.place.split(".")
            (call[above[0]] if above else call)[last] = one.value
            if one.place == "userId" and one.value is None:
                del call["anonymousId"]
        made.append(call)
    return made, broken


def _call(place: int, kind: str, draw: random.Random) -> Call:
    user = draw.randrange(PEOPLE)
    call: Call = {
        "messageId": f"022bb90c-bbac-11e4-8dfc-{place:012d}",
        "anonymousId": f"507f191e{user}",
        "userId": f"member:{user + 50:03d}",
        "timestamp": f"{START + timedelta(seconds=place * 37):%Y-%m-%dT%H:%M:%S}.276Z",
        "context": {"campaign": {"name": "may", "source": "mail"}, "ip": "8.8.8.8"},
        "integrations": {"All": False, "Mixpanel": True},
        "type": "track",
    }
    match kind:
        case "identify":
            gender = draw.choice(("female", "male"))
            traits = {"gender": gender, "birthYear": 1950 + user % 50, "plan": "premium"}
            address = {"city": draw.choice(("杭州", "北京")), "postalCode": "94103"}
            return call | {"type": "identify", "traits": traits | {"address": address}}
        case "Promotion Viewed" | "Promotion Clicked":
            shown: Call = {"promotion_id": draw.choice(("p1", "p2")), "name": "top_banner"}
            call["context"] = {"ip": "8.8.8.8"}
            if draw.randrange(4) == 0:  # somebody who is not known yet
                del call["userId"]
            return call | {"event": kind, "properties": shown}
        case "Order Completed":
            order = {"order_id": f"A{place}", "revenue": draw.randrange(10_000) / 100}
            return call | {"event": kind, "properties": order | {"currency": "USD"}}
        case "page":
            return call | {"type": "page", "name": "Home"}
    return call | {"event": kind, "properties": {"sku": "G-32"}}
