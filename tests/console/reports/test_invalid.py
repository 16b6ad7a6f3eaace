"""Reports are net of invalid traffic: as a plain reading of the events without it."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.invalid.judging import due, judge, withdraw
from console.invalid.rules import rules
from console.reporting.freshness import freshness
from console.reports.basis import QueryLog
from console.reports.consistency import InconsistentError
from console.reports.duplication import duplication
from console.reports.frequency import REPORT, Asked, frequency
from sql.client import rows
from sql.days import refill
from tests.console.reports.test_cuts import figures, value_of
from tests.console.reports.test_frequency import Plain, agree, days, parts
from tests.exposures import CAMPAIGNS, attribute, insert, made_at_random

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from clickhouse_connect.driver.client import Client

    from console.invalid.rules import Rule
    from tests.exposures import Event

pytestmark = pytest.mark.clickhouse

RULES = {rule.name: rule for rule in rules()}
SPOIL = """
INSERT INTO invalid_events SELECT {spoilt} FROM
(
    SELECT * FROM invalid_events
    WHERE counted = 1 AND kind = 'exposure' AND campaign = 'a' LIMIT 1
)
"""


def strict(most: int, robots: tuple[str, ...] = ("robot",)) -> tuple[Rule, ...]:
    """Rules that find much: who sees more than `most` of a campaign a day, and `robots`."""
    rate = dataclasses.replace(
        RULES["rate"],
        parameters={"exposures_max": most, "clicks_max": most, "window_seconds": 86_400},
    )
    return rate, dataclasses.replace(RULES["robots"], entries=robots)


class Net(Plain):
    """The same figures of the events that no rule holds for invalid."""

    def __init__(self, client: Client, events: Iterable[Event], zone: str = "UTC") -> None:
        super().__init__(events, zone)
        query = "SELECT DISTINCT campaign, kind, person, source, id FROM invalid_verdicts"
        self.invalid = set(client.query(query).result_rows)

    def is_invalid(self, event: Event) -> bool:
        name = ("campaign", "type", "person", "source", "id")
        return tuple(event[key] for key in name) in self.invalid

    def _is_in(self, event: Event, *window: Any, **more: Any) -> bool:
        return not self.is_invalid(event) and super()._is_in(event, *window, **more)


def with_robots(events: list[Event]) -> list[Event]:
    """Give some events of exposure a robot's name, so that some people have both kinds."""
    return [
        {**e, "agent": "a robot" if e["type"] == "exposure" and hash_of(e) % 4 == 0 else "phone"}
        for e in events
    ]


def hash_of(event: Event) -> int:
    return int(sum(event["id"].encode())) + len(event["person"])


def run(client: Client, own: tuple[Rule, ...]) -> None:
    for _ in judge(client, due(client, None, own), own):
        pass


def hold(client: Client, events: list[Event], zone: str = "UTC") -> Net:
    """Hold reports of all kinds to the plain reading; return it."""
    net = Net(client, events, zone)
    for campaigns in (["a"], ["c", "a", "b"]):
        agree(frequency(client, Asked(campaigns, zone=zone)), net, {})
    found = frequency(client, Asked(["a", "b"], begin="2026-03-02", end="2026-03-05", zone=zone))
    agree(found, net, {"begin": date(2026, 3, 2), "end": date(2026, 3, 5)})
    found = frequency(client, Asked(CAMPAIGNS, by="channel", zone=zone))
    parts(found, net, lambda event: str(event["channel"]))
    found = frequency(client, Asked(CAMPAIGNS, by="region", zone=zone))
    region = attribute(net.events, "region")
    parts(found, net, lambda event: region.get(net.person(event), ""))
    days(found, net, {})
    gross(found, net)
    pairs(client, net, zone)
    return net


def gross(found: Any, net: Net) -> None:
    """Hold gross, invalid and the people of each rule."""
    everything = Plain(net.events, net.zone)
    shown: defaultdict[tuple[str, bool], list[Any]] = defaultdict(list)
    for row in found.invalid:
        shown[row.basis, row.incentivised].append(row)
    for key, own in shown.items():
        events = everything._of(key, CAMPAIGNS)
        broken = [event for event in events if net.is_invalid(event)]
        total = own[0]
        assert total.rule == "any rule"
        assert (total.gross, total.invalid) == (len(events), len(broken))
        assert total.net == len(events) - len(broken)
        assert total.people == len({event["person"] for event in broken})
        assert total.reach_gross == len(everything.times(events))
        assert sum(row.invalid for row in own[1:]) >= total.invalid


def pairs(client: Client, net: Net, zone: str) -> None:
    """Hold what campaigns share to the plain reading."""
    found = duplication(client, CAMPAIGNS, "served", None, None, zone)
    who: dict[str, set[str]] = {}
    for name in CAMPAIGNS:
        for person in net.times(net._of(("served", False), [name])):
            who.setdefault(person, set()).add(name)
    only = Counter(frozenset(names) for names in who.values())
    assert {frozenset(own.campaigns): own.only for own in found.combinations} == only


@settings(max_examples=2)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(100, 600))
def test_reports_are_net_also_after_late_events_and_changed_rules(
    fresh: Callable[[], Client], seed: int, most: int, cut: int
) -> None:
    client, events = fresh(), with_robots(made_at_random(seed, people=25))
    insert(client, events[:cut])
    run(client, strict(most))
    insert(client, events[cut:])  # some of them of people who are suspect by now
    hold(client, events)
    run(client, strict(most))
    assert hold(client, events).invalid
    run(client, strict(most + 1, robots=()))
    hold(client, events)
    run(client, ())
    assert not hold(client, events).invalid


def test_verdicts_outlive_a_rebuild_in_another_zone_and_repeated_feeding(
    fresh: Callable[[], Client],
) -> None:
    client, events = fresh(), with_robots(made_at_random(5))
    for _ in range(2):
        insert(client, events, "once")
    run(client, strict(2))
    refill(client, "Asia/Shanghai")
    assert hold(client, events, "Asia/Shanghai").invalid
    refill(client, "UTC")  # the feed itself sees what it stored, so it repeats nothing after this
    run(client, strict(2))
    assert hold(client, events).invalid


def test_nothing_is_said_where_nothing_is_invalid(fresh: Callable[[], Client]) -> None:
    client, events = fresh(), made_at_random(6)
    insert(client, events)
    found = frequency(client, Asked(["a"]))
    assert found.invalid == ()
    assert "reports/frequency_gross" not in {query.name for query in found.queries}


def test_a_campaign_whose_every_event_is_invalid_reached_nobody(
    fresh: Callable[[], Client],
) -> None:
    client = fresh()
    events = [{**e, "agent": "robot"} for e in made_at_random(7) if e["type"] == "exposure"]
    insert(client, events)
    run(client, strict(1))
    found = frequency(client, Asked(CAMPAIGNS, by="channel"))
    assert {(own.reach, own.impressions) for own in found.bases} == {(0, 0)}
    assert (found.by_day, found.parts) == ((), ())
    served = next(own for own in found.invalid if own.rule == "any rule" and own.basis == "served")
    assert (served.share, served.net, served.reach_net) == (1, 0, 0)
    assert served.reach_gross > 0


@pytest.mark.parametrize(
    "spoilt",
    ["* REPLACE (0 AS sign)", "* REPLACE (0 AS counted, 'x' || id AS id)"],
)
def test_figures_that_contradict_each_other_are_withheld(
    fresh: Callable[[], Client], spoilt: str
) -> None:
    client, events = fresh(), with_robots(made_at_random(8))
    insert(client, events)
    run(client, strict(2))
    frequency(client, Asked(["a"]))
    client.command(SPOIL.format(spoilt=spoilt))
    with pytest.raises(InconsistentError, match="the figures contradict each other"):
        frequency(client, Asked(["a"]))


@pytest.mark.parametrize("cut", ["channel", "hour", "region"])
def test_a_verdict_changes_nothing_of_what_was_known_before_it(
    fresh: Callable[[], Client], cut: str
) -> None:
    client = fresh()
    events = [
        {**e, "arrived": datetime(2020, 1, 1, tzinfo=UTC)} for e in with_robots(made_at_random(10))
    ]
    insert(client, events)
    asked = Asked(CAMPAIGNS, by=cut, seconds=5.0)
    first = frequency(client, asked)
    run(client, strict(2))
    now = frequency(client, asked)
    assert now.invalid
    net = Net(client, events)
    parts(now, net, value_of(cut, net))
    for own in now.bases:
        if own.basis == "viewable":
            seen = [event["seconds"] for event in net.of(own, CAMPAIGNS)]
            assert own.weighted_impressions == pytest.approx(sum(min(1, s / 5) for s in seen))
    assert figures(frequency(client, asked._replace(known_on="2020-01-01"))) == figures(first)
    assert figures(frequency(client, asked._replace(known_on="2148-01-01"))) == figures(now)


def test_what_is_taken_back_counts_again(fresh: Callable[[], Client]) -> None:
    client = fresh()
    events = [{**e, "agent": "curl/8.5.0"} for e in made_at_random(9)]
    insert(client, events)
    run(client, rules())
    assert hold(client, events).invalid
    withdraw(client, RULES["robots"], "they were people")
    run(client, rules())
    held = {row["rule"] for row in rows(client, "verdicts/rules")}
    assert "robots" not in held
    hold(client, events)


def test_late_events_are_counted_net(fresh: Callable[[], Client]) -> None:
    client = fresh()
    events = [
        {**event, "arrived": event["time"] + timedelta(days=3)}
        for event in with_robots(made_at_random(8))
    ]
    insert(client, events)
    asked = {each.name: each.default for each in REPORT.parameters}
    asked |= {"campaign": ["a"], "end": "2026-03-04"}

    def late() -> int | None:
        return freshness(QueryLog(client), REPORT, asked, "UTC", None).late_events

    def plainly(net: Plain) -> int:
        last = date(2026, 3, 4)
        return sum(
            event["campaign"] == "a"
            and event["arrived"].date() > last
            and net._is_in(event, None, last)
            for event in events
        )

    assert late() == plainly(Plain(events)) > 0
    run(client, strict(2))
    net = Net(client, events)
    assert net.invalid
    assert late() == plainly(net) < plainly(Plain(events))
