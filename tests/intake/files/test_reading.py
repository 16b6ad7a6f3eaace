"""Files are read as they come: encodings, delimiters, packed, cut short; rows by their numbers."""

from __future__ import annotations

import csv
import gzip
import os
from typing import TYPE_CHECKING, Any

import click
import pandas as pd
import pytest

from intake.files import reading
from intake.files.encoding import found_in
from intake.files.reading import Source
from intake.files.rejects import Rejects
from intake.mapping import RowRefusal
from intake.mapping.file import File, parsed

if TYPE_CHECKING:
    from pathlib import Path

    from intake.files.batches import Batch

WORDS = "龙井茶，碧螺春、普洱"


def file(said: str = "") -> File:
    text = f'feed = "f"\nid = "a"\nperson = "a"\ntime = "b"\n{said}\n[[event]]\ntype = "open"\n'
    return parsed(text, "test")


def rows(path: Path, said: str = "", columns: tuple[str, ...] = ()) -> list[tuple[int, Any]]:
    found: list[tuple[int, Any]] = []
    for batch in Source(path, file(said), columns, whole=True).batches():
        found += [(int(number), batch.row(place)) for place, number in enumerate(batch.numbers)]
        found += [(one.row, one) for one in batch.refusals]
    return sorted(found, key=lambda one: one[0])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("packed", [False, True])
def test_an_encoding_is_found_by_itself(tmp_path: Path, encoding: str, *, packed: bool) -> None:
    content = "a,名\n" + "1,tea\n" * 100_000 + f"2,{WORDS}\n"
    path = tmp_path / "x.csv"
    data = content.encode(encoding)
    path.write_bytes(gzip.compress(data) if packed else data)
    assert rows(path)[-1] == (100_002, {"a": "2", "名": WORDS})


def test_text_cut_in_the_middle_of_a_sign_is_told_apart() -> None:
    assert found_in(WORDS.encode()[:-1]) == "utf-8"
    assert found_in(WORDS.encode("gb18030")[:-1]) == "gb18030"
    assert found_in((WORDS * 9).encode() + b"\xff") == "utf-8"


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_a_delimiter_is_found_by_itself(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(delimiter.join(["a", "b", "c"]) + "\n" + delimiter.join("123") + "\n")
    assert rows(path) == [(2, {"a": "1", "b": "2", "c": "3"})]


def test_rows_have_the_numbers_that_a_spreadsheet_gives_them(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('a,b\n1,"x\ny"\n\n2\n"3,z\n')
    found = rows(path)
    assert [number for number, _ in found] == [2, 3, 4, 5]
    assert found[0][1] == {"a": "1", "b": "x\ny"}
    assert isinstance(found[2][1], RowRefusal)
    assert "has 1 cells" in found[2][1].problem


def test_numbers_hold_over_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK_BYTES", 10_000)
    path = tmp_path / "x.csv"
    lines = [
        f"{n},{n * 'x' if n % 100 == 0 else n}" + (",more" if n % 77 == 0 else "")
        for n in range(2, 900)
    ]
    path.write_text("a,b\n" + "\n".join(lines) + "\n")
    for number, row in rows(path):
        if isinstance(row, RowRefusal):
            assert number % 77 == 0
        else:
            assert row["a"] == str(number)


def test_a_file_without_a_header_gets_its_columns_from_the_mapping(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("1,2\n3,4\n")
    assert rows(path, 'columns = ["a", "b"]') == [
        (1, {"a": "1", "b": "2"}),
        (2, {"a": "3", "b": "4"}),
    ]
    with pytest.raises(click.ClickException, match="names 3 columns"):
        rows(path, 'columns = ["a", "b", "c"]')


def test_bad_bytes_spoil_their_cell_only(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(("a,b\n1," + WORDS * 9 + "\n").encode() + b"2,\xff\xfe\n3,tea\n")
    found = rows(path)
    assert found[1][1]["b"] == "\ufffd\ufffd"
    assert found[2] == (4, {"a": "3", "b": "tea"})


@pytest.mark.parametrize("header", ["a,b", "a,b\n", "a,b\r\n", "\ufeffa,b", '"a","b"'])
def test_a_header_alone_is_a_file_without_rows(tmp_path: Path, header: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(header.encode())
    source = Source(path, file(), ("a",))
    assert source.columns == ["a", "b"]
    assert [len(batch) for batch in source.batches()] == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_header_with_line_breaks_is_one_row(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "x.csv"
    header = delimiter.join(['"a\n(1,2)"', 'b 5" x', '"c\r\n;"'])
    path.write_text(f"{header}\n{delimiter.join('123')}\n{delimiter.join('45')}\n", newline="")
    (_, row), (number, cut) = rows(path)
    assert list(row.values()) == ["1", "2", "3"]
    assert next(iter(row)) == "a\n(1,2)"
    assert (number, cut.row, cut.problem) == (3, 3, "has 2 cells, where the header has 3")


def test_a_list_of_json_on_one_line_is_refused_without_reading_it_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LINE_BYTES_MAX", 1_000)
    path = tmp_path / "x.json"
    path.write_text("[" + '{"a": 1},' * 1_000 + "{}]\n" + '{"a": 2}\n')
    (first, refusal), last = rows(path)
    assert (first, refusal.problem) == (1, "has more than 1,000 bytes")
    assert last == (2, {"a": 2})


def test_a_sign_that_is_no_text_spoils_only_its_row(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n1,x\0y\n\0,z\n3,tea\n")
    assert [row["a"] for _, row in rows(path)] == ["1", "\0", "3"]


def test_lines_of_json_that_are_none_are_refused_by_their_number(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": {"b": 1}}\n\n[1]\n{"a": \n{"a": 2}\n')
    found = rows(path)
    assert [number for number, _ in found] == [1, 3, 4, 5]
    assert [isinstance(row, RowRefusal) for _, row in found] == [False, True, True, False]


def test_typed_columns_are_read_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    frame = pd.DataFrame(
        {"a": [1, 2], "f": [1.5, 2.0], "t": pd.to_datetime(["2024-03-01 09:30:00"] * 2)}
    )
    frame.to_parquet(path)
    (batch,) = batches(path, ("a", "f", "t"))
    assert batch.columns["a"].to_pylist() == ["1", "2"]
    assert batch.columns["f"].to_pylist() == ["1.5", "2"]
    assert batch.columns["t"].to_pylist() == ["2024-03-01 09:30:00"] * 2


def test_nested_and_listed_columns_of_parquet(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    rows = [{"a": {"b": "x", "c": 1}, "tags": ["p", "q"]}, {"a": {"b": None, "c": 2}, "tags": []}]
    pd.DataFrame(rows).to_parquet(path)
    (batch,) = batches(path, ("a.b", "tags"))
    assert batch.columns["a.b"].to_pylist() == ["x", None]
    assert batch.odd is not None
    assert batch.odd.all()
    assert batch.row(0) == {"a": {"b": "x"}, "tags": ["p", "q"]}
    with pytest.raises(click.ClickException, match=r"no column 'z\.b'"):
        batches(path, ("z.b",))


def batches(path: Path, columns: tuple[str, ...]) -> list[Batch]:
    return list(Source(path, file(), columns).batches())


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.csv", b"", "empty"),
        ("x.csv", b"a,a\n1,2\n", "twice"),
        ("x.csv", b"b,c\n1,2\n", "no column 'a'"),
        ("x.dat", b"a,b\n", "does not say"),
        ("x.csv", b"\xef\xbb\xbf", "empty"),
        ("x.csv", b"\na,b\n1,2\n", "empty line"),
        ("x.csv", b'a,"b\n' + b"1,2\n" * 99_999, "row 1 has more than 262,144 bytes"),
        ("x.csv", b"a," + b"b" * 300_000 + b"\n", "row 1 has more than 262,144 bytes"),
        ("x.csv", ",".join(f"c{n}" for n in range(99_999)).encode(), "row 1 has more than"),
        ("x.csv", b"a,b\n1," + b"x" * 9_000_000, "row 2 or one behind it has more than 4,194,304"),
        ("x.parquet", b"", "no Parquet"),
        ("x.parquet", b"PAR1", "no Parquet"),
        ("x.csv.gz", b"\x1f\x8b", "can't be read"),
        ("x.jsonl.gz", gzip.compress(b'{"a": 1}\n' * 99_999)[:-20], "can't be read"),
        ("x.csv", gzip.compress(b"a,b\n" + b"1,2\n" * 99_999)[:-20], "can't be read"),
    ],
)
def test_a_file_that_can_not_be_read_is_said_so(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(click.ClickException, match=said):
        batches(path, ("a",))


def test_a_quote_that_is_never_closed_is_an_error_although_its_column_is_not_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "open.csv"
    rows = [f"{n},x\n" for n in range(1_000)]
    path.write_text("a,note\n" + "".join([*rows[:3], '3,"oops\n', *rows[4:]]), encoding="utf-8")
    with pytest.raises(click.ClickException, match=r"row 5 or before it and never closed, so 996"):
        list(Source(path, file(), ["a"]).batches())


def test_a_quote_within_a_cell_or_a_cell_of_several_lines_is_none(tmp_path: Path) -> None:
    path = tmp_path / "inches.csv"
    path.write_text('a,note\n1,5" pipe\n2,6" pipe\n3,7" pipe\n', encoding="utf-8")
    assert sum(len(batch) for batch in Source(path, file(), ["a"]).batches()) == 3
    path.write_text('a,note\n1,"two\nlines"\n2,x\n', encoding="utf-8")
    assert sum(len(batch) for batch in Source(path, file(), ["a"]).batches()) == 2


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(click.ClickException, match="it is not a file"):
            Source(path, file('format = "csv"'), ["a"])


def test_rejected_rows_come_in_again_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    cells = {"a": "+8613800000001", "b": WORDS}
    with Rejects(path, ["a", "b"], ";") as out:
        out.add([RowRefusal(2, "b", WORDS, "is odd", "mend it")], lambda _: cells)
    ((_, row),) = rows(path, 'encoding = "gb18030"\ndelimiter = ";"')
    assert {name: row[name] for name in cells} == cells


@pytest.mark.parametrize("said", ["", 'columns = ["row", "value", "c"]'])
def test_a_file_of_rejects_is_read_without_what_is_told_of_its_rows(
    tmp_path: Path, said: str
) -> None:
    """Its own columns may be called as those before them are."""
    path = tmp_path / "rejects.csv"
    with Rejects(path, ["row", "value", "c"]) as out:
        out.add([RowRefusal(7, "c", "x", "is odd", "mend it")], lambda _: ["1", "2", "x"])
    assert rows(path, said, columns=("row",)) == [(2, {"row": "1", "value": "2", "c": "x"})]


def test_ragged_rows_keep_their_cells_among_the_rejects_until_they_are_mended(
    tmp_path: Path,
) -> None:
    path, rejects = tmp_path / "x.csv", tmp_path / "rejects.csv"
    path.write_text('a,b,c\n1,"x\ny"\n2,x,y,"z, 5"\n')
    for _ in "ab":  # and of a file of rejects again
        source = Source(path, file(), ("a", "b"), whole=True)
        with Rejects(rejects, source.columns) as out:
            for batch in source.batches():
                out.add(batch.refusals, lambda row, own=batch: own.cells[row])  # type: ignore[misc]
        written = list(csv.reader(rejects.read_text("utf-8-sig").splitlines(keepends=True)))
        assert [row[5:] for row in written[1:]] == [["1", "x\ny"], ["2", "x", "y", "z, 5"]]
        assert [row[3] for row in written[1:]] == [
            "has 2 cells, where the header has 3",
            "has 4 cells, where the header has 3",
        ]
        path = rejects.rename(tmp_path / "again.csv")


def test_a_rejected_row_without_cells_is_rejected_again(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    path.write_text("row,column,value,problem,remedy,a,b\n7,,,is odd,,,\n8,,,,,,\n9,a,,,,1,2\n")
    found = rows(path, columns=("a",))
    assert isinstance(found[0][1], RowRefusal)
    assert "was rejected before: is odd" in found[0][1].problem
    assert [row for _, row in found[1:]] == [{"a": "", "b": ""}, {"a": "1", "b": "2"}]
