"""What a report says of how fresh it is, and of what was set aside."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from console.i18n import translator
from console.reporting.found import reports
from console.reporting.freshness import freshness, said
from console.reporting.freshness_figures import Freshness
from console.reports.basis import QueryLog
from flowdrop.cli import main
from sql.days import adopt_zone
from tests.console.world import new_world
from tests.exposures import BEGIN, NONE, Event, insert

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    from clickhouse_connect.driver.client import Client

    from tests.console.world import World

pytestmark = pytest.mark.clickhouse

ARRIVED = BEGIN + timedelta(days=2, seconds=7)


def event(n: int, campaign: str, hours: float, late_hours: float, partition: int = 0) -> Event:
    time = BEGIN + timedelta(hours=hours)
    return {
        **NONE,
        "id": f"e{n}",
        "type": "contact",
        "person": f"p{n}",
        "number": n + 8,
        "time": time,
        "campaign": campaign,
        "partition": partition,
        "offset": n,
        "arrived": time + timedelta(hours=late_hours),
    }


EVENTS = [
    event(0, "a", 1, 0.5),
    event(1, "a", 30, 1, partition=1),
    event(2, "a", 2, 100),  # after the second day, of which it is not
    event(3, "a", 23.5, 1),  # arrived the day after
    event(4, "b", 70, 0),
]


@pytest.fixture(scope="module")
def warehouse(fresh: Callable[[], Client]) -> Client:
    client = fresh()
    adopt_zone(client, "UTC")
    insert(client, EVENTS)
    insert(client, EVENTS[:2])  # again
    profile = NONE | {"attributes": {"region": '"north"'}, "arrived": BEGIN}
    insert(client, [{**profile, "id": "q", "type": "profile", "person": "p0", "number": 8,
                     "time": BEGIN, "partition": 0, "offset": 9}])  # fmt: skip
    names = ("source_topic", "source_partition", "source_offset", "reason", "time")
    letters = [["campaign.events", 0, n, "invalid", BEGIN + timedelta(days=n)] for n in range(3)]
    client.insert("deadletters", letters, column_names=names)
    return client


def found(
    client: Client, name: str, ends: list[int] | None = None, zone: str = "UTC", **asked: object
) -> Freshness:
    report = reports()[name]
    given = {each.name: each.default for each in report.parameters} | asked
    return freshness(QueryLog(client), report, given, zone, ends)


def test_it_tells_the_latest_event_of_the_campaigns_asked_for(warehouse: Client) -> None:
    of = found(warehouse, "frequency", campaign=["a"])
    assert of == Freshness(
        latest_event=BEGIN + timedelta(hours=30),
        latest_arrived=BEGIN + timedelta(hours=102),
        late_events=None,
        stored_until=BEGIN + timedelta(hours=102),
        behind=None,
        latest_posting=None,
        dead_letters=3,
        latest_dead_letter=BEGIN + timedelta(days=2),
        unlinked_ids=4,
    )
    assert found(warehouse, "overlap", a="a", b="b").latest_event == BEGIN + timedelta(hours=70)
    assert found(warehouse, "campaigns").latest_event == BEGIN + timedelta(hours=70)
    none = found(warehouse, "frequency", campaign=["unknown"])
    assert (none.latest_event, none.latest_arrived) == (None, None)
    assert none.stored_until == of.stored_until


@pytest.mark.parametrize(
    ("begin", "end", "zone", "late"),
    [
        (None, "2026-03-01", "UTC", 2),
        (None, "2026-03-02", "UTC", 1),
        ("2026-03-02", "2026-03-02", "UTC", 0),
        (None, "2026-03-09", "UTC", 0),
        (None, "2026-03-01", "Asia/Shanghai", 1),
        (None, "2026-02-01", "UTC", 0),
    ],
)
def test_events_of_the_window_that_came_after_it_are_late(
    warehouse: Client, begin: str | None, end: str, zone: str, late: int
) -> None:
    of = found(warehouse, "frequency", zone=zone, campaign=["a"], begin=begin, end=end)
    assert of.late_events == late


def test_what_kafka_has_more_than_is_stored_is_behind(warehouse: Client) -> None:
    """Of partition 0 offset 9 is stored, of 1 offset 1; each ends with a marker."""
    assert found(warehouse, "campaigns", ends=[11, 3, 0]).behind == 0
    assert found(warehouse, "campaigns", ends=[16, 3, 0]).behind == 5
    assert found(warehouse, "campaigns", ends=[11, 3, 8]).behind == 7


def test_it_is_said_in_both_languages(warehouse: Client) -> None:
    of = found(warehouse, "frequency", [16, 3], campaign=["a"], end="2026-03-02")
    words = said(of, reports()["frequency"])
    assert [each.en for each in words] == [
        "latest event 2026-03-02 06:00:00 UTC, arrived 2026-03-05 06:00:00 UTC",
        "at most 5 records not stored yet",
        "1 event came after the last day counted, invalid traffic left out",
        "3 dead letters, last on 2026-03-03",
        "4 unlinked ids",
    ]
    assert all(translator("zh").said(each) != each.en for each in words)


def test_only_a_report_of_coins_tells_of_the_ledger() -> None:
    of = Freshness(
        latest_event=None, latest_arrived=None, late_events=None, stored_until=None, behind=0,
        latest_posting=datetime(2026, 3, 1, tzinfo=UTC), dead_letters=0, latest_dead_letter=None,
        unlinked_ids=1,
    )  # fmt: skip
    told = {name: [each.en for each in said(of, reports()[name])] for name in ("coins", "lift")}
    assert "ledger up to 2026-03-01 00:00:00 UTC" in told["coins"]
    assert told["lift"] == [
        *("no event yet", "everything in Kafka is stored", "no dead letters", "1 unlinked id")
    ]


def test_what_was_stored_before_is_known(clickhouse: str) -> None:
    """The last migration fills the table with what older ones left."""
    world = new_world(clickhouse)
    insert(world.client, EVENTS)
    filled = "SELECT campaign, partition, max(time) FROM campaign_latest GROUP BY ALL ORDER BY ALL"
    by_view = world.client.query(filled).result_rows
    world.client.command("TRUNCATE TABLE campaign_latest")
    from sql.migrate import MIGRATIONS

    world.client.command((MIGRATIONS / "117_campaign_latest_filled.sql").read_text())
    assert world.client.query(filled).result_rows == by_view
    assert len(by_view) == 3


def test_page_command_and_endpoint_say_it(web: httpx.Client, real_world: World) -> None:
    env = {"FLOWDROP_CLICKHOUSE": real_world.url}
    asked = ["report", "duplication", "cj-8", "cj-13", "--end", "2017-05-09"]
    printed = CliRunner().invoke(main, [*asked, "--json"], env=env)
    of = json.loads(printed.stdout)["freshness"]
    query = {"campaign": ["cj-8", "cj-13"], "end": "2017-05-09"}
    assert web.get("/api/duplication", params=query).json()["freshness"] == of
    assert date.fromisoformat(of["latest_event"][:10]) > date(2017, 5, 9)
    text = CliRunner().invoke(main, asked, env=env).stdout
    page = web.get("/duplication", params=query).text
    for words in (f"latest event {of['latest_event'][:10]}", "no dead letters"):
        assert words in " ".join(text.split())
        assert words in page.partition('id="freshness"')[2]
    assert "最新事件" in web.get("/duplication", params={**query, "lang": "zh"}).text


def test_a_query_is_run_again_as_it_is_shown(web: httpx.Client) -> None:
    query = {"campaign": ["cj-8", "cj-13"]}
    page = web.get("/duplication/query", params=query).text
    assert "sql/reports/freshness.sql" in page
    names = [part.split(".sql")[0] for part in page.split("<h2>sql/")[1:]]
    number = names.index("reports/duplication")
    assert f'name="run" value="{number}"' in page
    again = web.get("/duplication/query", params={**query, "run": number}).text
    shown = again.partition('id="ran"')[2].partition("</table>")[0]
    assert "<th><code>mask</code></th>" in shown
    answer = web.get("/api/duplication", params=query).json()
    for combination in answer["combinations"]:
        assert f"<td>{combination['only']:,}</td>" in shown
    as_others = {**query, "run": number, "as_organisation": "cj-8"}
    assert 'id="ran"' not in web.get("/duplication/query", params=as_others).text
    for odd in ("99", "-1", "x", ""):
        assert 'id="ran"' not in web.get("/duplication/query", params={**query, "run": odd}).text


def test_a_query_that_is_run_again_shows_its_first_rows(
    real_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sql.client import first_rows

    everything = first_rows(real_world.client, "reports/campaign_names", 1000)
    some = first_rows(real_world.client, "reports/campaign_names", 2)
    assert some.rows == everything.rows[:2]
    assert (some.has_more, everything.has_more) == (True, False)
    monkeypatch.setattr("sql.client.text", lambda _: "INSERT INTO deadletters (key) VALUES ('x')")
    with pytest.raises(Exception, match=r"(?i)readonly"):
        first_rows(real_world.client, "reports/campaign_names", 2)
