from __future__ import annotations

import pytest

from local.clickhouse.sql_text import (
    DataInsert,
    Text,
    Unfinished,
    names,
    read,
    settings,
    split_settings,
)


@pytest.mark.parametrize(
    ("text", "head", "name", "data"),
    [
        (b"INSERT INTO t FORMAT Native\n\x00\n", "INSERT INTO t ", "Native", b"\x00\n"),
        (b"insert into t (a) format CSV \r\n1\n", "insert into t (a) ", "CSV", b"1\n"),
        (b"INSERT INTO t (`FORMAT x`) FORMAT CSV\n", "INSERT INTO t (`FORMAT x`) ", "CSV", b""),
        (b"-- FORMAT x\nINSERT INTO t FORMAT CSV", "-- FORMAT x\nINSERT INTO t ", "CSV", b""),
        (
            b"INSERT INTO t SETTINGS async_insert=0 FORMAT CSV\n1",
            "INSERT INTO t SETTINGS async_insert=0 ",
            "CSV",
            b"1",
        ),
    ],
)
def test_an_insert_is_cut_before_its_format_and_after_one_line_end(
    text: bytes, head: str, name: str, data: bytes
) -> None:
    found = read(text, complete=True)
    assert isinstance(found, DataInsert)
    assert (found.head, found.format, text[found.start :]) == (head, name, data)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"SELECT 1", Text("SELECT")),
        (b"/* x */ select 1 format JSON", Text("SELECT", "JSON")),
        (b"SELECT 1 FORMAT CSV SETTINGS max_threads = 1", Text("SELECT", "CSV")),
        (b"SELECT 'FORMAT x', format(a, b) FROM t", Text("SELECT")),
        (b"SELECT format FROM t FORMAT TSV", Text("SELECT", "TSV")),
        (b"SELECT 1 AS format", Text("SELECT")),
        (b"(SELECT 1) UNION ALL (SELECT 2) FORMAT CSV", Text("(", "CSV")),
        (b"SELECT a FROM t GROUP BY a WITH TOTALS", Text("SELECT", totals=True)),
        (b"SELECT 1 INTO OUTFILE 'x' FORMAT CSV", Text("SELECT", "CSV", file=True)),
        (b"INSERT INTO t VALUES (1)", Text("INSERT", values=20)),
        (b"INSERT INTO t SELECT 1", Text("INSERT")),
        (b"", Text("")),
    ],
)
def test_other_statements_tell_their_first_word_and_their_format(
    text: bytes, expected: Text
) -> None:
    assert read(text, complete=True) == expected


@pytest.mark.parametrize("text", [b"INSERT INTO t", b"INSERT INTO t (a", b"INSERT INTO t FORMAT C"])
def test_the_beginning_of_an_insert_waits_for_more(text: bytes) -> None:
    assert isinstance(read(text, complete=False), Unfinished)


@pytest.mark.parametrize(
    ("head", "settings"),
    [
        ("INSERT INTO t (a) ", ""),
        ("INSERT INTO t ", "SETTINGS async_insert=0 "),
        ("INSERT INTO `t` (`SETTINGS`) ", "SETTINGS async_insert=0 "),
        ("INSERT INTO settings ", "SETTINGS async_insert=0 "),
        ("INSERT INTO db.settings (a) ", ""),
    ],
)
def test_the_settings_of_an_insert_are_found(head: str, settings: str) -> None:
    assert split_settings(head + settings) == (head, settings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"SELECT 1", {}),
        (b"SELECT 1 SETTINGS a = 1, b='x y' FORMAT CSV", {"a": "1", "b": "x y"}),
        (b"SELECT 1 FORMAT CSV SETTINGS a = 1", {"a": "1"}),
        (b"SELECT 'SETTINGS a = 1' -- SETTINGS b = 2", {}),
        (b"SELECT * FROM (SELECT 1 SETTINGS a = 1)", {}),
        (b"SELECT $$ ' $$ SETTINGS a = 1 -- '", {"a": "1"}),
    ],
)
def test_settings_at_the_end_are_read(text: bytes, expected: dict[str, str]) -> None:
    assert settings(text) == expected


def test_names_are_words_and_quoted_names() -> None:
    found = names(b"CREATE TABLE `a b` (x Int8) SETTINGS \"disk\" = f('disk2') /* disk3 */")
    assert list(found) == ["CREATE", "TABLE", "a b", "x", "Int8", "SETTINGS", "disk", "f"]
