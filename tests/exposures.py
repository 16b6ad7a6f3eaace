"""Contacts and exposures made at random, and what the tables of reach must hold of them."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clickhouse_connect.driver.client import Client

Event = dict[str, Any]

PARTITIONS = 4
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
CAMPAIGNS = ("a", "b", "c")
LIMITS = {"display": (0.5, 1.0), "large_display": (0.3, 1.0), "video": (0.5, 2.0)}
FEED = {"async_insert": 0, "deduplicate_blocks_in_dependent_materialized_views": 1}
NONE = {
    **dict.fromkeys(("campaign", "channel", "format", "creative", "other", "kind"), ""),
    **dict.fromkeys(("pixels", "seconds", "cost", "linked", "value"), None),
    "source": "ads",
    "paid": False,
    "attributes": {},
    "topic": "campaign.accepted",
}


def made_at_random(seed: int, events: int = 600, people: int = 60) -> list[Event]:
    """Return events in the order in which they arrive, which is not that of their times."""
    draw = random.Random(seed)
    found = [_event(draw, n, people) for n in range(events)]
    found += [_person_event(draw, n, people) for n in range(events // 10)]
    draw.shuffle(found)
    offsets: Counter[int] = Counter()
    for event in found:
        number = number_of(event["person"])
        event |= {"number": number, "partition": number % PARTITIONS}
        event["offset"] = offsets[event["partition"]]
        offsets[event["partition"]] += 1
    return found


def number_of(person: str) -> int:
    """Return the number of a person: numbers are dense, from `PARTITIONS` on."""
    return int(person.removeprefix("p")) + PARTITIONS


def _event(draw: random.Random, n: int, people: int) -> Event:
    kind = draw.choice(["contact", "exposure", "exposure", "exposure", "click", "conversion"])
    event = {
        **NONE,
        "id": f"e{n}",
        "type": kind,
        "time": BEGIN + timedelta(seconds=draw.randrange(9 * 86_400)),
        "person": f"p{min(draw.randrange(people), draw.randrange(people))}",
        "campaign": draw.choice(CAMPAIGNS),
    }
    if kind in {"contact", "exposure"}:
        event |= {
            "channel": draw.choice(["app", "web"]),
            "cost": draw.choice([None, 0, 3, 250]),
        }
    if kind == "exposure":
        event |= {
            "format": draw.choice(list(LIMITS)),
            "creative": draw.choice(["", "red", "blue"]),
            "pixels": draw.choice([None, 0.0, 0.29, 0.3, 0.49, 0.5, 1.0]),
            "seconds": draw.choice([None, 0.0, 0.99, 1.0, 1.99, 2.0, 30.0]),
            "paid": draw.random() < 0.2,
        }
    return event


def _person_event(draw: random.Random, n: int, people: int) -> Event:
    person, other = draw.sample(range(people), 2)
    event = {**NONE, "id": f"p{n}", "time": BEGIN + timedelta(hours=draw.randrange(200))}
    event["person"] = f"p{person}"
    match draw.choice(["link", "profile", "opened"]):
        case "link":
            linked = draw.random() < 0.8
            return event | {"type": "link", "other": f"p{other}", "kind": "x", "linked": linked}
        case "profile":
            value = draw.choice(["north", "south", None])
            return event | {"type": "profile", "attributes": {"region": json.dumps(value)}}
        case _:
            return event | {"type": "opened"}


def insert(client: Client, events: Iterable[Event], token: str = "") -> None:
    """Insert events as the feed does; with a token, once only."""
    rows = list(events)
    names = list(rows[0])
    client.insert(
        "campaign_events",
        [[row[name] for name in names] for row in rows],
        column_names=names,
        settings={**FEED, "insert_deduplication_token": token} if token else {},
    )


def is_measurable(event: Event) -> bool:
    return event["pixels"] is not None and event["seconds"] is not None


def is_viewable(event: Event) -> bool:
    if event["type"] != "exposure" or not is_measurable(event):
        return False
    pixels, seconds = LIMITS[event["format"]]
    return bool(event["pixels"] >= pixels and event["seconds"] >= seconds)


def bases_of(event: Event) -> list[str]:
    """Return the bases that an event counts in."""
    match event["type"]:
        case "contact":
            return ["contacted"]
        case "exposure":
            return ["served", "viewable"] if is_viewable(event) else ["served"]
        case _:
            return []


def day_of(event: Event, zone: str = "UTC") -> Any:
    return event["time"].astimezone(ZoneInfo(zone)).date()


def tables(events: Sequence[Event], zone: str = "UTC") -> dict[str, Any]:
    """Return what each table of reach holds of `events`, merged."""
    days, by_day, whole = defaultdict(set), defaultdict(set), defaultdict(set)
    sums: defaultdict[Any, list[int]] = defaultdict(lambda: [0] * 5)
    counts: defaultdict[Any, Counter[str]] = defaultdict(Counter)
    for event in events:
        of = (
            *(event["paid"], day_of(event, zone), event["channel"]),
            *(event["format"], event["creative"]),
        )
        for basis in bases_of(event):
            days[event["campaign"], basis, *of].add(event["number"])
            by_day[event["campaign"], basis, *of[:2]].add(event["number"])
            whole[event["campaign"], basis, event["paid"]].add(event["number"])
            paid = "_paid" if event["paid"] else ""
            counts[event["campaign"], event["number"], event["partition"]][basis + paid] += 1
        if event["type"] in {"contact", "exposure"}:
            row = sums[event["campaign"], event["type"], *of, event["partition"]]
            cost = event["cost"]
            more = (1, is_measurable(event), is_viewable(event), cost or 0, cost is not None)
            row[:] = [int(a + b) for a, b in zip(row, more, strict=True)]
    names = ("contacted", "served", "viewable", "served_paid", "viewable_paid")
    known = {e["number"] for e in events if e["type"] in {"link", "profile", "opened"}}
    return {
        "people_numbers": sorted({(event["person"], event["number"]) for event in events}),
        "people_bitmaps": [
            ("known", sorted(known)),
            ("seen", sorted({event["number"] for event in events})),
        ],
        "reach_days": sorted((*key, sorted(people)) for key, people in days.items()),
        "reach_by_day": sorted((*key, sorted(people)) for key, people in by_day.items()),
        "reach_campaigns": sorted((*key, sorted(people)) for key, people in whole.items()),
        "reach_sums": sorted((*key, *row) for key, row in sums.items()),
        "reach_counts": sorted((*k, *(own[name] for name in names)) for k, own in counts.items()),
    }


def owners(events: Iterable[Event]) -> dict[str, str]:
    """Return which ids count as somebody else: the person of the latest statement about each."""
    links = [event for event in events if event["type"] == "link"]
    latest = {event["other"]: event for event in sorted(links, key=_said)}
    return {other: event["person"] for other, event in latest.items() if event["linked"]}


def _said(event: Event) -> tuple[Any, ...]:
    return event["time"], event["partition"], event["offset"]


def attribute(events: Iterable[Event], name: str, before: Any = None) -> dict[str, str]:
    """Return the value last said of each person whom a profile gives one, up to a day in UTC."""
    own = owners(events := list(events))
    values: dict[str, str] = {}
    for event in sorted(events, key=_said):
        if name in event["attributes"] and (before is None or day_of(event) < before):
            values[own.get(event["person"], event["person"])] = json.loads(
                event["attributes"][name]
            )
    return {person: value for person, value in values.items() if value is not None}
