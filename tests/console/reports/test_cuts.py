"""Cuts by what is known of people and by hour, weights, and reports as known on a time."""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.reports.basis import NoReportError
from console.reports.consistency import name_of
from console.reports.cuts import PARTS_MAX, cut_of, require_parts
from console.reports.frequency import Asked, frequency
from tests.console.reports.test_frequency import Plain, agree, parts
from tests.exposures import (
    CAMPAIGNS,
    NONE,
    Event,
    attribute,
    insert,
    is_viewable,
    made_at_random,
    number_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from clickhouse_connect.driver.client import Client

    from console.reports.frequency_figures import FrequencyReport

pytestmark = pytest.mark.clickhouse

PEOPLE = [f"p{n}" for n in range(60)]
ARRIVED = datetime(2026, 4, 1, tzinfo=UTC)
AUDIENCES = {"loyal": PEOPLE[::3], "new": PEOPLE[::4]}
SCORES = {person: random.Random(person).random() for person in PEOPLE[:47]}
CUTS = (
    *("channel", "creative", "format", "hour", "region"),
    *("audience:loyal", "audience:new,loyal", "decile:shop", "arm"),
)


class World:
    """A warehouse into which batches of events arrive, and all of these events."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.events: list[Event] = []
        self.now = ARRIVED
        self._batches = itertools.count()
        self._arrive([{**NONE, "type": "opened", "person": person} for person in PEOPLE])
        frozen = [
            ["shop", name, date(2026, 4, 1), "m", "{}", len(people), 0, name, ARRIVED]
            for name, people in AUDIENCES.items()
        ]
        client.insert("audiences", frozen)
        client.insert(
            "audience_members",
            [
                ["shop", name, name, person, 0.5, rank]
                for name, people in AUDIENCES.items()
                for rank, person in enumerate([*people, "nobody"], 1)
            ],
        )
        client.insert(
            "scores",
            [
                ["shop", on, "m", person, score if on.month == 3 else 1 - score]
                for on in (date(2026, 3, 2), date(2026, 2, 1))
                for person, score in SCORES.items()
            ],
        )

    def arrive(self, seed: int, size: int) -> None:
        """Have events at random arrive, which may be late, and assignments to arms."""
        draw = random.Random(seed)
        self._arrive(
            [
                *made_at_random(seed, events=size),
                *(
                    {**NONE, "type": "assignment", "campaign": "a", "person": person,
                     "time": ARRIVED, "arm": draw.choice(["drop", "drop", "drop", "none"])}
                    for person in draw.sample(PEOPLE, size // 10)
                ),
            ]
        )  # fmt: skip

    def _arrive(self, events: Iterable[Event]) -> None:
        batch = next(self._batches)
        self.now += timedelta(minutes=1)
        rows = [
            {
                "time": ARRIVED,
                "arm": "",
                **event,
                "id": f"{batch}-{n}",
                "number": number_of(event["person"]),
                "partition": 0,
                "offset": len(self.events) + n,
                "arrived": self.now,
            }
            for n, event in enumerate(events)
        ]
        insert(self.client, rows)
        self.events += rows

    def known(self, at: datetime) -> Plain:
        """Return a plain reading of what had arrived."""
        return Plain(event for event in self.events if event["arrived"] <= at)


def value_of(
    cut: str, plain: Plain, zone: str = "UTC", as_of: date | None = None
) -> Callable[[Event], str]:
    """Return in which part of a cut an event is, by a plain reading."""
    if cut == "hour":
        return lambda event: f"{event['time'].astimezone(ZoneInfo(zone)).hour:02}"
    if cut in {"channel", "creative", "format"}:
        return lambda event: str(event[cut])
    if cut == "region":
        region = attribute(plain.events, cut, as_of)
        return lambda event: region.get(plain.person(event), "")
    values = defaultdict(set)
    for person, value in said(cut, plain, as_of):
        values[plain.owners.get(person, person)].add(value)
    if cut.startswith("decile"):
        return lambda event: min(values[plain.person(event)], default="").strip()
    return lambda event: " + ".join(sorted(values[plain.person(event)]))


def said(cut: str, plain: Plain, as_of: date | None) -> Iterable[tuple[str, str]]:
    """Yield what a cut by audience, decile or arm says of each id."""
    kind, _, names = cut.partition(":")
    if kind == "audience":
        yield from ((person, name) for name in names.split(",") for person in AUDIENCES[name])
    elif kind == "decile":
        scores = {p: 1 - s if as_of and as_of.month < 3 else s for p, s in SCORES.items()}
        for rank, person in enumerate(sorted(scores, key=lambda p: (-scores[p], p)), 1):
            yield person, f"{math.ceil(10 * rank / len(scores)):2}"
    else:
        for event in plain.events:
            if event["type"] == "assignment":
                yield event["person"], event["arm"]


@pytest.fixture(scope="module")
def world(fresh: Callable[[], Client]) -> World:
    made = World(fresh())
    made.arrive(1, 500)
    made.arrive(2, 300)
    return made


@pytest.mark.parametrize("cut", CUTS)
def test_every_cut_is_as_a_plain_reading_has_it(world: World, cut: str) -> None:
    campaigns = ["a"] if cut == "arm" else [*CAMPAIGNS]
    found = frequency(world.client, Asked(campaigns, by=cut))
    plain = world.known(world.now)
    agree(found, plain, {})
    parts(found, plain, value_of(cut, plain))
    people = defaultdict(set)
    for event in plain.events:
        people[value_of(cut, plain)(event)].add(plain.person(event))
    is_of_people = cut not in {"channel", "creative", "format", "hour"}
    for part in found.parts:
        every = part.population if is_of_people else found.population
        assert part.population == (len(people[part.part]) if is_of_people else None)
        assert every
        assert part.reach_share == part.reach / every
        assert part.grp == 100 * part.impressions / every
        assert (part.cost_per_person_cents is None) == (part.reach == 0)
        if part.reach:
            assert part.cost_per_person_cents == part.cost_cents / part.reach
            assert part.cost_per_thousand_cents == 1000 * part.cost_cents / part.impressions
    for own in found.bases:
        added = sum(part.reach for part in found.parts if name_of(part) == name_of(own))
        assert added == own.reach if is_of_people else added >= own.reach


def test_a_cut_has_its_parts_in_order(world: World) -> None:
    def of(cut: str) -> list[str]:
        found = frequency(world.client, Asked(["a"], by=cut))
        return [part.part for part in found.parts if name_of(part) == "served"]

    assert of("decile:shop") == ["", *map(str, range(1, 11))]
    assert of("audience:new,loyal") == ["", "loyal", "loyal + new", "new"]
    assert of("arm") == ["", "drop", "drop + none", "none"]
    assert of("hour") == sorted(of("hour"))


def test_people_are_cut_as_of_the_windows_start(world: World) -> None:
    window = {"begin": "2026-03-04", "end": "2026-03-06"}
    plain = world.known(world.now)
    for cut in ("region", "decile:shop"):
        start = frequency(world.client, Asked(CAMPAIGNS, by=cut, **window, as_of="start"))
        dated = frequency(world.client, Asked(CAMPAIGNS, by=cut, **window, as_of="2026-03-04"))
        now = frequency(world.client, Asked(CAMPAIGNS, by=cut, **window))
        assert start == dated
        assert start.as_of == date(2026, 3, 4)
        assert (start.parts == now.parts) == (cut != "region")  # the last run is of before
    early = frequency(world.client, Asked(CAMPAIGNS, by="decile:shop", as_of="2026-02-10"))
    parts(early, plain, value_of("decile:shop", plain, as_of=date(2026, 2, 10)))


@pytest.mark.parametrize("window", [{}, {"begin": "2026-03-03", "end": "2026-03-05"}])
def test_viewable_impressions_are_weighted_by_their_time_in_view(
    world: World, window: dict[str, str]
) -> None:
    found = frequency(world.client, Asked(CAMPAIGNS, by="channel", seconds=8.0, **window))
    without = frequency(world.client, Asked(CAMPAIGNS, by="channel", **window))
    plain = world.known(world.now)
    days = {name: date.fromisoformat(day) for name, day in window.items()}
    for own, bare in zip(found.bases, without.bases, strict=True):
        assert bare.weighted_impressions is bare.weighted_grp is None
        if own.basis != "viewable":
            assert own.weighted_impressions is None
            continue
        events = plain.of(own, CAMPAIGNS, **days)
        assert all(map(is_viewable, events))
        weight = sum(min(1, event["seconds"] / 8) for event in events)
        assert own.weighted_impressions == pytest.approx(weight)
        assert own.weighted_grp == pytest.approx(100 * weight / found.population)
        assert 0 < own.weighted_impressions < own.impressions
        added = [p.weighted_impressions for p in found.parts if name_of(p) == name_of(own)]
        assert sum(filter(None, added)) == pytest.approx(weight)
        plainer = dataclasses.replace(own, weighted_impressions=None, weighted_grp=None)
        assert plainer == bare
    assert any("8 seconds or more" in note.en for note in found.notes)


def test_all_campaigns_of_an_advertiser(fresh: Callable[[], Client]) -> None:
    world = World(fresh())
    world.arrive(3, 200)
    says = [("a", "Tea"), ("c", "Tea"), ("b", "Rice")]
    rows = [
        {**NONE, "id": f"d{n}", "type": "describe", "campaign": name, "person": "p0",
         "number": 4, "time": ARRIVED, "description": f'{{"advertiser":"{advertiser}"}}'}
        for n, (name, advertiser) in enumerate(says)
    ]  # fmt: skip
    insert(world.client, rows)
    found = frequency(world.client, Asked(advertiser="Tea"))
    named = frequency(world.client, Asked(["a", "c"]))
    assert found.advertiser == "Tea"
    assert figures(found) == figures(named)


def figures(found: FrequencyReport) -> FrequencyReport:
    """Return a report without what says how it was asked for."""
    return dataclasses.replace(found, known_on=None, advertiser=None, notes=(), queries=())


BATCHES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(20, 80)), min_size=2, max_size=3)
WINDOWS = st.sampled_from([{}, {"begin": "2026-03-03"}, {"begin": "2026-03-02", "as_of": "start"}])


@pytest.fixture(scope="module")
def growing(fresh: Callable[[], Client]) -> World:
    """A world to which every example adds; what it held before must not change what is asked."""
    made = World(fresh())
    profile = {**NONE, "type": "profile", "person": "p0", "attributes": {"region": '"north"'}}
    made._arrive([{**profile, "time": datetime(2026, 2, 1, tzinfo=UTC)}])
    made.arrive(4, 300)
    return made


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(batches=BATCHES, cut=st.sampled_from(CUTS), window=WINDOWS, weighted=st.booleans())
def test_what_was_known_on_a_time_is_reported_again(
    growing: World,
    batches: list[tuple[int, int]],
    cut: str,
    window: dict[str, str],
    weighted: bool,  # noqa: FBT001 - drawn
) -> None:
    campaigns = ("a",) if cut == "arm" else CAMPAIGNS
    asked = Asked(campaigns, by=cut, **window, seconds=5.0 if weighted else None)
    reported = []
    for seed, size in batches:
        growing.arrive(seed, size)
        reported.append((growing.now, frequency(growing.client, asked)))
    for at, first in reported:
        again = frequency(growing.client, asked._replace(known_on=at.isoformat()))
        assert figures(again) == figures(first)
        assert again.known_on == at
        plain = growing.known(at)
        days = {n: date.fromisoformat(day) for n, day in window.items() if n == "begin"}
        agree(again, plain, days)
        if not window:
            parts(again, plain, value_of(cut, plain))


def test_a_link_that_is_withdrawn_later_held_when_it_was_reported(
    fresh: Callable[[], Client],
) -> None:
    world = World(fresh())
    shown = {**NONE, "type": "contact", "campaign": "a", "time": ARRIVED, "cost": 5}
    link = {**NONE, "type": "link", "person": "p1", "other": "p2", "kind": "x"}
    world._arrive([{**shown, "person": person} for person in ("p1", "p2", "p3")])
    apart = world.now
    world._arrive([{**link, "linked": True, "time": ARRIVED}])
    linked = world.now
    world._arrive([{**link, "linked": False, "time": ARRIVED + timedelta(1)}])
    world._arrive([{**shown, "person": "p9", "time": ARRIVED - timedelta(30)}])

    def reach(known_on: datetime | None) -> tuple[int, int, int | None]:
        text = known_on.isoformat() if known_on else None
        (contacted, *_) = frequency(world.client, Asked(["a"], known_on=text)).bases
        return contacted.reach, contacted.impressions, contacted.cost_cents

    assert reach(apart) == (3, 3, 15)
    assert reach(linked) == (2, 3, 15)
    assert reach(None) == (4, 4, 20)
    day = frequency(world.client, Asked(["a"], known_on="2026-04-01"))
    assert figures(day) == figures(frequency(world.client, Asked(["a"])))
    before = frequency(world.client, Asked(["a"], known_on="2026-03-31"))
    assert (before.population, before.bases[0].reach) == (0, 0)


def test_a_cut_of_too_many_parts_is_refused() -> None:
    cut = cut_of("history_cents", ("spring",))
    require_parts(cut, map(str, range(PARTS_MAX)))
    with pytest.raises(
        NoReportError, match=r"'history_cents' has 1,201 values .* 200 are the most"
    ):
        require_parts(cut, map(str, range(1_201)))
