"""Reach and frequency of days made at random equal what plain Python reads from the same events."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from console.reporting.figures import any_figure
from console.reports.basis import NoReportError
from console.reports.consistency import InconsistentError, check, name_of
from console.reports.frequency import Asked, frequency
from console.reports.reach import reach
from console.web.formats import cell
from sql.days import refill
from tests.exposures import (
    CAMPAIGNS,
    Event,
    attribute,
    bases_of,
    day_of,
    insert,
    is_measurable,
    made_at_random,
    owners,
)
from tests.long import sized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from clickhouse_connect.driver.client import Client

    from console.reports.frequency_figures import FrequencyReport

pytestmark = pytest.mark.clickhouse

KNOWN = {"link", "profile", "opened"}
SEEDS = range(sized(1, 3))
STRANGER = """
INSERT INTO reach_days SELECT * REPLACE (bitmapBuild([4294967295::UInt32]) AS people)
FROM reach_days WHERE basis = 'viewable' LIMIT 1
"""


class Plain:
    """The same figures, read from the events one at a time."""

    def __init__(self, events: Iterable[Event], zone: str = "UTC") -> None:
        self.events = list(events)
        self.zone = zone
        self.owners = owners(self.events)
        self.population = {self.person(event) for event in self.events}
        self.known = {self.person(e) for e in self.events if e["type"] in KNOWN}
        self.known |= {event["person"] for event in self.events if event["type"] == "link"}

    def person(self, event: Event) -> str:
        return self.owners.get(event["person"], event["person"])

    def of(self, own: Any, campaigns: Iterable[str], **only: Any) -> list[Event]:
        """Return the events of a basis."""
        return self._of((own.basis, own.incentivised), campaigns, **only)

    def priced(self, own: Any, campaigns: Iterable[str], **only: Any) -> list[Event]:
        """Return the events whose cost is that of a basis."""
        return self._of((served_for(own.basis), own.incentivised), campaigns, **only)

    def _of(self, key: tuple[str, bool], campaigns: Iterable[str], **only: Any) -> list[Event]:
        basis, incentivised = key
        found = []
        for event in self.events:
            if event["campaign"] not in campaigns or basis not in bases_of(event):
                continue
            if event["paid"] == incentivised and self._is_in(event, **only):
                found.append(event)
        return found

    def _is_in(
        self, event: Event, begin: date | None = None, end: date | None = None, **values: Any
    ) -> bool:
        on = day_of(event, self.zone)
        return (
            (begin is None or on >= begin)
            and (end is None or on <= end)
            and all(event[name] == value for name, value in values.items())
        )

    def times(self, events: Iterable[Event]) -> Counter[str]:
        return Counter(self.person(event) for event in events)


def cents(events: Iterable[Event]) -> int | None:
    """What events cost: nothing if there are none, not known if none of them says."""
    said = [event["cost"] for event in events]
    return sum(cost or 0 for cost in said) if set(said) != {None} else None


def served_for(basis: str) -> str:
    return "served" if basis == "viewable" else basis


def bins(times: Counter[str]) -> tuple[int, ...]:
    return tuple(sum(n == k or (k == 10 and n > 10) for n in times.values()) for k in range(1, 11))


def agree(found: FrequencyReport, plain: Plain, window: dict[str, Any]) -> None:
    """Hold a report to the plain reading."""
    assert found.population == len(plain.population)
    assert found.population_known == len(plain.population & plain.known)
    for own in found.bases:
        events = plain.of(own, found.campaigns, **window)
        served = plain.priced(own, found.campaigns, **window)
        times = plain.times(events)
        assert own.reach == len(times)
        assert own.reach_known == len(times.keys() & plain.known)
        assert own.reach_unlinked == len(times.keys() - plain.known)
        assert own.impressions == len(events)
        assert own.reached_times == bins(times)
        for k, people in enumerate(own.reach_plus, 1):
            assert people == sum(n >= k for n in times.values())
        assert own.average_frequency == (len(events) / len(times) if times else None)
        assert own.reach_share == len(times) / found.population
        assert own.grp == pytest.approx(100 * len(events) / found.population)
        assert own.priced == sum(event["cost"] is not None for event in served)
        assert own.cost_cents == cents(served)
        if own.cost_cents is not None and events:
            assert own.cost_per_thousand_cents == pytest.approx(1000 * own.cost_cents / len(events))
            assert own.cost_per_person_cents == pytest.approx(own.cost_cents / len(times))
            assert own.cost_per_grp_cents == pytest.approx(own.cost_cents / own.grp)
        if own.basis == "contacted":
            assert own.measurable is None
        else:
            assert own.measurable == sum(map(is_measurable, served))
    every = {(own.basis, own.incentivised) for own in found.bases}
    assert {*every} >= {("contacted", False), ("served", False), ("viewable", False)}
    days(found, plain, window)
    for each in found.by_campaign:
        events = plain.of(each, [each.campaign], **window)
        assert (each.reach, each.impressions) == (len(plain.times(events)), len(events))
        assert each.cost_cents == cents(plain.priced(each, [each.campaign], **window))
    assert [each.campaign for each in found.by_campaign[:: len(found.bases)]] == [*found.campaigns]


def days(found: FrequencyReport, plain: Plain, window: dict[str, Any]) -> None:
    for figures in found.bases:
        own = [on for on in found.by_day if name_of(on) == name_of(figures)]
        served = plain.priced(figures, found.campaigns, **window)
        assert [on.day for on in own] == sorted({day_of(event, plain.zone) for event in served})
        so_far: set[str] = set()
        for on in own:
            day = {"begin": on.day, "end": on.day}
            times = plain.times(plain.of(on, found.campaigns, **day))
            assert (on.reach, on.impressions) == (len(times), sum(times.values()))
            assert on.new == len(times.keys() - so_far)
            so_far |= times.keys()
            assert on.cumulative == len(so_far)
            assert on.cost_cents == cents(plain.priced(on, found.campaigns, **day))


def parts(found: FrequencyReport, plain: Plain, value_of: Callable[[Event], str]) -> None:
    for own in found.bases:
        events = plain.of(own, found.campaigns)
        served = plain.priced(own, found.campaigns)
        cut = {part.part: part for part in found.parts if name_of(part) == name_of(own)}
        assert cut.keys() >= {value_of(event) for event in events}
        for part, figures in cut.items():
            times = plain.times(event for event in events if value_of(event) == part)
            assert (figures.reach, figures.impressions) == (len(times), sum(times.values()))
            assert figures.reached_times == bins(times)
            assert figures.cost_cents == cents(e for e in served if value_of(e) == part)


@pytest.fixture(scope="module", params=SEEDS)
def filled(fresh: Callable[[], Client], request: pytest.FixtureRequest) -> tuple[Client, Plain]:
    events = made_at_random(request.param)
    client = fresh()
    for start in range(0, len(events), 70):
        for _ in range(1 + start % 2):  # some of them again
            insert(client, events[start : start + 70], f"t{start}")
    return client, Plain(events)


@pytest.mark.parametrize("campaigns", [["a"], ["c", "a"], ["b", "a", "c", "b"]])
def test_whole_campaigns(filled: tuple[Client, Plain], campaigns: list[str]) -> None:
    client, plain = filled
    found = frequency(client, Asked(campaigns))
    assert found.campaigns == tuple(dict.fromkeys(campaigns))
    agree(found, plain, {})


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("2026-03-02", "2026-03-05"),
        ("2026-03-04", None),
        (None, "2026-03-01"),
        ("2030-01-01", None),
    ],
)
def test_a_window_of_days(filled: tuple[Client, Plain], begin: str, end: str) -> None:
    client, plain = filled
    found = frequency(client, Asked(["a", "b"], begin=begin, end=end))
    window = {"begin": begin, "end": end}
    agree(found, plain, {k: date.fromisoformat(v) for k, v in window.items() if v})


@pytest.mark.parametrize("by", ["channel", "creative", "format"])
def test_cuts_by_what_events_say(filled: tuple[Client, Plain], by: str) -> None:
    client, plain = filled
    found = frequency(client, Asked(CAMPAIGNS, by=by))
    agree(found, plain, {})
    parts(found, plain, lambda event: event[by])
    assert {part.population for part in found.parts} == {None}


@pytest.mark.parametrize("as_of", [None, "2026-03-04"])
def test_cuts_by_what_is_known_of_people(filled: tuple[Client, Plain], as_of: str | None) -> None:
    client, plain = filled
    found = frequency(client, Asked(CAMPAIGNS, by="region", as_of=as_of))
    before = date.fromisoformat(as_of) if as_of else None
    region = attribute(plain.events, "region", before)
    parts(found, plain, lambda event: region.get(plain.person(event), ""))
    for part in found.parts:
        people = sum(value == part.part for value in region.values())
        assert part.population == (people or found.population - len(region))
    for own in found.bases:  # people have one value each
        reached = sum(p.reach for p in found.parts if name_of(p) == name_of(own))
        assert reached == own.reach


def test_days_of_another_zone(fresh: Callable[[], Client]) -> None:
    events, client = made_at_random(11), fresh()
    insert(client, events)
    refill(client, "Asia/Shanghai")
    plain = Plain(events, "Asia/Shanghai")
    window = {"begin": "2026-03-02", "end": "2026-03-05"}
    found = frequency(client, Asked(["a", "b"], **window, zone="Asia/Shanghai"))
    agree(found, plain, {name: date.fromisoformat(day) for name, day in window.items()})
    with pytest.raises(NoReportError, match="Asia/Shanghai, and the setting zone is UTC"):
        frequency(client, Asked(["a"]))


def test_it_agrees_with_the_report_of_reach(filled: tuple[Client, Plain]) -> None:
    client, _ = filled
    for campaigns in (["a"], ["c", "b"]):
        contacted = frequency(client, Asked(campaigns)).bases[0]
        found = reach(client, campaigns)
        assert (contacted.reach, contacted.impressions) == (found.reach, found.contacts)
        assert contacted.cost_cents == found.cost.contacts_cents


@pytest.fixture(scope="module")
def sound(fresh: Callable[[], Client]) -> Client:
    """A warehouse that is right before and after every test."""
    client = fresh()
    insert(client, made_at_random(20, events=2_000, people=400))
    return client


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("INSERT INTO reach_sums SELECT * FROM reach_sums WHERE kind = 'exposure' LIMIT 1",
         "impressions counted by person .* is not impressions"),
        ("DELETE FROM reach_sums WHERE kind = 'contact' AND day = '2026-03-03'",
         "contacted: impressions counted by person .* is not impressions"),
        ("DELETE FROM reach_counts WHERE number % 5 = 0",
         "people by how often they were reached .* is not reach"),
        (STRANGER,
         "viewable: people by how often they were reached"),
        ("DELETE FROM reach_by_day WHERE basis = 'served' AND day = '2026-03-02'",
         "served.* is "),
    ],
)  # fmt: skip
def test_a_table_that_is_wrong_withholds_the_report(
    sound: Client, spoil: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sound
    frequency(client, Asked(CAMPAIGNS))
    client.command(spoil)
    monkeypatch.setattr("console.reports.consistency.FAULTS_SHOWN_MAX", 100)
    with pytest.raises(InconsistentError, match=said) as error:
        frequency(client, Asked(CAMPAIGNS))
    assert "flowdrop warehouse rebuild reach_days" in error.value.words.en
    assert re.search("[\u4e00-\u9fff]", error.value.words.zh)
    refill(client, "UTC")
    frequency(client, Asked(CAMPAIGNS))


def _bent(of: str, at: int, **values: Any) -> Callable[[FrequencyReport], FrequencyReport]:
    """Return what changes figures at a place of a report."""

    def bend(found: FrequencyReport) -> FrequencyReport:
        figures = list(getattr(found, of))
        figures[at] = dataclasses.replace(figures[at], **values)
        return dataclasses.replace(found, **{of: tuple(figures)})

    return bend


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        (_bent("bases", 1, reach_known=10**6), "known people reached .* more than reach"),
        (_bent("bases", 1, reach_plus=(5, 9, 0, 0, 0, 0, 0, 0, 0, 0)), "at least 2 times 9"),
        (_bent("bases", 1, impressions=1), "reach .* is more than impressions 1"),
        (_bent("bases", 1, reach_plus=(10**6,) * 10), "added, 10000000 is more than impressions"),
        (_bent("bases", 1, reached_times=(1,) + (0,) * 9), "is not reach"),
        (_bent("bases", 2, reach=10**6), "more than the population"),
        (_bent("bases", 2, reach=10**6), "more than reach of what was served"),
        (_bent("bases", 2, impressions=10**6), "more than measurable exposures"),
        (_bent("bases", 2, measurable=10**6), "more than exposures served"),
        (_bent("by_day", 0, reach=10**6), "more than cumulative reach"),
        (_bent("by_day", 0, reach=10**6), "2026-03-01: reach 1000000 is more than impressions"),
        (_bent("by_day", 0, new=10**6), "new people 1000000 is more than reach"),
        (_bent("by_day", 0, cumulative=10**6), "the day before's 1000000 is more than"),
        (_bent("by_day", 8, cumulative=10**6), "last day's cumulative reach 1000000 is not"),
        (_bent("by_day", 0, impressions=10**6), "days: impressions added"),
        (_bent("by_day", 0, cost_cents=10**6), "days: cost added"),
        (_bent("by_campaign", 0, reach=10**6), "more than reach of all"),
        (_bent("by_campaign", 0, reach=-(10**6)), "more than reach of each, added"),
        (_bent("by_campaign", 0, impressions=0), "campaigns: impressions added"),
        (_bent("parts", 0, reach=10**6), "1000000 is more than reach of all"),
        (_bent("parts", 0, reach=0), "reach of the parts, added, .* is not reach"),
        (_bent("parts", 0, population=0), "more than the part's population 0"),
        (_bent("parts", 0, cost_cents=-1), "parts: cost added"),
        (_bent("parts", 0, population=10**6), "populations of the parts, added,"),
        (_bent("parts", 0, impressions=0), "parts: impressions added"),
    ],
)  # fmt: skip
def test_figures_that_contradict_each_other_are_named(
    filled: tuple[Client, Plain],
    bend: Callable[[FrequencyReport], FrequencyReport],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, _ = filled
    found = frequency(client, Asked(CAMPAIGNS, by="region"))
    counted = {name_of(own): own.impressions for own in found.bases}
    check(found, counted)
    monkeypatch.setattr("console.reports.consistency.FAULTS_SHOWN_MAX", 100)
    with pytest.raises(InconsistentError, match=said):
        check(bend(found), counted)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"begin": "2026-03-05", "end": "2026-03-04"}, "end 2026-03-04 is before begin 2026-03-05"),
        ({"begin": "yesterday"}, "begin must be a day such as 2026-03-01.*'yesterday'"),
        ({"end": "2150-01-01"}, "end must be a day"),
        ({"as_of": "x"}, "as_of must be a day"),
        ({"as_of": "start"}, "give begin, too"),
        ({"known_on": "x"}, "known_on must be a day such as 2026-03-01 or a time"),
        ({"known_on": "9999-12-31"}, "known_on must be a day"),
        ({"seconds": 0.0}, "seconds must be at least 0.1"),
        ({"seconds": 0.0015}, "seconds must be at least 0.1"),
        ({"seconds": float("nan")}, "seconds must be at least 0.1"),
        ({"by": "shoe_size"}, "nobody's profile gives 'shoe_size'"),
        ({"by": "audience:"}, "write `audience:NAME`"),
        ({"by": "audience:nobody"}, "no audience 'nobody'"),
        ({"by": "decile:a,b"}, "write `audience:NAME`"),
        ({"by": "decile:x"}, "program 'x' has no scores"),
        ({"by": "arm"}, "nobody was assigned to an arm of a"),
        ({"by": "arm", "campaigns": ["a", "b"]}, "arms are of one campaign, got 2"),
        ({"campaigns": []}, "name at least one campaign, or an advertiser"),
        ({"advertiser": "z"}, "name campaigns or an advertiser, not both"),
        ({"campaigns": [], "advertiser": "z"}, "no campaign is of an advertiser 'z'"),
    ],
)
def test_what_is_not_a_window_or_a_cut_is_refused(
    filled: tuple[Client, Plain], asked: dict[str, Any], said: str
) -> None:
    client, _ = filled
    with pytest.raises(NoReportError, match=said) as error:
        frequency(client, Asked(**{"campaigns": ["a"], **asked}))
    assert re.search("[\u4e00-\u9fff]", error.value.words.zh)


def test_a_warehouse_of_before_names_the_remedy(fresh: Callable[[], Client]) -> None:
    client = fresh()
    insert(client, made_at_random(1))
    client.command("TRUNCATE TABLE reach_zone")
    with pytest.raises(NoReportError, match=r"not all .* counted .*warehouse rebuild reach_days"):
        frequency(client, Asked(["a"]))


def test_a_cost_of_nothing_is_not_one_that_nobody_knows(fresh: Callable[[], Client]) -> None:
    """Of three days one was free, one says nothing of its cost, and on one half of it does."""
    client = fresh()
    (like, *_) = [event for event in made_at_random(1) if event["type"] == "contact"]
    costs = {1: (0, 0), 2: (None, None), 3: (None, 7)}
    insert(
        client,
        [
            {**like, "id": f"{day}-{n}", "campaign": "abc"[day - 1], "cost": cost, "offset": n,
             "channel": f"way {day}", "time": datetime(2026, 3, day, 12, tzinfo=UTC),
             "partition": day}
            for day, own in costs.items()
            for n, cost in enumerate(own)
        ],
    )  # fmt: skip
    report = frequency(client, Asked(["a", "b", "c"], by="channel"))
    for rows in (report.by_day, report.by_campaign, report.parts):
        own = [row for row in rows if row.basis == "contacted"]  # type: ignore[attr-defined]
        assert [row.cost_cents for row in own] == [0, None, 7]
    by_part = [row for row in report.parts if row.basis == "contacted"]
    assert [row.cost_per_thousand_cents for row in by_part] == [0, None, 3500]
    assert report.bases[0].cost_cents == 7
    shown = [any_figure(row.cost_cents) for row in by_part]
    assert shown == ["0", "-", "7"]
    assert [cell(row.cost_cents) for row in by_part] == ["0", "–", "7"]  # noqa: RUF001
    for day in (1, 2):
        alone = frequency(client, Asked(["abc"[day - 1]]))
        assert alone.bases[0].cost_cents == (0 if day == 1 else None)
        assert alone.bases[0].cost_per_person_cents == (0 if day == 1 else None)
