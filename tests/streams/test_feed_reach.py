"""A range of campaign events that a crash left wrong in the tables of reach is put right."""

from __future__ import annotations

import msgspec
import pytest

from sql.client import connect
from streams.events import ACCEPTED_TOPIC
from streams.events.person import with_number
from streams.feed import columns
from streams.feed.clickhouse import Warehouse, rows_of
from streams.layer.batch import Batch
from tests.warehouses import add_tables

pytestmark = pytest.mark.clickhouse

SUMMED = """
SELECT
    (SELECT (sum(events), sum(cents)) FROM reach_sums),
    (SELECT (sum(contacted), uniqExact(number)) FROM reach_counts),
    (SELECT bitmapCardinality(groupBitmapMergeState(people)) FROM reach_days)
"""


def _batch(partition: int, offsets: range) -> Batch:
    values = [_contact(partition, offset) for offset in offsets]
    places = (ACCEPTED_TOPIC, partition, offsets[0], offsets[-1] + 1)
    each = len(values)
    return Batch(
        *places,
        [b"p"] * each,
        values,
        list(offsets),
        [0] * each,
        [()] * each,
        sum(map(len, values)),
    )


def _contact(partition: int, offset: int) -> bytes:
    person = offset % 7
    event = {
        "specversion": "1.0",
        "id": f"c{partition}-{offset}",
        "source": "ads",
        "time": "2024-01-01T00:00:00Z",
        "type": "flowdrop.campaign.contact",
        "subject": f"p{person}@{partition}",
        "data": {"campaign": "spring", "channel": "app", "cost": 5},
    }
    return with_number(msgspec.json.encode(event), (person + 1) * 8 + partition)


def test_a_range_is_found_wrong_and_put_right(clickhouse: str) -> None:
    connect(clickhouse).command("CREATE DATABASE feed_reach")
    url = clickhouse.removesuffix("default") + "feed_reach"
    client = connect(url)
    add_tables(client)
    warehouse = Warehouse(url)
    ranges = []
    for partition, offsets in ((1, range(20)), (2, range(30)), (1, range(20, 50))):
        batch = _batch(partition, offsets)
        ranges.append(rows_of("campaign_events", columns.campaign_events(batch).table, batch))
    for each in ranges:
        for _ in range(2):
            warehouse.insert(each, each.token)
        assert warehouse.found(each) == each.expected
    right = client.query(SUMMED).result_rows
    assert right == [((80, 400), (80, 14), 14)]

    last = ranges[-1]
    for spoil in (
        "INSERT INTO reach_counts SELECT * FROM reach_counts WHERE partition = 1",
        "DELETE FROM reach_sums WHERE partition = 1",
        "DELETE FROM campaign_events WHERE partition = 1 AND offset > 40",
        "TRUNCATE TABLE reach_days",
    ):
        client.command(spoil, settings={"insert_deduplicate": 0})
        assert warehouse.found(last) != last.expected, spoil
        warehouse.clear(last)
        warehouse.insert(last, f"{last.token}:{spoil}")
        assert warehouse.found(last) == last.expected, spoil
        assert warehouse.found(ranges[0]) == ranges[0].expected, spoil
    warehouse.clear(ranges[1])
    warehouse.insert(ranges[1], f"{ranges[1].token}:1")
    assert client.query(SUMMED).result_rows == right
