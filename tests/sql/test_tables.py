"""The tables against the event schema, and the promises that the feed relies on."""

from __future__ import annotations

import re
import types
import typing
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from sql.migrate import migrate
from streams import events
from streams.ledger.book import Book
from streams.ledger.operations import FACTS
from streams.ledger.results import Result
from streams.ledger.turn import Turn
from tests.streams.ledger_world import RULES

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

# Columns that are no field of an event's data: its envelope, and where the feed read it.
ENVELOPE = {"id", "type", "time", "person", "source"}
PEOPLE = {"number"}  # what the campaign agent adds
# Fields that a description has alone: the column `description` holds all that it says, as JSON.
DESCRIBED = frozenset(events.DescribeData.__struct_fields__) - {"campaign"}
FEED = {"topic", "partition", "offset"}

# Columns of ledger_results that the ledger adds to what an event says.
LEDGER = {
    *("source_partition", "source_offset", "event_id", "event_source", "subject"),
    *("outcome", "reason", "mb", "arrived"),
}
REFERENCES = ("redemption", "order", "share", "conversion")
# Fields of wallet events by the column that holds them, where it has another name.
RENAMED = {
    **dict.fromkeys(
        ("to", "payer", "packet", "claimer", "partner", "by", "account"), "counterparty"
    ),
    **dict.fromkeys(REFERENCES, "cause"),
    **{f"{name}_source": "cause_source" for name in REFERENCES},
    **dict.fromkeys(("rule", "tier"), "activity"),
    "value": "spend",
    "about": "item",
}
# Those that no column holds.
LOG_ONLY = frozenset(
    {
        *(
            "rules",
            "reference",
            "message",
            "until",
            "claims",
            "mode",
            "expires",
        ),
        *(
            "quantity",
            "group",
            "code",
            "month",
            "before",
            "partition",
            "offset",
            "number",
            "sequence",
            "asker",
        ),
        *("key", "signature", "fingerprint"),
        "purpose",  # of a key: its event's subject says it too
        *("original", "leg"),  # whole events: their ids and sources are cause and cause_source
        "reason",  # a client's words; the column of that name is the ledger's answer
    }
)


@pytest.fixture
def warehouse(database: Client) -> Client:
    migrate(database)
    return database


def _columns(client: Client, table: str) -> dict[str, str]:
    found = client.query(
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() "
        "AND table = {table:String} AND default_kind = ''",
        parameters={"table": table},
    )
    return {name: _bare(kind) for name, kind in found.result_rows}


def _bare(kind: str) -> str:
    return re.sub(r"LowCardinality\((\w+)\)", r"\1", kind)


def _fields(
    base: type[events.Envelope], but: frozenset[str] = frozenset()
) -> dict[str, list[tuple[str, bool]]]:
    """The fields of the data of events: for each, its types and whether it's required."""
    found: dict[str, list[tuple[str, bool]]] = {}
    for event in events.kinds_of(base):
        for field in msgspec.structs.fields(typing.get_type_hints(event)["data"]):
            if field.name not in but:
                found.setdefault(field.name, []).append((_type(field.type), field.required))
    return found


def _type(hint: Any) -> str:
    """The ClickHouse type that holds a field of type `hint`; Nullable when it may be none."""
    if typing.get_origin(hint) is typing.Annotated:
        return _type(typing.get_args(hint)[0])
    if typing.get_origin(hint) is typing.Literal:
        return "String"
    if typing.get_origin(hint) is dict:
        return "Map(String, String)"  # of any values, as JSON
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return f"Nullable({_type(next(a for a in typing.get_args(hint) if a is not type(None)))})"
    return {
        str: "String",
        int: "Int64",
        float: "Float64",
        bool: "Bool",
        datetime: "DateTime64(6, 'UTC')",
    }[hint]


def _holds(column: str, field: str) -> bool:
    """Text has '' for none; any other type is Nullable where the field may be none."""
    return column == (field[9:-1] if "String" in field and "Nullable" in field else field)


def test_campaign_events_mirror_the_event_schema(warehouse: Client) -> None:
    columns = _columns(warehouse, "campaign_events")
    fields = _fields(events.CampaignEvent, DESCRIBED)
    assert columns.keys() - ENVELOPE - FEED - PEOPLE - {"description", "arrived"} == fields.keys()

    kinds = len(events.kinds_of(events.CampaignEvent))
    for name, uses in fields.items():
        (kind,) = {kind for kind, _ in uses}
        everywhere = len(uses) == kinds
        if not everywhere and "String" not in kind and "Nullable" not in kind and name != "paid":
            kind = f"Nullable({kind})"  # other types' events have none
        assert _holds(columns[name], kind), f"{name}: {columns[name]} does not hold {kind}"


def test_ledger_results_mirror_the_event_schema(warehouse: Client) -> None:
    columns = _columns(warehouse, "ledger_results")
    fields = _fields(events.WalletEvent, LOG_ONLY)
    own = {name for name in columns if "." not in name} - LEDGER - FEED - {"type", "time"}
    assert own == {RENAMED.get(name, name) for name in fields}
    for name in fields.keys() - {"amount"}:
        for kind, _ in fields[name]:
            assert _holds(columns[RENAMED.get(name, name)], kind), name


def _example(hint: Any, name: str) -> Any:
    """A value of a field, told from that of any other name."""
    if typing.get_origin(hint) is typing.Annotated:
        return _example(typing.get_args(hint)[0], name)
    if typing.get_origin(hint) is typing.Literal:
        return typing.get_args(hint)[-1]
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return _example(typing.get_args(hint)[0], name)
    if issubclass(hint, msgspec.Struct):
        hints = typing.get_type_hints(hint, include_extras=True)
        return hint(
            **{
                field.name: _example(hints[field.name], f"{hint.__name__}.{field.name}")
                for field in msgspec.structs.fields(hint)
            }
        )
    of_type = {
        str: name,
        int: zlib.crc32(name.encode()),
        datetime: datetime(2026, 3, 1, tzinfo=UTC),
    }
    return of_type[hint]


@pytest.mark.parametrize(
    "kind", events.kinds_of(events.WalletEvent), ids=lambda kind: kind.__name__
)
def test_every_field_is_told_in_its_column(kind: type[Any]) -> None:
    event = _example(kind, "event")
    result = Result(0, 0, event.id, event.source, "", event.subject, "", 0, "applied")
    turn = Turn(Book(0, 1, lambda _: None), RULES)
    FACTS[kind](result, event.data, turn)
    by_the_fold = {"program", "amount"}
    for field in (
        {each.name for each in msgspec.structs.fields(event.data)} - LOG_ONLY - by_the_fold
    ):
        assert getattr(result, RENAMED.get(field, field)) == getattr(event.data, field), field
    for field in ("original", "leg"):
        if (whole := getattr(event.data, field, None)) is not None:
            assert (result.cause, result.cause_source) == (whole.id, whole.source)


def test_postings_take_every_column_from_the_view(warehouse: Client) -> None:
    assert _columns(warehouse, "postings_view") == _columns(warehouse, "postings")


US = 1_000_000
MONTHS = (1_485_000_000 * US, 1_490_000_000 * US)  # an insert across two partitions by month


def _results(offsets: range) -> dict[str, list[Any]]:
    n = len(offsets)
    return {
        "source_partition": [3] * n,
        "source_offset": list(offsets),
        "event_id": [f"e-{offset}" for offset in offsets],
        "event_source": ["drops"] * n,
        "type": ["grant"] * n,
        "subject": ["cj:1"] * n,
        "program": ["liuliangbao"] * n,
        "time": [MONTHS[offset % 2] for offset in offsets],
        "outcome": ["applied"] * n,
        "amount": [10] * n,
        "campaign": ["spring"] * n,
        "posting.account": [["budget:spring@3", "cj:1"]] * n,
        "posting.kind": [["budget", "wallet"]] * n,
        "posting.amount": [[-10, 10]] * n,
        "posting.balance": [[-10 * (o + 1), 10 * (o + 1)] for o in offsets],
        "posting.version": [[o + 1, o + 1] for o in offsets],
        "posting.pending": [[0, 0]] * n,
        "topic": ["ledger.postings"] * n,
        "partition": [3] * n,
        "offset": list(offsets),
    }


def _insert(client: Client, offsets: range) -> None:
    columns = _results(offsets)
    client.insert(
        "ledger_results",
        list(columns.values()),
        column_names=list(columns),
        column_oriented=True,
        settings={
            "async_insert": 0,
            "deduplicate_blocks_in_dependent_materialized_views": 1,
            "insert_deduplication_token": (
                f"ledger_results:ledger.postings:3:{offsets[0]}:{offsets[-1]}"
            ),
        },
    )


def _stored(client: Client) -> list[Any]:
    """Rows as stored, duplicates and all: no FINAL."""
    return [
        client.query("SELECT count(), sum(source_offset) FROM ledger_results").result_rows,
        client.query("SELECT account, version, amount, balance, kind, program, event_id, type, "
                     "subject, campaign, time, source_partition, source_offset "
                     "FROM postings ORDER BY account, version").result_rows,
    ]  # fmt: skip


def test_a_repeated_insert_token_stores_nothing_twice(warehouse: Client) -> None:
    _insert(warehouse, range(4))
    once = _stored(warehouse)
    assert once[0] == [(4, 6)]
    assert [row[:6] for row in once[1]] == [
        *(("budget:spring@3", v, -10, -10 * v, "budget", "liuliangbao") for v in range(1, 5)),
        *(("cj:1", v, 10, 10 * v, "wallet", "liuliangbao") for v in range(1, 5)),
    ]
    _insert(warehouse, range(4))
    assert _stored(warehouse) == once


def test_a_repeated_insert_fills_a_view_that_a_crash_left_empty(warehouse: Client) -> None:
    _insert(warehouse, range(4))
    once = _stored(warehouse)
    warehouse.command("TRUNCATE TABLE postings")
    _insert(warehouse, range(4))
    assert _stored(warehouse) == once


def test_equal_rows_of_another_token_are_rows_of_their_own(warehouse: Client) -> None:
    _insert(warehouse, range(4))
    _insert(warehouse, range(4, 6))
    assert _stored(warehouse)[0] == [(6, 15)]
    assert len(_stored(warehouse)[1]) == 12


def test_the_first_record_of_a_name_wins(warehouse: Client) -> None:
    def insert(offset: int, time: int, person: str, source: str, channel: str) -> None:
        warehouse.insert(
            "campaign_events",
            [["e-1", "contact", time, "spring", person, source, channel, offset]],
            column_names=[
                *("id", "type", "time", "campaign", "person", "source", "channel", "offset"),
            ],
        )

    insert(7, MONTHS[1], "u1", "shop", "second")
    insert(3, MONTHS[0], "u1", "shop", "first")
    insert(9, MONTHS[0], "u1", "shop", "third")
    insert(9, MONTHS[0], "u1", "app", "another source's")
    insert(1, MONTHS[0], "u2", "shop", "another person's")
    query = "SELECT channel, offset FROM campaign_events FINAL ORDER BY offset"
    kept = [("another person's", 1), ("first", 3), ("another source's", 9)]
    assert warehouse.query(query).result_rows == kept
    warehouse.command("OPTIMIZE TABLE campaign_events FINAL")
    assert warehouse.query(query).result_rows == kept
