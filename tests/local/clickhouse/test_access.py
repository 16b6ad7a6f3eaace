"""Who may ask the engine, and what: a local process, a web page, a user that only reads."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from tests.halfopen import half_open, seconds_until_closed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client
    from conftest import Engine

pytestmark = pytest.mark.clickhouse

MARK = "a line that nobody may read"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.tsv"
    path.write_text(f"{MARK}\n")
    return path


@pytest.fixture
def table(client: Client) -> str:
    client.command("CREATE TABLE t (a Int64, b String) ORDER BY a")
    client.insert("t", [[1, "x"], [2, "y"]])
    return f"{client.database}.t"


@pytest.fixture
def reader(engine: Engine, database: str) -> Iterator[httpx.Client]:
    with engine.http("read", params={"database": database}) as http:
        yield http


def code(answer: httpx.Response) -> str:
    """Return ClickHouse's code of an error, "" if there is none."""
    return answer.headers.get("X-ClickHouse-Exception-Code", "")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("headers", "params", "auth"),
    [
        ({}, {}, None),
        ({}, {}, ("default", "")),
        ({}, {}, ("read", "")),
        ({}, {}, ("read", "wrong")),
        ({}, {}, ("admin", "\N{SNOWMAN}")),
        ({}, {}, ("nobody", "wrong")),
        ({"Authorization": "Basic %%%"}, {}, None),
        ({"Authorization": "Basic /////w=="}, {}, None),
        ({"X-ClickHouse-User": "read", "X-ClickHouse-Key": "wrong"}, {}, None),
        ({"X-ClickHouse-User": "re\xe4d".encode("latin-1"), "X-ClickHouse-Key": b"\xff"}, {}, None),
        ({}, {"user": "feed", "password": "wrong"}, None),
    ],
)
def test_a_local_process_without_the_password_gets_nowhere(
    engine: Engine,
    method: str,
    headers: dict[str, str],
    params: dict[str, str],
    auth: tuple[str, str] | None,
) -> None:
    query = {"query": "SELECT 1"} | params
    answer = httpx.request(
        method,
        engine.url,
        params=query,
        headers=headers,
        auth=auth and httpx.BasicAuth(*(word.encode() for word in auth)),
    )
    assert (answer.status_code, code(answer)) == (403, "516"), answer.text
    assert "Authentication failed" in answer.text or "cannot be read" in answer.text


@pytest.mark.parametrize("user", ["admin", "feed", "read"])
def test_a_password_may_come_in_each_of_clickhouses_ways(engine: Engine, user: str) -> None:
    word = engine.passwords[user]
    ways = [
        {"auth": (user, word)},
        {"headers": {"X-ClickHouse-User": user, "X-ClickHouse-Key": word}},
        {"params": {"user": user, "password": word}},
    ]
    for way in ways:
        with httpx.Client(base_url=engine.url, **way) as http:
            assert http.post("/", content="SELECT 1").text == "1\n"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Host": "rebound.example:8123"},
        {"Host": "127.0.0.1.rebound.example"},
        {"Host": "rebound.example", "Origin": "http://rebound.example"},
        {"Host": ""},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_another_site_gets_nowhere_even_with_the_password(
    engine: Engine, method: str, headers: dict[str, str]
) -> None:
    with engine.http() as http:
        answer = http.request(method, "/", params={"query": "SELECT 1"}, headers=headers)
    assert (answer.status_code, code(answer)) == (403, "497")


# What tries to reach outside, in every place and spelling; {path} is a file that nobody may read.
OUTSIDE = [
    "SELECT * FROM file('{path}', 'TSV', 'a String')",
    "SELECT * FROM FILE('{path}', 'TSV', 'a String')",
    "SELECT * FROM `file`('{path}', 'TSV', 'a String')",
    "SELECT * FROM \"fi\\x6ce\"('{path}', 'TSV', 'a String')",
    "SELECT/**/* FROM/**/file /* ( */ -- (\n('{path}', 'TSV', 'a String')",
    "SELECT file('{path}')",
    "SELECT `fi\\x6ce`('{path}')",
    "SELECT 1 AS \"x\n Literal 1\", file('{path}')",
    "SELECT (SELECT a FROM file('{path}', 'TSV', 'a String') LIMIT 1)",
    "WITH f AS (SELECT * FROM file('{path}', 'TSV', 'a String')) SELECT * FROM f",
    "SELECT 1 WHERE '' IN file('{path}', 'TSV', 'a String')",
    "SELECT 1 UNION ALL SELECT length(a) FROM file('{path}', 'TSV', 'a String')",
    "SELECT * FROM numbers(1) AS n JOIN file('{path}', 'TSV', 'a String') AS f ON 1",
    "SELECT * FROM view(SELECT * FROM file('{path}', 'TSV', 'a String'))",
    "SELECT * FROM '{path}'",
    "SELECT * FROM `{path}`",
    "SELECT * FROM default.`{path}`",
    "SELECT * FROM {{place:Identifier}}",
    "SELECT * FROM (EXPLAIN SELECT * FROM file('{path}', 'TSV', 'a String'))",
    "EXPLAIN SELECT * FROM file('{path}', 'TSV', 'a String')",
    "DESCRIBE TABLE file('{path}')",
    "DESCRIBE TABLE `{path}`",
    "SELECT * FROM sqlite('{path}', 't')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'TSV', 'a String')",
    "SELECT * FROM s3('http://127.0.0.1:1/b/k', 'TSV', 'a String')",
    "SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM remote('127.0.0.1:1', system.one)",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM merge('system', '.*')",
    "SELECT * FROM executable('id', 'TSV', 'a String')",
    "SELECT * FROM python('x')",
    "SELECT * FROM Python(__builtins__)",
    "SELECT * FROM jdbc('a', 'b')",
    "SELECT * FROM odbc('a', 'b', 'c')",
    "SELECT * FROM hdfs('hdfs://127.0.0.1:1/x', 'TSV', 'a String')",
    "SELECT * FROM input('a String')",
    "SELECT * FROM eval('SELECT 1')",
    "SELECT hasColumnInTable('127.0.0.1:1', 'system', 'one', 'dummy')",
    "SELECT 1 INTO OUTFILE '{path}.out'",
    "SELECT 1 /* x */ INTO /* y */ OUTFILE '{path}.out' TRUNCATE FORMAT CSV",
    "SHOW TABLES INTO OUTFILE '{path}.out'",
]
# What changes something, or the server itself.
CHANGES = [
    "INSERT INTO t VALUES (3, 'z')",
    "INSERT INTO t SELECT 3, 'z'",
    "INSERT INTO t FORMAT CSV\n3,z\n",
    "CREATE TABLE u (a Int8) ORDER BY a",
    "CREATE TEMPORARY TABLE u (a Int8)",
    "DROP TABLE t",
    "TRUNCATE TABLE t",
    "ALTER TABLE t DELETE WHERE 1",
    "DELETE FROM t WHERE 1",
    "UPDATE t SET b = '' WHERE 1",
    "OPTIMIZE TABLE t FINAL",
    "RENAME TABLE t TO u",
    "SET max_threads = 1",
    "USE system",
    "KILL QUERY WHERE 1",
    "CREATE FUNCTION f AS x -> x",
    "EXPLAIN SYNTAX INSERT INTO t SELECT 1, ''",
]
# What nobody may, not even who makes the tables.
NOBODY = [
    "SYSTEM SHUTDOWN",
    "SYSTEM KILL",
    "SYSTEM STOP MERGES",
    "/* x */ sYsTeM -- y\n shutdown",
    "DETACH TABLE t",
    "DETACH DATABASE default",
    "ATTACH TABLE u FROM '/tmp' (a Int8) ENGINE = Log",
    "INSERT INTO FUNCTION file('{path}.out', 'TSV', 'a String') SELECT 'x'",
    "INSERT INTO FUNCTION file('{path}.out', 'TSV', 'a String') VALUES ('x')",
    "INSERT INTO FUNCTION url('http://127.0.0.1:1/', 'TSV', 'a String') SELECT 'x'",
    "INSERT INTO t SELECT 3, file('{path}')",
    "INSERT INTO t VALUES (3, file('{path}'))",
    "INSERT INTO t VALUES (3, `fi\\x6ce`('{path}'))",
    "INSERT INTO t VALUES (3, $$ ' $$ || file('{path}') || $$ ' $$)",
    "INSERT INTO t VALUES (3, (SELECT file/**/('{path}')))",
    "INSERT INTO t FROM INFILE '{path}' FORMAT TSV",
    "CREATE TABLE u (a String) ENGINE = File(TSV, '{path}')",
    "CREATE TABLE u (a String) ENGINE = URL('http://127.0.0.1:1/', 'TSV')",
    "CREATE TABLE u (a String) ENGINE = SQLite('{path}', 't')",
    "CREATE TABLE u (a String) ENGINE = Executable('id', 'TSV')",
    "CREATE TABLE u (a String DEFAULT file('{path}')) ORDER BY a",
    "CREATE TABLE u (a Int8) ORDER BY a SETTINGS disk = disk(type = local, path = '/tmp/')",
    "CREATE TABLE u (a Int8) ORDER BY a SETTINGS `disk` = 'x'",
    "CREATE TABLE u AS file('{path}', 'TSV', 'a String')",
    "CREATE VIEW u AS SELECT * FROM file('{path}', 'TSV', 'a String')",
    "CREATE DATABASE u ENGINE = SQLite('{path}')",
    "CREATE DATABASE u ENGINE = Filesystem('/etc')",
    "CREATE DICTIONARY u (a String) PRIMARY KEY a SOURCE(FILE(path '{path}')) LAYOUT(FLAT())",
    "CREATE FUNCTION f AS x -> file(x)",
    "CREATE USER u",
    "ALTER TABLE t FREEZE",
    "BACKUP TABLE t TO File('{path}.out')",
    "SELECT 1; DROP TABLE t",
    "SELECT 1; SELECT 2",
    "graph = 0 SELECT 1; DROP TABLE t",
    "INSERT INTO t VALUES (3, 'z'); DROP TABLE t",
]


def refused(http: httpx.Client, text: str, path: Path) -> str:
    """Send a statement in each way; return the code of one of its refusals."""
    statement = text.format(path=path)
    found = set()
    for send in (
        lambda: http.post("/", content=statement, params={"param_place": str(path)}),
        lambda: http.post("/", params={"query": statement, "param_place": str(path)}),
        lambda: http.get("/", params={"query": statement, "param_place": str(path)}),
    ):
        answer = send()
        assert MARK not in answer.text, statement
        assert code(answer), f"{statement}: {answer.text}"
        found.add(code(answer))
    assert not list(path.parent.glob("*.out*"))
    return found.pop()


@pytest.mark.parametrize("user", ["read", "feed", "admin"])
@pytest.mark.parametrize("text", OUTSIDE)
def test_nobody_reaches_outside(
    engine: Engine, database: str, secret: Path, user: str, text: str
) -> None:
    with engine.http(user, params={"database": database}) as http:
        refused(http, text, secret)
        assert http.post("/", content="SELECT 1").text == "1\n"


@pytest.mark.parametrize("text", CHANGES + NOBODY)
def test_a_reading_user_changes_nothing(
    reader: httpx.Client, client: Client, table: str, secret: Path, text: str
) -> None:
    refused(reader, text, secret)
    assert client.query(f"SELECT a, b FROM {table} ORDER BY a").result_rows == [(1, "x"), (2, "y")]


@pytest.mark.parametrize("user", ["feed", "admin"])
@pytest.mark.parametrize("text", NOBODY)
def test_users_that_write_do_not_touch_the_server(
    engine: Engine, client: Client, table: str, secret: Path, user: str, text: str
) -> None:
    with engine.http(user, params={"database": client.database}) as http:
        refused(http, text, secret)
    assert client.query(f"SELECT a, b FROM {table} ORDER BY a").result_rows == [(1, "x"), (2, "y")]


def test_the_feeds_user_writes_rows_and_makes_no_tables(engine: Engine, table: str) -> None:
    database = table.partition(".")[0]
    feed = engine.client("feed", database=database)
    feed.insert("t", [[3, "z"]])
    feed.command("DELETE FROM t WHERE a = 1", settings={"lightweight_deletes_sync": 2})
    assert feed.query("SELECT a FROM t ORDER BY a").result_rows == [(2,), (3,)]
    for text in ("CREATE TABLE u (a Int8) ORDER BY a", "DROP TABLE t", "ALTER TABLE t FREEZE"):
        with pytest.raises(DatabaseError, match="Not enough privileges"):
            feed.command(text)


READS = [
    "SELECT a, b FROM t ORDER BY a",
    "WITH n AS (SELECT 1 AS one) SELECT one FROM n",
    "(SELECT 1) UNION ALL (SELECT 2)",
    "FROM t SELECT a",
    "SELECT count() FROM numbers(10) AS a, generateSeries(1, 3) AS b, values('x Int8', 1) AS c",
    "SELECT 'file(1); DROP TABLE t' AS \"url\", log(2), format('{}', 'x')",
    "SHOW TABLES",
    "SHOW CREATE TABLE t",
    "DESCRIBE TABLE t",
    "EXISTS TABLE t",
    "EXPLAIN SELECT a FROM t",
    "SELECT a FROM t SETTINGS max_threads = 1, join_use_nulls = 1",
    "SELECT a FROM t SETTINGS max_threads = 1 FORMAT JSON",
    "SELECT {x:Int64} -- SETTINGS max_memory_usage = 0",
]


@pytest.mark.parametrize("text", READS)
def test_what_reads_goes_on(reader: httpx.Client, table: str, text: str) -> None:  # noqa: ARG001
    for answer in (
        reader.post("/", content=text, params={"param_x": "5"}),
        reader.get("/", params={"query": text, "param_x": "5"}),
    ):
        assert not code(answer), answer.text
        assert answer.text


@pytest.mark.parametrize(
    "settings",
    [
        {"readonly": "0", "max_memory_usage": "0"},
        {"max_execution_time": "0"},
        {"max_result_bytes": "99999999999999"},
        {"format_schema": "/etc/passwd:x"},
        {"allow_ddl": "1"},
        {"implicit_select": "1"},
        {"user_files_path": "/"},
    ],
)
def test_a_reading_user_moves_no_limit(reader: httpx.Client, settings: dict[str, str]) -> None:
    answer = reader.post("/", content="SELECT 1", params=settings)
    assert code(answer) == "164"
    clause = ", ".join(f"{name} = {value!r}" for name, value in settings.items())
    for text in (
        f"SELECT 1 SETTINGS {clause}",
        f"SELECT * FROM (SELECT 1 SETTINGS {clause})",
        f"SELECT * FROM (SELECT 1 SETTINGS {clause}) SETTINGS max_threads = 1",
        f"(SELECT 1 SETTINGS {clause}) UNION ALL (SELECT 2)",
        f"SELECT 1 SETTINGS {clause} UNION ALL SELECT 2",
        f"WITH x AS (SELECT 1 SETTINGS {clause}) SELECT * FROM x",
    ):
        assert code(reader.post("/", content=text)) in ("164", "497"), text


def test_limits_hold_for_who_reads(reader: httpx.Client) -> None:
    answer = reader.post(
        "/",
        content="SELECT sum(sleepEachRow(0.1)) FROM numbers(100) SETTINGS max_block_size = 1",
        params={"max_execution_time": "1"},
    )
    assert code(answer) == "159"
    hungry = "SELECT length(groupArray(toString(number))) FROM numbers(20000000)"
    assert code(reader.post("/", content=hungry, params={"max_memory_usage": "50000000"})) == "241"
    held = "SELECT getSetting('max_memory_usage'), getSetting('max_execution_time')"
    assert reader.post("/", content=held).text == f"{1024**3}\t300\n"


def test_a_session_of_a_reading_user_keeps_nothing(reader: httpx.Client) -> None:
    session = {"session_id": "its-own"}
    assert reader.post("/", content="SELECT 1", params=session).text == "1\n"
    refused = reader.post("/", content="CREATE TEMPORARY TABLE x (a Int8)", params=session)
    assert code(refused) == "497"


@pytest.mark.parametrize(
    ("structure", "form"),
    [
        ("a String) AS SELECT * FROM file('{path}', 'TSV', 'a String'", "TSV"),
        ("a String) ENGINE = File(TSV, '{path}'", "TSV"),
        ("a String DEFAULT file('{path}'), b String", "TSV"),
        ("a String); DROP TABLE t; SELECT (1", "TSV"),
        ("a String", "TSV SETTINGS max_memory_usage = 0"),
    ],
)
def test_a_table_that_comes_along_is_only_columns(
    reader: httpx.Client, client: Client, table: str, secret: Path, structure: str, form: str
) -> None:
    answer = reader.post(
        "/",
        params={
            "query": "SELECT * FROM x",
            "x_structure": structure.format(path=secret),
            "x_format": form,
        },
        files={"x": b"1\n"},
    )
    assert code(answer)
    assert MARK not in answer.text
    assert client.query(f"SELECT count() FROM {table}").first_row == (2,)


def test_sleepers_of_one_user_hold_up_nobody_else(own_engine: Callable[..., Engine]) -> None:
    engine = own_engine()
    answers: list[str] = []

    def sleep() -> None:
        query = "SELECT sum(sleepEachRow(0.5)) FROM numbers(12) SETTINGS max_block_size = 1"
        with engine.http("read", timeout=120) as http:
            answers.append(code(http.post("/", content=query)))

    sleepers = [threading.Thread(target=sleep) for _ in range(64)]
    for one in sleepers:
        one.start()
    admin, feed = engine.client(), engine.client("feed")
    running = "SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow%'"
    deadline = time.monotonic() + 30
    while admin.query(running).first_row[0] < 32:
        assert time.monotonic() < deadline, "they do not sleep"
    began = time.monotonic()
    admin.command("CREATE TABLE t (a Int64) ORDER BY a")
    for number in range(10):
        feed.insert("t", [[number]])
    assert time.monotonic() - began < 6, "they waited for the sleepers"
    assert admin.query("SELECT count() FROM t").first_row == (10,)
    for one in sleepers:
        one.join()
    assert answers == [""] * 64  # those that had no place waited for one


def test_it_does_not_start_without_passwords(tmp_path: Path) -> None:
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "local.clickhouse", "--port", "0", "--path", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "FLOWDROP_ENGINE_ADMIN is not set" in done.stderr


@pytest.mark.timeout(120)
def test_half_open_connections_end_and_hold_up_nobody(engine: Engine, client: Client) -> None:
    body = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\nSELECT"
    with half_open(engine.port, 400) as heads, half_open(engine.port, 20, body) as bodies:
        assert client.query("SELECT 1").first_row == (1,)
        assert seconds_until_closed(heads, 40) > 5, "none was given time"
        seconds_until_closed(bodies, 20)
    assert client.query("SELECT 1").first_row == (1,)
