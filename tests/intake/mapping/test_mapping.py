"""Rows of other people's data as events: each is one that is accepted, or refused by its column."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.mapping import Mapping, MappingError, RowRefusal, loads
from streams.events import Event, encode
from streams.events.decoding import Rejection, read_event

SHOP = """
feed = "shop"
time_zone = "Asia/Shanghai"
id = ["order_id", "line"]
person = { column = "member", type = "loyalty" }
time = { column = "paid_at", format = "%Y-%m-%d %H:%M:%S" }
unknown = "keep"

[lookup.channels]
wx = "wechat"

[[event]]
when = { status = ["paid", "done"] }
type = "conversion"
fields = { campaign = "'spring'", value = "amount * 100", item = "sku" }

[[event]]
when = "present(city) or present(age)"
type = "person.profile"
fields.attributes = { city = "city", age = "number(age)" }

[[event]]
when = { status = "opened" }
type = "flowdrop.wallet.open"
person = "'shop:' & member"
time = "opened_at"
fields = { program = "'liuliangbao'" }
"""
ROW: dict[str, Any] = {
    "order_id": "A1",
    "line": "1",
    "member": "17",
    "paid_at": "2026-03-01 09:30:00",
    "status": "paid",
    "amount": "12.50",
    "sku": "龙井",
}


def events(mapping: Mapping, *rows: dict[str, Any]) -> list[Event]:
    found = mapping.events_of(rows)
    refused = [one.words() for one in found if isinstance(one, RowRefusal)]
    assert not refused
    return [one for one in found if not isinstance(one, RowRefusal)]


def test_a_row_becomes_an_event_for_each_condition_that_it_meets() -> None:
    first, second = events(loads(SHOP), ROW | {"city": "杭州", "age": 30})
    assert (first.id, first.subject, first.source) == ("A1:1", "loyalty:17", "shop")
    assert first.time.isoformat() == "2026-03-01T01:30:00+00:00"
    assert (first.data.campaign, first.data.value, first.data.item) == ("spring", 1250, "龙井")
    assert second.id == "A1:1#profile"
    assert second.data.attributes == {"city": "杭州", "age": 30}


def test_an_event_may_have_a_person_and_time_of_its_own() -> None:
    (event,) = events(
        loads(SHOP), ROW | {"status": "opened", "opened_at": "2026-03-01T00:00:00+01:00"}
    )
    assert (event.id, event.subject) == ("A1:1#open", "shop:17")
    assert event.time.isoformat() == "2026-02-28T23:00:00+00:00"


def test_a_row_that_meets_no_condition_is_nothing() -> None:
    assert events(loads(SHOP), ROW | {"status": "cancelled"}) == []


def test_rows_of_several_id_columns_never_share_an_id() -> None:
    one, other = events(
        loads(SHOP), ROW | {"order_id": "a:b", "line": "c"}, ROW | {"order_id": "a", "line": "b:c"}
    )
    assert (one.id, other.id) == ("a%3Ab:c", "a:b%3Ac")


def test_unknown_columns_are_kept_dropped_or_refused() -> None:
    row = ROW | {"coupon": "X1", "n": 1, "empty": ""}
    (record,) = loads(SHOP).records_of([row], 8)
    assert not isinstance(record, RowRefusal)
    assert (record[3] or b"").endswith(b',"extra":{"coupon":"X1","n":1}}')
    assert not isinstance(read_event(record[3] or b""), Rejection)
    drop = loads(SHOP.replace('"keep"', '"drop"'))
    (dropped,) = drop.records_of([row], 8)
    assert not isinstance(dropped, RowRefusal)
    assert b"coupon" not in (dropped[3] or b"")
    (refused,) = loads(SHOP.replace('"keep"', '"refuse"')).events_of([row])
    assert isinstance(refused, RowRefusal)
    assert refused.column == "coupon"


BROKEN = [
    ("order_id", "", "is empty"),
    ("order_id", "x" * 300, "at most 200 characters"),
    ("member", None, "is empty"),
    ("member", "1\u200b7", "zero width"),
    ("member", "1" * 128, "at most 128 characters"),
    ("member", "\ufffd\ufffd", "no text"),
    ("paid_at", "", "is empty"),
    ("paid_at", "yesterday", "no time"),
    ("paid_at", "2026-02-30 10:00:00", "no time"),
    ("paid_at", "1066-03-01 10:00:00", "1970"),
    ("amount", "12,50", "no number"),
    ("amount", "1.005", "whole number"),
    ("amount", "-1", "at least 0"),
    ("amount", "9" * 20, "at most 10,000,000,000,000"),
    ("amount", ["12"], "no number"),
    ("sku", "tea\x07", "control"),
    ("sku", {"a": 1}, "neither"),
]


@pytest.mark.parametrize(("column", "value", "problem"), BROKEN)
def test_a_broken_cell_is_refused_by_its_column(column: str, value: object, problem: str) -> None:
    (refused,) = loads(SHOP).events_of([ROW | {column: value}], first_row=7)
    assert isinstance(refused, RowRefusal)
    assert refused.row == 7
    assert column in refused.column
    assert problem in refused.problem
    assert refused.remedy


def test_a_broken_attribute_is_refused_by_its_own_column() -> None:
    attributes = "{ age = 'number(age)', city = 'town', likes = 'likes' }"
    text = SHOP.partition("[[event]]")[0] + '[[event]]\ntype = "person.profile"\n'
    made = loads(text + f"fields.attributes = {attributes}\n")
    for column, value, problem in (
        (
            "town",
            "x" * 201,
            "the event's attributes.city: it must be a text of at most 200 characters",
        ),
        (
            "likes",
            ["tea", 1],
            "the event's attributes.likes[1]: it must be a text, not a whole number",
        ),
    ):
        (refused,) = made.events_of(
            [ROW | {"age": "30", "town": "x", "likes": ["a"], column: value}]
        )
        assert isinstance(refused, RowRefusal)
        assert (refused.column, refused.problem) == (column, problem)
    whole = loads(text + 'fields.attributes = "traits"\n')
    for name, value, problem in (
        ("city", "x" * 201, "the event's attributes.city: it must be"),
        (
            "n" * 65,
            "x",
            f"the event's attributes.{'n' * 65}: it must be a text of at most 64 characters",
        ),
    ):
        (refused,) = whole.events_of([ROW | {"traits": {"age": 30, name: value}}])
        assert isinstance(refused, RowRefusal)
        assert refused.column == "traits"
        assert refused.problem.startswith(problem)


def test_of_a_row_with_several_events_one_refusal_stands_for_all() -> None:
    found = loads(SHOP).events_of([ROW | {"city": "x" * 300}])
    assert len(found) == 1
    assert isinstance(found[0], RowRefusal)
    assert found[0].column == "city"


def test_local_times_that_were_twice_or_never() -> None:
    new_york = loads(SHOP.replace("Asia/Shanghai", "America/New_York"))
    (twice,) = events(new_york, ROW | {"paid_at": "2025-11-02 01:30:00"})
    assert twice.time.isoformat() == "2025-11-02T05:30:00+00:00"
    (never,) = new_york.events_of([ROW | {"paid_at": "2026-03-08 02:30:00"}])
    assert isinstance(never, RowRefusal)
    assert "put forward" in never.problem


@pytest.mark.parametrize(
    ("form", "text", "meant"),
    [
        ("iso", "2026-03-01", "2026-02-28T16:00:00+00:00"),
        ("iso", "2026-03-01T09:30:00.25Z", "2026-03-01T09:30:00.250000+00:00"),
        ("%d.%m.%Y %H:%M", "1.3.2026 9:30", "2026-03-01T01:30:00+00:00"),
        ("epoch", "1772328600", "2026-03-01T01:30:00+00:00"),
        ("epoch_ms", "1772328600500", "2026-03-01T01:30:00.500000+00:00"),
    ],
)
def test_times_are_read_in_their_format(form: str, text: str, meant: str) -> None:
    mapping = loads(SHOP.replace("%Y-%m-%d %H:%M:%S", form))
    assert events(mapping, ROW | {"paid_at": text})[0].time.isoformat() == meant


FAULTS = [
    ('feed = "shop"', 'fed = "shop"', "no `fed`"),
    ('feed = "shop"', 'feed = " shop"', "feed"),
    ('"Asia/Shanghai"', '"Asia/Hangzhou"', "Asia/Hangzhou"),
    ('type = "conversion"', 'type = "purchase"', "purchase"),
    ('"amount * 100"', '"amount * "', "at the end"),
    ("value = ", "worth = ", "no field 'worth'"),
    ("campaign = \"'spring'\", ", "", "needs `campaign`"),
    ('"sku"', '"colours[sku]"', "[lookup.colours]"),
    ('["paid", "done"]', "[]", "empty list"),
    ('id = ["order_id", "line"]', "", "no `id`"),
    ('unknown = "keep"', 'unknown = "burn"', "unknown"),
    ("[[event]]", "[[event", "TOML"),
    ('type = "person.profile"', 'type = "person.profile"\nname = ""', "one id"),
    ('type = "person.profile"', 'type = "person.profile"\nunknown = "keep"', "above the first"),
]


@pytest.mark.parametrize(("old", "new", "said"), FAULTS)
def test_a_faulty_mapping_is_refused_by_its_key(old: str, new: str, said: str) -> None:
    assert old in SHOP
    with pytest.raises(MappingError) as error:
        loads(SHOP.replace(old, new, 1), "shop.toml")
    assert "shop.toml" in error.value.message
    assert said in error.value.message


@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans())
            for name in (*ROW, "city", "age", "opened_at")
        },
    )
)
def test_whatever_a_row_holds_it_is_an_accepted_event_or_refused(row: dict[str, object]) -> None:
    for found in loads(SHOP).events_of([ROW | row]):
        if not isinstance(found, RowRefusal):
            assert not isinstance(read_event(encode(found)), Rejection)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"shop"', '"flowdrop.ledger"', "a name of flowdrop's own"),
    ],
)
def test_no_feed_has_a_name_of_ours(old: str, new: str, said: str) -> None:
    with pytest.raises(MappingError, match=said):
        loads(SHOP.replace(f"feed = {old}", f"feed = {new}"))


def test_an_expression_without_end_is_refused_in_words() -> None:
    deep = "1" + "+1" * 990
    with pytest.raises(MappingError, match="nested too deeply"):
        loads(SHOP.replace('"amount * 100"', f'"{deep}"'))


@pytest.mark.parametrize(
    ("cells", "column", "value", "problem"),
    [
        ({"price": "¥\uff11"}, "price", "¥\uff11", "is no number"),
        ({"price": "-¥12.00"}, "price", "-¥12.00", "at least 0, not -1200"),
        ({"flag": "perhaps"}, "flag", "perhaps", "says neither yes nor no"),
        ({"way": "pigeon"}, "way", "pigeon", "the table ways has no 'pigeon'"),
        ({"share": "0"}, "price, share", "", "can't be computed"),
    ],
)
def test_of_an_expression_of_several_columns_the_cell_to_blame_is_named_as_it_stands(
    cells: dict[str, str], column: str, value: str, problem: str
) -> None:
    text = """
feed = "shop"
id = "id"
person = "who"
time = "day"
[lookup.ways]
wx = "wechat"
[[event]]
when = "truth(flag) and number(replace(price, '¥', '')) / share < 9 and ways[way] == 'wechat'"
type = "conversion"
fields.campaign = "'c'"
fields.value = "round(replace(price, '¥', '') * 100)"
"""
    row = {"id": "1", "who": "ann", "day": "2026-03-01", "flag": "yes", "price": "¥5", "share": "1"}
    (found,) = loads(text).events_of([row | {"way": "wx"} | cells])
    assert isinstance(found, RowRefusal)
    assert (found.column, found.value) == (column, value)
    assert problem in found.problem


def test_a_name_without_its_quotes_is_said_so() -> None:
    with pytest.raises(MappingError, match="stands in quotes before the ="):
        loads(SHOP + "when = { 订单状态 = 'x' }\n")
