"""By columns or one row at a time: the same bytes of the same rows, and the same refusals."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.files.batches import of_columns
from intake.files.mapped import Quick, Records
from intake.files.reading import Source
from intake.mapping import Mapped, Mapping, RowRefusal, loads
from intake.mapping.compiled import record_of
from streams.events import RECORD_BYTES_MAX, partition_of
from streams.events.decoding import Rejection, read_event
from streams.events.times import microseconds

if TYPE_CHECKING:
    from collections.abc import Sequence

PARTITIONS = 8
HEAD = """
feed = "shop"
time_zone = "America/New_York"
id = ["order", "line"]
person = { column = "member", type = "loyalty" }
time = { column = "at", format = "iso" }
unknown = "keep"
missing = ["NULL"]

[lookup.channels]
wx = "wechat"
paid = 'the "paid"'
"*" = "other"

[lookup.carriers]
display = "unicom"
video = "telecom"
"*" = "satellite"
"""
EVENTS = {
    "conversion": """
        when = { status = ["paid", "done"] }
        fields = { campaign = "'spring'", value = "round(price * count * 99.5 - 5)", item = "sku" }
    """,
    "exposure": """
        when = "price > 10 and status != 'paid' or not present(sku)"
        fields.campaign = "sku"
        fields.channel = "channels[status]"
        fields.format = "kind"
        fields.seconds = "price"
        fields.paid = "flag"
    """,
    "earn": """
        when = "truth(flag)"
        person = "'cj:' & member"
        fields = { program = "'liuliangbao'", activity = "'purchase'", spend = "price * 100" }
    """,
    "profile": """
        fields.attributes.city = "sku"
        fields.attributes.level = "number(count) + 1"
        fields.attributes.price = "number(price)"
        fields.attributes.vip = "truth(flag)"
        fields.attributes.carrier = "carriers[kind]"
        fields.attributes.birth_year = "number(count) + 1990"
        fields.attributes.history_cents = "price * 100"
        fields.attributes.joined = "day"
        fields.attributes.newbie = "flag == 'true'"
        fields.attributes.recency_months = "round(price)"
        fields.attributes.seen = "year(day)"
        fields.attributes.age_band = "replace(replace(sku, 't', ''), 'e', 'EE')"
    """,
    "consent": """
        fields = { channel = "default(kind, '*')", granted = "flag == true" }
    """,
    "link": """
        when = "present(status)"
        fields = { other = "default(note, 'say \\"') & member", kind = "kind", linked = "flag" }
    """,
    "order_place": """
        fields = { program = "'p'", item = "sku", amount = "count", quantity = "count" }
    """,
}
COLUMNS = (
    "order",
    "line",
    "member",
    "at",
    "status",
    "price",
    "count",
    "sku",
    "kind",
    "flag",
    "note",
    "day",
)
CELLS: dict[str, list[str]] = {
    "order": ["A1", "A2", "a:b", "50%", "", "x" * 250, "订单"],
    "line": ["1", "2", "NULL"],
    "member": ["17", "18@3", " 17", "1\u200b", "1" * 125, "会员", "", "\ufffd"],
    "at": [
        *("2026-03-01 09:30:00", "2026-03-01T09:30", "2026-03-01", "2026-03-01T09:30:00.250Z"),
        *("2026-03-08 02:30:00", "2026-11-01 01:30:00", "2026-02-30 01:00:00", "1969-12-31"),
        *("2199-12-31 23:00:00", "2026-13-01", "2026-03-01T09:30:00+08:00", "yesterday", ""),
        *("2026-03-01 24:00:00", "2026-03-01 09:30:60", "2026-03-01 09:30:00.123456"),
    ],
    "status": ["paid", "done", "wx", "", "refunded"],
    "price": [
        "12.50",
        "0",
        "1e3",
        "-0.5",
        "-3",
        "1,5",
        "99999999999",
        "0.00005",
        "007",
        "",
        "12.345",
    ],
    "count": ["1", "2", "3.5", "x", "", "10001"],
    "sku": ["tea", '"tea"', "龙井", "a\\b", "a\nb", "", "x" * 300, "　tea"],
    "kind": ["display", "video", "banner", "", "device"],
    "flag": ["true", "0", "是", "maybe", "", "Yes"],
    "note": ["n", "loyalty:", "", "NULL", " n", '"'],
    "day": [
        "2026-03-01",
        "",
        "2024-02-29",
        "2023-02-29",
        "1969-12-31",
        "2026-3-1",
        "20260301",
        "17.5.1990",
        "1990",
    ],
}


def mapping(*names: str) -> Mapping:
    return loads(HEAD + "".join(f'\n[[event]]\ntype = "{name}"\n{EVENTS[name]}' for name in names))


def quick(made: Mapping, rows: Sequence[dict[str, str]]) -> Records:
    numbers = np.arange(2, 2 + len(rows))
    columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in COLUMNS}
    return Quick(made, PARTITIONS, made.unknown(COLUMNS)).records(of_columns(numbers, columns, []))


def one_by_one(made: Mapping, rows: Sequence[dict[str, str]]) -> list[Mapped | RowRefusal]:
    kept = [row for row in rows if any(row[name] for name in made.columns)]
    numbers = [number for number, row in enumerate(rows, 2) if row in kept]
    return [
        found
        for row, number in zip(kept, numbers, strict=True)
        for found in made.of_row(row, number)
    ]


def same(made: Mapping, rows: Sequence[dict[str, str]]) -> Records:
    rows = [{name: row[name] for name in COLUMNS} for row in rows]
    found = quick(made, rows)
    wanted = one_by_one(made, rows)
    assert found.refusals == [one for one in wanted if isinstance(one, RowRefusal)]
    records = [one for one in wanted if isinstance(one, Mapped)]
    table = found.table.to_pylist()
    assert [row["value"] for row in table] == [one.value() for one in records]
    for row, one in zip(table, records, strict=True):
        assert row["row"] == one.row
        assert made.rules[row["rule"]] is one.rule
        assert (row["partition"], row["subject"], row["value"]) == record_of(one, PARTITIONS)[1:]
        assert row["partition"] == partition_of(one.event.subject, PARTITIONS)
        assert row["time_us"] == microseconds(one.event.time)
        assert not isinstance(read_event(row["value"]), Rejection)
    return found


rows_of = st.lists(
    st.fixed_dictionaries({name: st.sampled_from(CELLS[name]) for name in COLUMNS}), max_size=30
)
mostly_good = st.lists(
    st.fixed_dictionaries(
        {
            name: st.one_of(st.just(cells[0]), st.just(cells[0]), st.sampled_from(cells))
            for name, cells in CELLS.items()
        }
    ),
    max_size=60,
)


@pytest.mark.parametrize("name", EVENTS)
@settings(max_examples=60)
@given(rows=st.one_of(rows_of, mostly_good))
def test_columns_give_what_rows_give_of_each_type(name: str, rows: list[dict[str, str]]) -> None:
    same(mapping(name), rows)


@settings(max_examples=60)
@given(rows=st.one_of(rows_of, mostly_good))
def test_columns_give_what_rows_give_of_several_types(rows: list[dict[str, str]]) -> None:
    same(mapping(*EVENTS), rows)


@pytest.mark.parametrize("activity", ["", 'activity = "opening"'])
@settings(max_examples=30)
@given(rows=mostly_good)
def test_columns_give_what_rows_give_of_opening_balances(
    activity: str, rows: list[dict[str, str]]
) -> None:
    late = f"[late]\nat = 2026-03-20T00:00:00\n{activity}\n"
    text = (
        HEAD
        + late
        + "".join(f'\n[[event]]\ntype = "{n}"\n{EVENTS[n]}' for n in ("earn", "profile"))
    )
    same(loads(text), rows)


@settings(max_examples=100)
@given(rows=st.lists(st.fixed_dictionaries({name: st.text(max_size=8) for name in COLUMNS})))
def test_whatever_cells_hold(rows: list[dict[str, str]]) -> None:
    same(mapping("conversion", "profile", "consent"), rows)


LEAVES = ("price", "count", "flag", "status", "kind", "sku", "'5'", "'paid'", "7", "0.5", "true")
SIGNS = ("+", "-", "*", "/", "&", "==", "!=", "<", "<=", ">", ">=", "and", "or")
CALLS = (
    *(
        "(-({}))",
        "(not ({}))",
        "channels[{}]",
        "number({})",
        "present({})",
        "text({})",
        "truth({})",
    ),
    *("({}) / 100", "({}) / 0.5", "({}) / 0", "upper({})", "lower({})", "round({})"),
)
expressions = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(SIGNS), inner),
        st.builds(str.format, st.sampled_from(CALLS), inner),
        st.builds("default({}, {})".format, inner, inner),
    ),
    max_leaves=5,
)


@settings(max_examples=150)
@given(when=expressions, text=expressions, number=expressions, rows=mostly_good)
def test_columns_give_what_rows_give_of_any_expression(
    when: str, text: str, number: str, rows: list[dict[str, str]]
) -> None:
    event = f"""
        [[event]]
        type = "exposure"
        when = "{when}"
        fields = {{ campaign = "{text}", channel = "'web'", format = "'video'", cost = "{number}" }}
        [[event]]
        type = "profile"
        fields.attributes = {{ a = "{text}", b = "{number}", c = "truth({when})" }}
    """
    same(loads(HEAD + event), rows)


def test_a_condition_that_is_a_text_is_met_by_what_says_yes() -> None:
    made = loads(HEAD + '[[event]]\ntype = "visit"\nwhen = "flag"\nfields.campaign = "sku"')
    good = {name: cells[0] for name, cells in CELLS.items()}
    rows = [good | {"order": str(n), "flag": flag} for n, flag in enumerate(("1", "0", "", "no"))]
    assert same(made, rows).table.num_rows == 1
    (refused,) = same(made, [good | {"flag": "perhaps"}]).refusals
    assert (refused.column, refused.value) == ("flag", "perhaps")


def test_a_division_by_a_power_of_ten_is_made_by_columns() -> None:
    seconds = EVENTS["exposure"].replace('seconds = "price"', 'seconds = "price / 1000"')
    made = loads(HEAD + f'\n[[event]]\ntype = "exposure"\n{seconds}')
    found = same(made, [plain_row(1, status="wx", price="1250.50")])
    assert b'"seconds":1.2505' in found.table["value"][0].as_py()
    assert found.alone == 0


def test_what_is_yet_to_come_is_refused_by_its_row() -> None:
    rows = [plain_row(1), plain_row(2, at="2150-01-01 00:00:00"), plain_row(3, at="2150-01-01")]
    made = mapping("conversion", "profile")
    columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in COLUMNS}
    batch = of_columns(np.arange(2, 5), columns, [])
    latest = datetime(2026, 12, 1, tzinfo=UTC)
    found = Quick(made, PARTITIONS, made.unknown(COLUMNS), latest).records(batch)
    assert set(found.table["row"].to_pylist()) == {2}
    assert [(one.row, one.column) for one in found.refusals] == [(3, "at"), (4, "at")]
    assert all("at most 2026-12-01" in one.problem for one in found.refusals)


TYPED = ("x", "5", "05", 5, 5.0, 1.5, 1e-7, 1e300, True, None, [1], {"a": 1}, "", -0.0, 10**30)


@settings(max_examples=150)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "id": st.sampled_from(["a", 1, 2.0]),
                "v": st.sampled_from(TYPED),
                "w": st.sampled_from(TYPED),
            }
        ),
        max_size=12,
    )
)
def test_typed_values_keep_their_types(rows: list[dict[str, Any]], tmp_path_factory: Any) -> None:
    made = loads(
        """
        feed = "f"
        id = "id"
        person = "id"
        time = "at"
        [[event]]
        when = { v = ["05", "x", "5"] }
        type = "visit"
        fields.campaign = "w"
        [[event]]
        type = "profile"
        fields.attributes = { v = "v", w = "text(w)" }
        """
    )
    rows = [row | {"at": "2026-03-01"} for row in rows]
    path = tmp_path_factory.mktemp("typed") / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = Source(path, made.file, made.columns)
    records = [Quick(made, PARTITIONS).records(batch) for batch in source.batches()]
    wanted = [found for number, row in enumerate(rows, 1) for found in made.of_row(row, number)]
    assert [row["value"] for one in records for row in one.table.to_pylist()] == [
        one.value() for one in wanted if isinstance(one, Mapped)
    ]
    assert [found for one in records for found in one.refusals] == [
        one for one in wanted if isinstance(one, RowRefusal)
    ]


def plain_row(number: int, **other: str) -> dict[str, str]:
    row: dict[str, Any] = {name: cells[0] for name, cells in CELLS.items()}
    return row | {"order": f"A{number}"} | other


@pytest.mark.parametrize(
    "name", ["conversion", "exposure", "earn", "consent", "order_place", "profile", "link"]
)
def test_plain_rows_are_not_judged_one_by_one(name: str) -> None:
    rows = [plain_row(n, status="refunded" if name == "exposure" else "paid") for n in range(100)]
    found = same(mapping(name), rows)
    assert len(found.table) == 100
    assert found.alone == 0


@pytest.mark.parametrize("order", ["a:b", "50%", "09:30:00", "%3A:%25"])
def test_an_id_with_the_sign_between_its_parts_is_put_together_by_columns(order: str) -> None:
    found = same(
        mapping("link"), [plain_row(1, order=order), plain_row(2), plain_row(3, line="1:1")]
    )
    assert (len(found.table), found.alone) == (3, 0)


def test_a_blank_row_is_no_row() -> None:
    blank = dict.fromkeys(COLUMNS, "")
    found = quick(mapping("conversion"), [plain_row(1), blank | {"note": "n"}, plain_row(2)])
    assert (len(found.table), found.blank, found.refusals) == (2, 1, [])


def test_what_is_kept_makes_no_event_larger_than_is_read() -> None:
    made = mapping("conversion")
    (plain,) = quick(made, [plain_row(1, note="n")]).table["value"].to_pylist()
    room = RECORD_BYTES_MAX - len(plain) + 1
    found = same(made, [plain_row(1, note="n" * room), plain_row(2, note="n" * (room + 1))])
    (fits,) = found.table["value"].to_pylist()
    assert len(fits) == RECORD_BYTES_MAX
    (refused,) = found.refusals
    assert "more than 65,536 bytes" in refused.problem
    assert 'unknown = "drop"' in refused.remedy


def test_rows_that_meet_no_condition_are_counted() -> None:
    rows = [plain_row(1), plain_row(2, status="x"), plain_row(3, status="y", order="a:b")]
    assert quick(mapping("conversion"), rows).without == 2
