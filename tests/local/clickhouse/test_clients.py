"""Unmodified clickhouse-connect clients, sync and async, against the server."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import clickhouse_connect
import pandas as pd
import pyarrow as pa
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError
from clickhouse_connect.driver.external import ExternalData

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client
    from conftest import Engine

pytestmark = pytest.mark.clickhouse

UTC = dt.UTC
TYPES = {
    "id": "UInt64",
    "text": "String",
    "low": "LowCardinality(String)",
    "i8": "Int8",
    "i16": "Int16",
    "i32": "Int32",
    "i64": "Int64",
    "u8": "UInt8",
    "u16": "UInt16",
    "u32": "UInt32",
    "real": "Float64",
    "flag": "Bool",
    "day": "Date",
    "second": "DateTime('UTC')",
    "milli": "DateTime64(3, 'UTC')",
    "micro": "DateTime64(6, 'UTC')",
    "maybe": "Nullable(Int64)",
    "maybe_flag": "Nullable(Bool)",
    "unique": "UUID",
    "many": "Array(LowCardinality(String))",
    "nested": "Array(Array(Int64))",
    "map": "Map(String, UInt32)",
    "price": "Decimal(18, 4)",
    "kind": "Enum8('wallet' = 1, 'budget' = 2)",
    "pair": "Tuple(name String, size UInt8)",
}
MOMENT = dt.datetime(2017, 3, 26, 1, 59, 59, 123456, UTC)
ROWS: list[list[Any]] = [
    [
        2**64 - 1, "流量 \t\n'\\\0", "low", -128, -(2**15), -(2**31), -(2**63), 255, 2**16 - 1,
        2**32 - 1, 0.1, True, dt.date(2017, 1, 2), MOMENT.replace(microsecond=0),
        MOMENT.replace(microsecond=123000), MOMENT, None, None, uuid.UUID(int=2**127 + 1),
        ["a", "", "a"], [[1, -2], [], [3]], {"x": 1, "": 2}, Decimal("-12345.6789"), "wallet",
        ("n", 7),
    ],
    [
        0, "", "", 0, 0, 0, 0, 0, 0, 0, -0.0, False, dt.date(1970, 1, 1),
        dt.datetime(1970, 1, 1, tzinfo=UTC), dt.datetime(1970, 1, 1, tzinfo=UTC),
        dt.datetime(2100, 12, 31, 23, 59, 59, 999999, UTC), -1, True, uuid.UUID(int=0), [], [],
        {}, Decimal(0), "budget", ("", 0),
    ],
]  # fmt: skip
BIG = "x" * 200_000


@pytest.fixture(params=["lz4", "zstd", "gzip", False], ids=str)
def compressed(engine: Engine, database: str, request: pytest.FixtureRequest) -> Client:
    """A client that compresses both ways by one method, or not."""
    return engine.client(database=database, compress=request.param, tz_mode="aware")


@pytest.fixture
def everything(client: Client) -> str:
    """A table with every type flowdrop uses."""
    columns = ", ".join(f"`{name}` {kind}" for name, kind in TYPES.items())
    client.command(f"CREATE TABLE everything ({columns}) ENGINE = MergeTree ORDER BY id")
    return "everything"


def test_every_type_goes_and_comes_back(compressed: Client, everything: str) -> None:
    summary = compressed.insert(everything, ROWS, column_names=list(TYPES))
    assert summary.written_rows == 2
    result = compressed.query(f"SELECT * FROM {everything} ORDER BY id DESC")
    assert list(result.column_names) == list(TYPES)
    got = [list(row) for row in result.result_rows]
    place = list(TYPES).index("pair")
    for row in got:
        row[place] = tuple(row[place].values())
    assert got == ROWS


def test_columns_ticks_and_integer_uuids_go_in(client: Client, everything: str) -> None:
    ticks = int(MOMENT.timestamp()) * 10**6 + 123456
    columns = [[1, 2], [ticks, ticks + 1], [1, 2**128 - 1]]
    client.insert(everything, columns, column_names=["id", "micro", "unique"], column_oriented=True)
    rows = client.query(f"SELECT toUnixTimestamp64Micro(micro), unique FROM {everything}")
    assert rows.result_rows == [(ticks, uuid.UUID(int=1)), (ticks + 1, uuid.UUID(int=2**128 - 1))]


def test_bitmaps_count_people_across_tables(client: Client) -> None:
    client.command(
        "CREATE TABLE reach (day Date, people AggregateFunction(groupBitmap, UInt32)) "
        "ENGINE = AggregatingMergeTree ORDER BY day"
    )
    client.command(
        "INSERT INTO reach SELECT toDate('2017-01-01') + number % 3, "
        "groupBitmapState(toUInt32(number % 700)) FROM numbers(10000) GROUP BY 1"
    )
    query = "SELECT groupBitmapMerge(people) FROM reach"
    assert client.query(query).first_row == (700,)
    block = client.raw_query("SELECT * FROM reach", fmt="Native")
    client.raw_insert("reach", ["day", "people"], block, fmt="Native")
    assert client.query(query).first_row == (700,)


def test_values_bind(compressed: Client) -> None:
    values = {
        "n": 2**63,
        "s": "it's a \\ \t\n {x:String} ü",
        "l": ["a'b", "c\\d", ""],
        "none": None,
        "day": dt.date(2017, 1, 2),
        "at": MOMENT,
        "many": [1, 2, 3],
    }
    row = compressed.query(
        "SELECT {n:UInt64}, {s:String}, {l:Array(String)}, {none:Nullable(Int64)}, {day:Date}, "
        "{at:DateTime64(6, 'UTC')}, 2 IN {many:Array(UInt8)}",
        parameters=values,
    ).first_row
    assert row == (2**63, values["s"], values["l"], None, values["day"], MOMENT, 1)


def test_large_values_bind_by_a_form(client: Client) -> None:
    row = client.query("SELECT {s:String}, {n:UInt8}", parameters={"s": BIG, "n": 1}).first_row
    assert row == (BIG, 1)


def test_frames_go_in_and_out(client: Client) -> None:
    client.command("CREATE TABLE f (a Int64, b String, c Nullable(Float64)) ORDER BY a")
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [0.5, None]})
    assert client.insert_df("f", frame).written_rows == 2
    table = pa.table({"a": [3, 4], "b": ["z", ""], "c": pa.array([None, 1.5])})
    assert client.insert_arrow("f", table).written_rows == 2
    read = client.query_df("SELECT * FROM f ORDER BY a")
    assert read["b"].tolist() == ["x", "y", "z", ""]
    assert read["c"].isna().tolist() == [False, True, True, False]
    arrow = client.query_arrow("SELECT * FROM f ORDER BY a", use_strings=True)
    assert arrow["a"].to_pylist() == [1, 2, 3, 4]
    with client.query_arrow_stream("SELECT number FROM numbers(200000)") as batches:
        assert sum(batch.num_rows for batch in batches) == 200_000


def test_streams_read_every_row_once(compressed: Client) -> None:
    total = rows = 0
    with compressed.query_row_block_stream("SELECT number FROM numbers(500000)") as blocks:
        for block in blocks:
            rows += len(block)
            total += sum(row[0] for row in block)
    assert (rows, total) == (500_000, sum(range(500_000)))


def test_a_stream_left_early_leaves_the_client_well(client: Client) -> None:
    with client.query_row_block_stream("SELECT number FROM numbers(3000000)") as blocks:
        assert next(iter(blocks))
    assert client.query("SELECT 1").first_row == (1,)


def test_an_error_after_the_first_rows_is_told(compressed: Client) -> None:
    query = "SELECT throwIf(number = 2000000, 'too far') FROM numbers(3000000)"
    with (
        pytest.raises((StreamFailureError, DatabaseError), match="too far"),
        compressed.query_row_block_stream(query, settings={"max_threads": 1}) as blocks,
    ):
        for _ in blocks:
            pass


@pytest.mark.parametrize(
    ("query", "code", "name"),
    [
        ("SELECT * FROM nowhere", 60, "UNKNOWN_TABLE"),
        ("SELECT nothing", 47, "UNKNOWN_IDENTIFIER"),
        ("SELEC 1", 62, "SYNTAX_ERROR"),
        ("SELECT 1; SELECT 2", 62, "SYNTAX_ERROR"),
        ("SELECT {x:UInt8}", 456, "UNKNOWN_QUERY_PARAMETER"),
        ("SELECT toUInt8('x')", 6, "CANNOT_PARSE_TEXT"),
        ("SELECT 1 INTO OUTFILE 'x.csv'", 48, "NOT_IMPLEMENTED"),
    ],
)
def test_errors_have_the_engine_s_code(client: Client, query: str, code: int, name: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        client.query(query)
    assert (caught.value.code, caught.value.name) == (code, name)


def test_a_bad_row_refuses_the_insert_and_leaves_nothing(client: Client) -> None:
    client.command("CREATE TABLE n (a Int8) ORDER BY a")
    with pytest.raises(DatabaseError) as caught:
        client.raw_insert("n", ["a"], b"1\n2\nthree\n", fmt="CSV")
    assert caught.value.code == 117
    assert client.query("SELECT count() FROM n").first_row == (0,)


def test_raw_queries_and_inserts_keep_their_format(client: Client) -> None:
    client.command("CREATE TABLE n (a Int64) ORDER BY a")
    assert client.raw_insert("n", ["a"], iter([b'{"a":1}\n{"a"', b":2}\n"]), fmt="JSONEachRow")
    assert client.raw_query("SELECT * FROM n ORDER BY a", fmt="CSVWithNames") == b'"a"\n1\n2\n'
    assert client.raw_query("SELECT a FROM n WHERE a = 2 FORMAT JSONEachRow") == b'{"a":2}\n'


def test_summaries_count_rows(client: Client) -> None:
    client.command("CREATE TABLE n (a Int64) ORDER BY a")
    assert client.insert("n", [[n] for n in range(1000)]).written_rows == 1000
    selected = client.command("INSERT INTO n SELECT number FROM numbers(500)")
    assert selected.written_rows == 500
    summary = client.query("SELECT a FROM n WHERE a % 2 = 0").summary
    assert int(summary["result_rows"]) == 750
    assert "read_rows" not in summary, "a streamed read is not counted exactly, so not at all"
    assert client.query("SELECT 1", settings={"query_id": "mine"}).query_id == "mine"


def test_settings_hold_for_their_query_alone(engine: Engine, database: str) -> None:
    for options in ({}, {"autogenerate_session_id": True}):
        client = engine.client(database=database, **options)
        query = "SELECT getSetting('max_threads'), getSetting('log_comment') LIKE '%note'"
        with_them = client.query(query, settings={"max_threads": 1, "log_comment": "note"})
        assert with_them.first_row == (1, 1)
        client.query("SELECT 1", settings={"max_result_rows": 1, "max_threads": 3})
        assert client.query(query).first_row[0] != 3
        assert len(client.query("SELECT * FROM numbers(5)").result_rows) == 5
        with pytest.raises(DatabaseError) as caught:
            client.query("SELECT 1", settings={"no_such_setting": 1})
        assert caught.value.code == 115


def test_sessions_keep_what_a_client_sets(engine: Engine, database: str) -> None:
    one = engine.client(database=database, session_id=str(uuid.uuid4()))
    one.command("CREATE TEMPORARY TABLE mine (a Int8)")
    one.insert("mine", [[1], [2]])
    one.command("SET max_threads = 1")
    assert one.query("SELECT sum(a), getSetting('max_threads') FROM mine").first_row == (3, 1)
    with pytest.raises(DatabaseError) as caught:
        engine.client(database=database).query("SELECT * FROM mine")
    assert caught.value.code == 60


def test_external_data_is_a_table_of_its_query(client: Client) -> None:
    people = ExternalData(
        file_name="people.csv", data=b"cj:1,5\ncj:2,7\n", fmt="CSV", structure="p String, n Int64"
    )
    assert client.query("SELECT sum(n) FROM people", external_data=people).first_row == (12,)


def test_a_long_select_holds_up_no_insert(engine: Engine, client: Client) -> None:
    client.command("CREATE TABLE n (a Int64) ORDER BY a")
    endless = "SELECT number FROM system.numbers"
    with engine.http() as http, http.stream("POST", "/", content=endless) as answer:
        assert answer.status_code == 200
        assert client.insert("n", [[1]]).written_rows == 1
        assert client.query("SELECT count() FROM n").first_row == (1,)


async def test_the_async_client(engine: Engine, database: str) -> None:
    client = await clickhouse_connect.get_async_client(dsn=engine.address(), database=database)
    try:
        await client.command("CREATE TABLE a (id UInt64, s String) ORDER BY id")
        done = await client.insert("a", [[1, "x"], [2, BIG]], column_names=["id", "s"])
        assert done.written_rows == 2
        found = await client.query("SELECT id FROM a WHERE s = {s:String}", parameters={"s": BIG})
        assert found.result_rows == [(2,)]
        frame = await client.query_df("SELECT id FROM a ORDER BY id")
        assert frame["id"].tolist() == [1, 2]
        rows = 0
        async with await client.query_row_block_stream("SELECT * FROM numbers(300000)") as blocks:
            async for block in blocks:
                rows += len(block)
        assert rows == 300_000
        with pytest.raises(DatabaseError) as caught:
            await client.query("SELECT * FROM nowhere")
        assert caught.value.code == 60
    finally:
        await client.close()


def test_an_insert_that_the_table_or_a_view_refuses_is_an_error(client: Client) -> None:
    client.command("CREATE TABLE t (a Int64, CONSTRAINT k CHECK a < 10) ENGINE = Memory")
    client.command("CREATE TABLE s (a Int64, CONSTRAINT small CHECK a < 5) ENGINE = Memory")
    client.command("CREATE MATERIALIZED VIEW v TO s AS SELECT a FROM t")
    with pytest.raises(DatabaseError, match="VIOLATED_CONSTRAINT"):
        client.insert("t", [[1], [50]], column_names=["a"])
    assert client.query("SELECT a FROM t").result_rows == []
    with pytest.raises(DatabaseError, match="VIOLATED_CONSTRAINT"):
        client.insert("t", [[7]], column_names=["a"])
    assert client.query("SELECT a FROM s").result_rows == []
