"""Records become columns, those that cannot are set aside, results keep their order."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sql.client import connect
from streams.events import ACCEPTED_TOPIC, DEADLETTER_TOPIC, POSTINGS_TOPIC
from streams.feed import columns
from streams.feed.clickhouse import CONTENT, rows_of
from streams.feed.columns import OrderError, check_order, ledger_results
from streams.layer.batch import Batch
from streams.ledger.results import Postings, Result, encode_result
from tests.streams.feed_world import result

REFUSED = encode_result(
    Result(0, 2, "e", "s", "earn", "cj:流", "liuliangbao", 1, "refused", "frozen")
)


def _batch(*values: bytes | None, topic: str = POSTINGS_TOPIC, headers: Any = ()) -> Batch:
    offsets = list(range(10, 10 + len(values)))
    keys: list[bytes | None] = [b"k"] * len(values)
    own = [list(headers)] * len(values)
    return Batch(topic, 0, 10, 10 + len(values), keys, list(values), offsets, offsets, own, 0)


def test_both_ways_of_reading_give_the_same_columns() -> None:
    good = [result(0, 1, 5, extra={"new": "field"}), REFUSED, result(0, 4, 7, spend=3)]
    quick = ledger_results(_batch(*good))
    careful = ledger_results(_batch(*good, b"{}"))
    assert quick.unreadable == []
    assert [bad.offset for bad in careful.unreadable] == [13]
    assert quick.table.cast(careful.table.schema).to_pylist() == careful.table.to_pylist()
    first, refused, _ = quick.table.to_pylist()
    assert (first["amount"], first["posting.amount"], first["spend"]) == (5, [5, -5], None)
    assert (refused["reason"], refused["subject"], refused["carrier"]) == ("frozen", "cj:流", "")


def test_every_field_of_a_result_is_a_column() -> None:
    names = set(ledger_results(_batch(REFUSED)).table.column_names)
    fields = set(Result.__struct_fields__) - {"posting"}
    nested = {f"posting.{name}" for name in Postings.__struct_fields__}
    assert names == fields | nested | {"topic", "partition", "offset", "arrived"}


@pytest.mark.parametrize(
    "broken",
    [
        None,
        b"",
        b"{",
        b"[]",
        b"{}\n{}",
        REFUSED.replace(b'"earn"', b"null"),
        REFUSED.replace(b'"earn"', b"5"),
        REFUSED.replace(b'"source_partition":0', b'"source_partition":65536'),
        REFUSED.replace(b'"time":1', b'"time":9223372036854775808'),
        REFUSED.replace(b'"time":1', b'"time":1.5'),
        REFUSED.replace(b'"earn"', b'"\xff"'),
        REFUSED.replace(b'"earn"', b'"\\ud800"'),
    ],
)
def test_a_broken_record_is_set_aside_and_its_neighbours_are_not(broken: bytes | None) -> None:
    found = ledger_results(_batch(result(0, 1, 5), broken, result(0, 3, 5)))
    assert [bad.offset for bad in found.unreadable] == [11]
    assert found.table["source_offset"].to_pylist() == [1, 3]
    letters = columns.as_deadletters(_batch(b"x", broken), found.unreadable).to_pylist()
    assert [(row["source_offset"], row["value"]) for row in letters] == [(11, broken or b"")]


def test_a_dead_letter_whose_headers_fit_no_column_is_set_aside() -> None:
    place = {"topic": b"t", "offset": b"1", "reason": b"r", "detail": b"d"}
    good = _batch(b"x", topic=DEADLETTER_TOPIC, headers={**place, "partition": b"7"}.items())
    assert len(columns.deadletters(good).table) == 1
    for number in (b"70000", b"-1", b"x"):
        bad = _batch(b"x", topic=DEADLETTER_TOPIC, headers={**place, "partition": number}.items())
        assert [one.offset for one in columns.deadletters(bad).unreadable] == [10]


def test_an_event_of_which_an_id_comes_twice_is_expected_once() -> None:
    event = msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": "v",
            "source": "s",
            "time": "2024-01-01T00:00:00Z",
            "type": "flowdrop.campaign.visit",
            "subject": "p",
            "data": {"campaign": "c"},
        }
    )
    batch = _batch(event, event, topic=ACCEPTED_TOPIC)
    rows = rows_of("campaign_events", columns.campaign_events(batch).table, batch)
    assert rows.expected == (1, 0)
    assert rows.token == "campaign_events:campaign.accepted:0:10:11"
    assert rows.content["arrived"].cast("int64").to_pylist() == batch.timestamps_ms == [10, 11]


def test_results_in_order_pass() -> None:
    table = ledger_results(_batch(result(0, 5, 1), result(0, 9, 1))).table
    assert check_order(table, 0, 4) == 9
    assert check_order(table.slice(0, 0), 0, 4) == 4


@pytest.mark.parametrize(
    ("sources", "after", "said"),
    [
        ([5, 9], 5, "offset 10 is the result of partition 0 offset 5"),
        ([5, 5], -1, "offset 11 is the result of partition 0 offset 5"),
        ([5, 4], -1, "offset 11 is the result of partition 0 offset 4"),
    ],
)
def test_results_out_of_order_stop_the_feed_in_words(
    sources: list[int], after: int, said: str
) -> None:
    table = ledger_results(_batch(*(result(0, source, 1) for source in sources))).table
    with pytest.raises(OrderError, match=said):
        check_order(table, 0, after)


def test_results_of_another_partition_stop_the_feed() -> None:
    table = ledger_results(_batch(result(3, 5, 1))).table
    with pytest.raises(OrderError, match="result of partition 3 offset 5"):
        check_order(table, 0, -1)


@pytest.mark.clickhouse
def test_the_codes_have_the_names_that_the_engine_gives_them(clickhouse: str) -> None:
    found = connect(clickhouse).query(
        "SELECT code, errorCodeToName(code) FROM (SELECT arrayJoin({codes:Array(Int32)}) AS code)",
        parameters={"codes": list(CONTENT)},
    )
    assert dict(found.result_rows) == CONTENT
