"""A small server refuses what is too much, in words, and goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Engine

pytestmark = pytest.mark.clickhouse

ENDLESS = "SELECT number FROM system.numbers"


def test_too_much_is_refused_in_words(own_engine: Callable[..., Engine]) -> None:
    engine = own_engine(
        "--memory-mb",
        "200",
        "--result-mb",
        "1",
        "--request-mb",
        "1",
        "--queries",
        "1",
        "--waiting",
        "0",
    )
    sort = "SELECT number FROM numbers(30000000) ORDER BY sipHash64(number) FORMAT Null"
    cases = [
        (sort, "241", 500, "memory limit"),
        ("SELECT number FROM numbers(1000000) FORMAT JSON", "396", 500, "max bytes"),
        ("SELECT 1 -- " + "x" * 1_100_000, "229", 413, "smaller batches"),
    ]
    with engine.http(timeout=60) as http:
        for query, code, status, words in cases:
            answer = http.post("/", content=query)
            assert answer.headers["X-ClickHouse-Exception-Code"] == code, answer.text
            assert answer.status_code == status
            assert words in answer.text
        with http.stream("POST", "/", content=ENDLESS):
            answer = http.post("/", content="SELECT 1")
            assert answer.status_code == 503
            assert answer.headers["X-ClickHouse-Exception-Code"] == "202"
    assert engine.stop() == 0


def test_a_taken_port_and_a_folder_in_use_are_named(own_engine: Callable[..., Engine]) -> None:
    engine = own_engine()
    with pytest.raises(AssertionError, match=r"cannot listen on 127.0.0.1:\d+"):
        own_engine("--port", str(engine.port))
    with pytest.raises(AssertionError, match="the engine cannot open"):
        own_engine()
