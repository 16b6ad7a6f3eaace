"""What goes over the wire, for clients that are not clickhouse-connect: curl, a browser."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import httpx
import lz4.frame
import psutil
import pytest
import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client
    from conftest import Engine

pytestmark = pytest.mark.clickhouse

ENDLESS = "SELECT number FROM system.numbers"
SILENT = "SELECT max(sipHash64(number)) FROM system.numbers"  # endless, and says nothing


@pytest.fixture
def http(engine: Engine, database: str) -> Iterator[httpx.Client]:
    with engine.http(params={"database": database}) as client:
        yield client


def signed(engine: Engine) -> str:
    """Return the header lines of one who may ask, for requests that are written by hand."""
    key = engine.passwords["admin"]
    return f"Host: localhost\r\nX-ClickHouse-User: admin\r\nX-ClickHouse-Key: {key}\r\n"


def until_idle(client: Client, query: str) -> float:
    """Return the seconds until the engine no longer runs `query`, at most 10."""
    start = time.monotonic()
    running = "SELECT count() FROM system.processes WHERE query = {query:String}"
    while client.query(running, parameters={"query": query}).first_row != (0,):
        assert time.monotonic() < start + 10, f"still runs: {query}"
    return time.monotonic() - start


@pytest.mark.parametrize("path", ["/ping", "/replicas_status", "/"])
def test_it_says_that_it_is_there(http: httpx.Client, path: str) -> None:
    answer = http.get(path, params={}) if path != "/" else httpx.get(http.base_url)
    assert (answer.status_code, answer.text) == (200, "Ok.\n")


def test_unknown_paths_are_not_found(http: httpx.Client) -> None:
    assert http.get("/nothing").status_code == 404


def test_headers_name_the_answer(http: httpx.Client) -> None:
    answer = http.post("/", content="SELECT 1 AS a", params={"query_id": "mine"})
    assert answer.text == "1\n"
    headers = answer.headers
    assert headers["X-ClickHouse-Query-Id"] == "mine"
    assert headers["X-ClickHouse-Server-Display-Name"] == socket.gethostname()
    assert headers["X-ClickHouse-Timezone"] == "UTC"
    assert headers["X-ClickHouse-Format"] == "TabSeparated"
    assert json.loads(headers["X-ClickHouse-Summary"])["result_rows"] == "1"


def test_the_format_is_the_statement_s_the_url_s_or_the_header_s(http: httpx.Client) -> None:
    query = {"query": "SELECT 1 AS a"}
    assert http.get("/", params=query | {"default_format": "JSONEachRow"}).text == '{"a":1}\n'
    with_header = http.get("/", params=query, headers={"X-ClickHouse-Format": "CSVWithNames"})
    assert with_header.text == '"a"\n1\n'
    answer = http.get("/", params={"query": "SELECT 1 AS a FORMAT JSON", "default_format": "CSV"})
    assert answer.json()["data"] == [{"a": 1}]
    assert answer.headers["X-ClickHouse-Format"] == "JSON"


def test_a_statement_that_has_no_result_names_no_format(http: httpx.Client) -> None:
    made = http.post("/", content="CREATE TABLE t (a Int8) ORDER BY a")
    assert made.content == b""
    assert "X-ClickHouse-Format" not in made.headers
    empty = http.post("/", content="SELECT * FROM t")
    assert (empty.content, empty.headers["X-ClickHouse-Format"]) == (b"", "TabSeparated")


def test_get_changes_nothing(http: httpx.Client) -> None:
    for query in ("CREATE TABLE t (a Int8) ORDER BY a", "INSERT INTO t VALUES (1)", "DROP TABLE t"):
        answer = http.get("/", params={"query": query})
        assert answer.headers["X-ClickHouse-Exception-Code"] == "164"
        assert answer.status_code == 500


def test_errors_have_status_code_header_and_text(http: httpx.Client) -> None:
    answer = http.post("/", content="SELECT * FROM nowhere")
    assert answer.status_code == 404
    assert answer.headers["X-ClickHouse-Exception-Code"] == "60"
    assert answer.text.startswith("Code: 60. DB::Exception: ")
    assert "(UNKNOWN_TABLE) (version " in answer.text


@pytest.mark.parametrize(
    ("name", "encode"),
    [
        ("identity", bytes),
        ("gzip", gzip.compress),
        ("zstd", zstandard.compress),
        ("lz4", lz4.frame.compress),
    ],
)
def test_statement_in_the_url_and_data_in_the_body(
    http: httpx.Client, name: str, encode: type[bytes]
) -> None:
    http.post("/", content="CREATE TABLE t (a Int64, b String) ORDER BY a")
    answer = http.post(
        "/",
        params={"query": "INSERT INTO t FORMAT CSV"},
        content=encode(b'1,"x"\n2,"y"\n'),
        headers={"Content-Encoding": name},
    )
    assert json.loads(answer.headers["X-ClickHouse-Summary"])["written_rows"] == "2"
    assert http.post("/", content="SELECT * FROM t ORDER BY a").text == "1\tx\n2\ty\n"


def test_values_may_stand_in_the_body_or_the_url(http: httpx.Client) -> None:
    http.post("/", content="CREATE TABLE t (a Int64) ORDER BY a")
    http.post("/", content="INSERT INTO t VALUES (1), (2)")
    http.post("/", params={"query": "INSERT INTO t VALUES"}, content="(3), (4)")
    http.post("/", params={"query": "INSERT INTO t VALUES ({n:Int64})", "param_n": "5"})
    assert http.post("/", content="SELECT sum(a) FROM t").text == "15\n"


def test_half_a_body_inserts_nothing(http: httpx.Client) -> None:
    http.post("/", content="CREATE TABLE t (a Int64) ORDER BY a")
    answer = http.post(
        "/",
        params={"query": "INSERT INTO t FORMAT CSV"},
        content=lz4.frame.compress(b"1\n2\n")[:-6],
        headers={"Content-Encoding": "lz4"},
    )
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (400, "33")
    assert http.post("/", content="SELECT count() FROM t").text == "0\n"


@pytest.mark.parametrize(
    ("headers", "params", "status", "words"),
    [
        ({"Content-Encoding": "snappy"}, {}, 501, "lz4, zstd, gzip, deflate"),
        ({}, {"decompress": "1"}, 501, "Content-Encoding"),
        ({"Origin": "http://example.org"}, {}, 403, "example.org"),
    ],
)
def test_what_is_not_done_is_said(
    http: httpx.Client, headers: dict[str, str], params: dict[str, str], status: int, words: str
) -> None:
    answer = http.post("/", content="SELECT 1", headers=headers, params=params)
    assert answer.status_code == status
    assert words in answer.text


def test_a_session_has_one_query_at_a_time(http: httpx.Client, client: Client) -> None:
    session = {"session_id": "one"}
    with http.stream("POST", "/", content=ENDLESS, params=session):
        answer = http.post("/", content="SELECT 1", params=session)
        assert answer.headers["X-ClickHouse-Exception-Code"] == "373"
    until_idle(client, ENDLESS)
    missing = http.post("/", content="SELECT 1", params={"session_id": "two", "session_check": "1"})
    assert missing.headers["X-ClickHouse-Exception-Code"] == "372"


@pytest.mark.parametrize("query", [ENDLESS, SILENT])
@pytest.mark.parametrize("whole", [False, True])
def test_a_query_ends_when_its_client_hangs_up(
    engine: Engine, client: Client, query: str, *, whole: bool
) -> None:
    if query == ENDLESS and whole:
        pytest.skip("it would fill the disk")
    with socket.create_connection(("127.0.0.1", engine.port)) as wire:
        path = f"/?wait_end_of_query={int(whole)}"
        head = f"POST {path} HTTP/1.1\r\n{signed(engine)}Content-Length: {len(query)}\r\n\r\n"
        wire.sendall(head.encode() + query.encode())
        if query == ENDLESS:
            assert wire.recv(15) == b"HTTP/1.1 200 OK"
        else:
            running = "SELECT count() FROM system.processes WHERE query = {query:String}"
            while client.query(running, parameters={"query": query}).first_row == (0,):
                pass
    assert until_idle(client, query) < 5


def test_an_insert_whose_client_hangs_up_leaves_nothing(engine: Engine, client: Client) -> None:
    client.command("CREATE TABLE t (a Int64) ORDER BY a")
    query = f"INSERT INTO {client.database}.t FORMAT CSV\n"
    with socket.create_connection(("127.0.0.1", engine.port)) as wire:
        head = f"POST / HTTP/1.1\r\n{signed(engine)}Content-Length: 10000000\r\n\r\n"
        wire.sendall(head.encode() + query.encode() + b"1\n" * 1_000_000)
    assert client.query("SELECT count() FROM t").first_row == (0,)
    assert client.insert("t", [[1]]).written_rows == 1


def test_results_stream_in_constant_memory(engine: Engine, http: httpx.Client) -> None:
    def resident() -> int:
        return psutil.Process(engine.process.pid).memory_info().rss

    query = "SELECT number, toString(number) FROM numbers(20000000) FORMAT Native"
    plain = {"Accept-Encoding": "identity"}
    for whole in ({}, {"wait_end_of_query": "1"}):
        before, size = resident(), 0
        with http.stream("POST", "/", content=query, params=whole, headers=plain) as answer:
            for chunk in answer.iter_raw():
                size += len(chunk)
        assert size > 300_000_000
        assert resident() - before < 120_000_000


def test_curl(engine: Engine) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    who = ("--user", f"read:{engine.passwords['read']}")
    query = ("--data-binary", "SELECT 1 FORMAT JSON")
    command = ["curl", "-sS", "--compressed", engine.url, *who, *query]
    answer = subprocess.run(command, capture_output=True, check=True)
    assert json.loads(answer.stdout)["data"] == [{"1": 1}]
