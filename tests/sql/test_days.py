"""The tables of reach hold what was fed, in whatever order and pieces, and again after a refill."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import click
import pytest

from sql.chains import CLEARED, REACH
from sql.client import rows, text
from sql.days import adopt_zone, refill, stored_days
from tests.exposures import PARTITIONS, Event, insert, made_at_random, tables
from tests.long import sized
from tests.warehouses import add_tables

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

STORED = {
    "people_numbers": "SELECT * FROM people_numbers FINAL ORDER BY ALL",
    "people_bitmaps": """
        SELECT kind, arraySort(bitmapToArray(groupBitmapMergeState(people))) FROM people_bitmaps
        GROUP BY kind ORDER BY kind""",
    "reach_days": """
        SELECT campaign, basis, paid, day, channel, format, creative,
            arraySort(bitmapToArray(groupBitmapMergeState(people))) AS people
        FROM reach_days GROUP BY ALL ORDER BY ALL""",
    "reach_by_day": """
        SELECT campaign, basis, paid, day,
            arraySort(bitmapToArray(groupBitmapMergeState(people))) AS people
        FROM reach_by_day GROUP BY ALL ORDER BY ALL""",
    "reach_campaigns": """
        SELECT campaign, basis, paid, arraySort(bitmapToArray(groupBitmapMergeState(people)))
        FROM reach_campaigns GROUP BY ALL ORDER BY campaign, basis, paid""",
    "reach_sums": """
        SELECT campaign, kind, paid, day, channel, format, creative, partition,
            sum(events), sum(measurable), sum(viewable), sum(cents), sum(priced)
        FROM reach_sums GROUP BY ALL ORDER BY ALL""",
    "reach_counts": """
        SELECT campaign, number, partition, sum(contacted), sum(served), sum(viewable),
            sum(served_paid), sum(viewable_paid)
        FROM reach_counts GROUP BY ALL ORDER BY ALL""",
}


@pytest.fixture
def warehouse(database: Client) -> Client:
    add_tables(database)
    return database


def stored(client: Client) -> dict[str, Any]:
    """What the tables hold, merged, as `tables` has it."""
    found = {name: client.query(query).result_rows for name, query in STORED.items()}
    found["people_bitmaps"] = [(kind, list(people)) for kind, people in found["people_bitmaps"]]
    for name in ("reach_days", "reach_by_day", "reach_campaigns"):
        found[name] = [(*row[:-1], list(row[-1])) for row in found[name]]
    return found


def feed(client: Client, events: list[Event], seed: int) -> None:
    """Insert events in ranges of a partition, most of them once, some again under their token."""
    draw = random.Random(seed)
    lanes = [[e for e in events if e["partition"] == number] for number in range(PARTITIONS)]
    while any(lanes):
        number = draw.choice([n for n, lane in enumerate(lanes) if lane])
        size = draw.randrange(1, 60)
        batch, lanes[number] = lanes[number][:size], lanes[number][size:]
        token = f"campaign_events:campaign.accepted:{number}:{batch[0]['offset']}"
        for _ in range(draw.choice([1, 1, 3])):
            insert(client, batch, token)


def test_every_table_of_reach_is_looked_at() -> None:
    assert list(STORED) == list(REACH)


@pytest.mark.parametrize("seed", range(sized(1, 3)))
def test_they_hold_what_was_fed_and_the_same_after_a_refill(warehouse: Client, seed: int) -> None:
    events = made_at_random(seed)
    feed(warehouse, events, seed)
    wanted = tables(events)
    for name, found in stored(warehouse).items():
        assert found == wanted[name], name
    fed = stored(warehouse)
    refill(warehouse, "UTC")
    assert stored(warehouse) == fed
    for table in REACH:
        warehouse.command(f"OPTIMIZE TABLE {table} FINAL")
    assert stored(warehouse) == fed


def test_a_refill_counts_in_the_days_of_another_zone(warehouse: Client) -> None:
    events = made_at_random(7)
    feed(warehouse, events, 7)
    refill(warehouse, "Asia/Shanghai")
    assert stored_days(warehouse) == ("Asia/Shanghai", True, False)
    assert stored(warehouse) == tables(events, "Asia/Shanghai") != tables(events)
    more = made_at_random(8)
    for event in more:
        event["offset"] += 10_000
        event["id"] = f"more-{event['id']}"
    feed(warehouse, more, 8)
    assert stored(warehouse) == tables(events + more, "Asia/Shanghai")


def test_the_zone_is_chosen_before_anything_is_stored(warehouse: Client) -> None:
    assert stored_days(warehouse) == ("UTC", True, True)
    adopt_zone(warehouse, "Asia/Shanghai")
    insert(warehouse, made_at_random(1))
    adopt_zone(warehouse, "UTC")
    assert stored_days(warehouse) == ("Asia/Shanghai", True, False)


def test_what_was_stored_before_is_not_taken_for_all(database: Client) -> None:
    """As when a warehouse with events is brought up to date."""
    add_tables(database)
    database.command("TRUNCATE TABLE reach_zone")
    assert not stored_days(database).is_complete
    events = made_at_random(2)
    insert(database, events)
    refill(database, "UTC")
    assert stored_days(database) == ("UTC", True, False)
    assert stored(database) == tables(events)


def test_events_without_numbers_are_refused_in_words(warehouse: Client) -> None:
    events = made_at_random(3)
    insert(warehouse, [event | {"number": 0} for event in events])
    with pytest.raises(click.ClickException, match="flowdrop warehouse rebuild campaign_events"):
        refill(warehouse, "UTC")


def test_equal_pieces_are_all_counted(warehouse: Client) -> None:
    """Two pieces whose sums are the same rows are not taken for one inserted again."""
    (event, *_) = (e for e in made_at_random(4) if e["type"] == "exposure")
    for n in range(3):
        insert(warehouse, [event | {"id": f"same-{n}", "offset": n}], f"token-{n}")
    wanted = tables([event] * 3)
    assert stored(warehouse)["reach_sums"] == wanted["reach_sums"]
    refill(warehouse, "UTC")
    assert stored(warehouse)["reach_sums"] == wanted["reach_sums"]


def test_what_a_crash_left_wrong_is_found_and_mended(warehouse: Client) -> None:
    events = made_at_random(5)
    feed(warehouse, events, 5)
    right = stored(warehouse)
    own = [event for event in events if event["partition"] == 1]
    place = {"topic": "campaign.accepted", "partition": 1, "first": 20, "end": len(own)}

    def differ() -> int:
        (row,) = rows(warehouse, "feed/found_campaign_events", **place)
        return int(row["dependents"])

    assert differ() == 0
    for spoil in (
        "DELETE FROM reach_sums WHERE partition = 1",
        "DELETE FROM reach_counts WHERE partition = 1 AND number % 3 = 0",
        "INSERT INTO reach_sums SELECT * FROM reach_sums WHERE partition = 1",
        "INSERT INTO reach_counts SELECT * FROM reach_counts WHERE partition = 1 LIMIT 1",
        "TRUNCATE TABLE reach_by_day",
        "TRUNCATE TABLE reach_campaigns",
    ):
        warehouse.command(spoil, settings={"insert_deduplicate": 0})
        assert differ() > 0, spoil
        for table in CLEARED["campaign_events"]:
            settings = {"lightweight_deletes_sync": 2}
            warehouse.command(text(f"feed/clear_{table}"), place, settings=settings)
        warehouse.command(text("warehouse/refill_reach"), {"partitions": [1]})
        insert(warehouse, own[20:], f"the token after {spoil}")
        assert differ() == 0, spoil
    refill(warehouse, "UTC")
    assert stored(warehouse) == right
