"""Verdicts on traffic made at random are those of a naive reading, however it arrives."""

from __future__ import annotations

import dataclasses
import ipaddress
import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.invalid.judging import due, judge, restore, withdraw
from console.invalid.rules import rules
from sql.client import rows, text
from tests.exposures import NONE, insert, is_viewable, number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from clickhouse_connect.driver.client import Client

    from console.invalid.rules import Rule
    from tests.exposures import Event

pytestmark = pytest.mark.clickhouse

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
RULES = {rule.name: rule for rule in rules()}
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36"
AGENTS = ("", PHONE, "Mozilla/5.0 (compatible; Googlebot/2.1)", "CURL/8.5.0", "CUBOT NOTE 50")
NETWORKS = (
    "",
    "203.0.113.0/24",
    "5.9.77.0/24",
    "5.10.0.0/24",
    "2a01:4f8:c0c::/48",
    "2001:db8::/48",
)
KEYS = ("rule", "campaign", "kind", "person", "source", "id")

Names = set[tuple[str, ...]]


def shown(n: int, person: int, at: datetime, **more: Any) -> Event:
    """An exposure, or what `more` makes of it."""
    event = {
        **NONE,
        "id": f"e{n}",
        "type": "exposure",
        "time": at,
        "arrived": BEGIN + timedelta(days=20, seconds=n),
        "person": f"p{person}",
        "number": number_of(f"p{person}"),
        "partition": person % 4,
        "offset": n,
        "campaign": "a",
        "channel": "app",
        "format": "display",
        "creative": "red",
        "pixels": 1.0,
        "seconds": 2.0,
        "cost": 3,
        "network": "",
        "agent": "",
        **more,
    }
    if event["type"] == "click":
        event |= {"format": "", "pixels": None, "seconds": None, "cost": None}
    return event


def busy(seed: int) -> list[Event]:
    """A few days in which a few people and machines see and click a lot, in any order."""
    draw = random.Random(seed)
    found = []
    for n in range(450):
        machine = draw.random() < 0.7
        hours = draw.choice([20, 22, 23, 24, 25, 26, 49]) if machine else draw.randrange(3 * 24)
        at = BEGIN + timedelta(hours=hours, milliseconds=draw.randrange(3_600_000))
        person = draw.randrange(2) if machine else draw.randrange(2, 20)
        found.append(
            shown(
                n,
                person,
                at,
                type=draw.choice(["exposure", "exposure", "exposure", "click", "contact"]),
                campaign=draw.choice("ab"),
                seconds=draw.choice([None, 0.0, 0.5, 2.0, 400.0]),
                creative=draw.choice(["red", "blue"]),
                agent=draw.choice(AGENTS if machine else ("", PHONE)),
                network=draw.choice(NETWORKS if draw.random() < 0.2 else NETWORKS[:2]),
            )
        )
    for n, event in enumerate(draw.sample(found, 80), len(found)):
        wait = timedelta(milliseconds=draw.choice([0, 1, 149, 150, 151, 900]))
        creative = draw.choice([event["creative"], "green"])
        person = int(event["person"].removeprefix("p"))
        more = {"type": "click", "campaign": event["campaign"], "creative": creative}
        found.append(shown(n, person, event["time"] + wait, **more))
    draw.shuffle(found)
    return found


class Naive:
    """The rules, read from the events one at a time."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.events = [e for e in events if e["type"] in {"contact", "exposure", "click"}]
        self.of: defaultdict[str, list[Event]] = defaultdict(list)
        for event in self.events:
            self.of[event["person"]].append(event)

    def names(self) -> Names:
        """Every verdict: the rule, and the event's name."""
        found = {
            "rate": self.rate,
            "data_centre": self.data_centre,
            "robots": self.robots,
            "faster": self.faster,
        }
        return {
            (rule, e["campaign"], e["type"], e["person"], e["source"], e["id"])
            for rule, breaks in found.items()
            for e in self.events
            if e["type"] != "contact" and breaks(e)
        }

    def like(self, event: Event, *keys: str) -> Iterator[Event]:
        """Yield the events of the same person that have the same."""
        for other in self.of[event["person"]]:
            if all(other[key] == event[key] for key in keys):
                yield other

    def rate(self, event: Event) -> bool:
        most = 15 if event["type"] == "click" else 30
        times = sorted(int(e["time"].timestamp()) for e in self.like(event, "campaign", "type"))
        at = int(event["time"].timestamp())
        ends = [end for end in set(times) if end - 86_400 <= at <= end]
        return any(sum(end - 86_400 <= time <= end for time in times) > most for end in ends)

    def data_centre(self, event: Event) -> bool:
        if not event["network"]:
            return False
        network: Any = ipaddress.ip_network(event["network"])
        owned = map(ipaddress.ip_network, RULES["data_centre"].entries)
        return any(own.version == network.version and network.subnet_of(own) for own in owned)

    def robots(self, event: Event) -> bool:
        return any(name in event["agent"].lower() for name in RULES["robots"].entries)

    def faster(self, event: Event) -> bool:
        if event["type"] == "click":
            return any(
                timedelta(0) <= event["time"] - other["time"] < timedelta(milliseconds=150)
                for other in self.like(event, "campaign", "channel", "creative")
                if other["type"] == "exposure"
            )
        if not event["seconds"]:
            return False
        together = sum(
            other["time"] <= event["time"] < other["time"] + timedelta(seconds=other["seconds"])
            for other in self.like(event, "type")
            if other["seconds"]
        )
        return int(together) > 8


def run(client: Client, own: tuple[Rule, ...] | None = None, since: date | None = None) -> Any:
    """Judge what is due; return how many verdicts were given and taken back, by rule."""
    given, taken = Counter[str](), Counter[str]()
    for done in judge(client, due(client, since, own), own):
        given += done.given
        taken += done.taken
    return given, taken


def held(client: Client) -> Names:
    found = rows(client, "verdicts/hold", begin=BEGIN, end=BEGIN + timedelta(days=60))
    return {tuple(row[key] for key in KEYS) for row in found}


def counted(client: Client) -> Counter[tuple[str, ...]]:
    """How often each event counts as invalid."""
    found: Counter[tuple[str, ...]] = Counter()
    query = "SELECT campaign, kind, person, source, id, counted FROM invalid_events"
    for *name, change in client.query(query).result_rows:
        found[tuple(name)] += change
    return found


def agree(client: Client, events: Iterable[Event]) -> Names:
    """Hold the verdicts to the naive reading; return them."""
    wanted = Naive(events).names()
    assert held(client) == wanted
    invalid = {name[1:] for name in wanted}
    assert {name: times for name, times in counted(client).items() if times} == dict.fromkeys(
        invalid, 1
    )
    return wanted


@pytest.mark.parametrize("seed", range(2))
def test_verdicts_are_those_of_a_naive_reading(fresh: Callable[[], Client], seed: int) -> None:
    client, events = fresh(), busy(seed)
    insert(client, events)
    given, taken = run(client)
    names = agree(client, events)
    assert given == Counter(name[0] for name in names)
    assert not taken
    assert set(given) == {"rate", "data_centre", "robots", "faster"}
    assert len({name[1:] for name in names}) < len(names)  # some break several rules


def test_judging_twice_adds_nothing(fresh: Callable[[], Client]) -> None:
    client, events = fresh(), busy(7)
    insert(client, events)
    run(client)
    before = client.query("SELECT count() FROM invalid_events").result_rows
    assert due(client, None) == []
    assert run(client) == (Counter(), Counter())
    client.command("TRUNCATE TABLE invalid_days")  # as if nobody had ever said so
    assert run(client) == (Counter(), Counter())
    assert client.query("SELECT count() FROM invalid_events").result_rows == before
    agree(client, events)


@settings(max_examples=5)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 500), min_size=1, max_size=2))
def test_late_events_are_judged_later_and_make_others_invalid(
    fresh: Callable[[], Client], seed: int, cuts: list[int]
) -> None:
    client, events = fresh(), busy(seed)
    bounds = [0, *sorted(set(cuts)), len(events)]
    for begin, end in pairwise(bounds):
        insert(client, events[begin:end])
        run(client)
        agree(client, events[:end])


def test_days_that_nothing_touches_are_not_judged_again(fresh: Callable[[], Client]) -> None:
    client = fresh()
    insert(client, [shown(n, 1, BEGIN + timedelta(days=n)) for n in range(8)])
    run(client)
    insert(client, [shown(100, 2, BEGIN + timedelta(days=3, hours=5))])
    days = [BEGIN.date() + timedelta(days=n) for n in (2, 3, 4)]
    assert due(client, None) == days
    assert due(client, days[1]) == days[1:]


def test_a_run_that_is_killed_in_a_day_is_finished_by_the_next(fresh: Callable[[], Client]) -> None:
    client, events = fresh(), busy(3)
    insert(client, events)
    for n in (0, 1, 40):  # after ever more of a first insert
        client.command("TRUNCATE TABLE invalid_events")
        client.command("TRUNCATE TABLE invalid_days")
        with pytest.raises(KilledError):
            run(Killed(client, n))  # type: ignore[arg-type]
        assert client.query("SELECT count() FROM invalid_events").first_row == (n,)
        run(client)
        agree(client, events)


class KilledError(Exception):
    """The process is gone."""


class Killed:
    """A client whose process ends when so many rows of its first insert are stored."""

    def __init__(self, client: Client, stored: int) -> None:
        self.client, self.stored = client, stored

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def insert(self, table: str, content: list[Any], **more: Any) -> None:
        if part := content[: self.stored]:
            self.client.insert(table, part, column_names=more["column_names"])
        raise KilledError


def test_two_who_judge_at_once_give_each_verdict_once(fresh: Callable[[], Client]) -> None:
    client, events = fresh(), busy(4)
    insert(client, events)
    days = due(client, None)
    one, other = judge(Late(client), days), judge(client, days)  # type: ignore[arg-type]
    for _ in zip(one, other, strict=True):
        pass
    agree(client, events)
    signs = client.query("SELECT DISTINCT sign FROM invalid_events").result_rows
    assert signs == [(1,)]


class Late:
    """A client to whom another judge comes before each insert."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.is_first = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def insert(self, *arguments: Any, **more: Any) -> None:
        if self.is_first:
            self.is_first = False
            self.client.insert(*arguments, **more)  # the other's, of the same token
        self.client.insert(*arguments, **more)


def test_what_is_taken_back_is_given_again_when_the_rule_holds_again(
    fresh: Callable[[], Client],
) -> None:
    client, events = fresh(), busy(5)
    insert(client, events)
    given, _ = run(client)
    withdraw(client, RULES["robots"], "the list named a browser")
    assert run(client) == (Counter(), Counter(robots=given["robots"]))
    without = {name for name in Naive(events).names() if name[0] != "robots"}
    assert held(client) == without
    assert {name for name, times in counted(client).items() if times} == {n[1:] for n in without}
    why = client.query("SELECT DISTINCT reason FROM invalid_events WHERE sign < 0").result_rows
    assert why == [("the list named a browser",)]
    insert(client, [shown(5_000, 40, BEGIN, agent="curl/8")])  # one more while it is taken back
    run(client)
    assert held(client) == without
    restore(client, RULES["robots"])
    run(client)
    agree(client, [*events, shown(5_000, 40, BEGIN, agent="curl/8")])


def test_a_list_that_is_corrected_takes_verdicts_back(fresh: Callable[[], Client]) -> None:
    client = fresh()
    insert(client, [shown(1, 1, BEGIN, agent="curl/8"), shown(2, 1, BEGIN, agent="wget/1")])
    run(client)
    old = RULES["robots"]
    entries = tuple(name for name in old.entries if name != "wget/")
    new = dataclasses.replace(old, entries=entries, version="1.2")
    others = tuple(rule for rule in rules() if rule.name != "robots")
    given, taken = run(client, (*others, new))
    assert (given["robots"], taken["robots"]) == (1, 2)
    found = client.query("SELECT id, version FROM invalid_verdicts").result_rows
    assert found == [("e1", "1.2")]
    assert +counted(client) == Counter({("a", "exposure", "p1", "ads", "e1"): 1})
    newest = dataclasses.replace(new, entries=())  # changed, with the same version
    run(client, (*others, newest))
    assert held(client) == set()
    assert not +counted(client)


def test_a_rule_judges_nothing_before_its_first_day(fresh: Callable[[], Client]) -> None:
    client = fresh()
    since = RULES["robots"].since
    first = datetime(since.year, since.month, since.day, tzinfo=UTC)
    before = shown(1, 1, first - timedelta(seconds=1), agent="curl/8")
    insert(client, [before, shown(2, 1, first, agent="curl/8")])
    run(client)
    found = client.query("SELECT id FROM invalid_verdicts WHERE rule = 'robots'").result_rows
    assert found == [("e2",)]


def test_facts_are_those_of_the_event(fresh: Callable[[], Client]) -> None:
    client, events = fresh(), busy(6)
    insert(client, events)
    run(client)
    of = {(e["campaign"], e["type"], e["person"], e["source"], e["id"]): e for e in events}
    found = rows(client, "verdicts/hold", begin=BEGIN, end=BEGIN + timedelta(days=60))
    assert found
    for row in found:
        event = of[tuple(row[key] for key in KEYS[1:])]
        assert row["time"].replace(tzinfo=UTC) == event["time"]
        same = ("number", "partition", "channel", "format", "creative", "paid")
        assert [row[name] for name in same] == [event[name] for name in same]
        assert row["viewable"] == is_viewable(event)
        assert row["cents"] == event["cost"]


# -- farms ------------------------------------------------------------------------------------


def farm(ids: int, draws: int = 4, passed: float = 1.0, **more: Any) -> list[dict[str, Any]]:
    """Ledger results of ids that draw from red packets of one person and pass the coins on."""
    found: list[dict[str, Any]] = []

    def add(kind: str, subject: str, amount: int, counterparty: str, hours: float) -> None:
        found.append(
            {
                "source_partition": 0,
                "source_offset": len(found),
                "event_id": f"w{len(found)}",
                "event_source": "wallet",
                "type": kind,
                "subject": subject,
                "program": "liuliangbao",
                "time": BEGIN + timedelta(hours=hours),
                "outcome": "applied",
                "amount": amount,
                "counterparty": counterparty,
                "topic": "ledger.postings",
                "partition": 0,
                "offset": len(found),
                **more,
            }
        )

    for n in range(draws):
        add("packet_send", "p99", 100, f"packet:{n}", n)
    for who in range(ids):
        for n in range(draws):
            add("packet_claim", f"packet:{n}", 10, f"p{who}", n + 0.5)
        add("transfer", f"p{who}", round(10 * draws * passed), "p98", draws + 1)
    return found


def put(client: Client, results: list[dict[str, Any]]) -> None:
    names = list(results[0])
    values = [[row[name] for name in names] for row in results]
    client.insert("ledger_results", values, column_names=names)


def farmers(client: Client) -> set[tuple[str, str]]:
    return {(name[3], name[2]) for name in held(client) if name[0] == "packet_farm"}


@pytest.mark.parametrize(
    ("ids", "draws", "passed", "found"),
    [(5, 4, 1.0, 5), (7, 3, 0.8, 7), (4, 4, 1.0, 0), (6, 2, 1.0, 0), (6, 4, 0.7, 0)],
)
def test_a_farm_is_many_ids_that_draw_and_pass_on(
    fresh: Callable[[], Client], ids: int, draws: int, passed: float, found: int
) -> None:
    client = fresh()
    put(client, farm(ids, draws, passed))
    day = BEGIN + timedelta(days=1)
    kinds = ("contact", "exposure", "click")
    insert(
        client,
        [
            shown(n * 3 + at, n, day + timedelta(hours=at), type=kind)
            for n in [*range(ids), 98, 99]
            for at, kind in enumerate(kinds)
        ],
    )
    run(client)
    assert farmers(client) == {(f"p{n}", kind) for n in range(found) for kind in kinds}


def test_an_id_that_does_anything_else_is_no_farms(fresh: Callable[[], Client]) -> None:
    client = fresh()
    put(client, farm(6))
    insert(client, [shown(n, n, BEGIN + timedelta(days=1)) for n in range(6)])
    run(client)
    assert len(farmers(client)) == 6
    earned = {**farm(1)[0], "type": "earn", "subject": "p3", "source_offset": 900, "offset": 900}
    put(client, [earned])  # known later
    run(client)
    assert farmers(client) == {(f"p{n}", "exposure") for n in (0, 1, 2, 4, 5)}


def test_coins_of_long_ago_make_no_farm(fresh: Callable[[], Client]) -> None:
    client = fresh()
    put(client, farm(6))
    insert(client, [shown(n, n, BEGIN + timedelta(days=40)) for n in range(6)])
    insert(client, [shown(10 + n, n, BEGIN - timedelta(days=2)) for n in range(6)])
    run(client)
    assert farmers(client) == set()


# -- the files --------------------------------------------------------------------------------


def test_every_rule_says_what_it_is() -> None:
    assert set(RULES) == {"rate", "data_centre", "robots", "faster", "packet_farm"}
    for rule in rules():
        assert rule.reason.endswith(".")
        assert rule.since <= date(2026, 12, 1)
        assert text(rule.query).startswith("-- One row per ")
    for number in (*RULES["rate"].parameters.values(), *RULES["faster"].parameters.values()):
        assert number > 0


@pytest.mark.parametrize("name", ["data_centre", "robots"])
def test_a_list_has_each_entry_once_in_order_of_nothing_but_itself(name: str) -> None:
    entries = RULES[name].entries
    assert len(set(entries)) == len(entries) > 30
    if name == "data_centre":
        networks = [ipaddress.ip_network(each) for each in entries]
        assert not [
            (one, other)
            for one in networks
            for other in networks
            if one is not other and one.version == other.version and one.overlaps(other)
        ]
    else:
        assert [each for each in entries if each != each.lower() or len(each) < 5] == []
        assert not [agent for agent in (PHONE, AGENTS[4]) for e in entries if e in agent.lower()]
