"""A file as batches of rows: CSV, JSON lines or Parquet, gzipped or not, in bounded memory."""

from __future__ import annotations

import csv
import io
import zlib
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from flowdrop.wanted import broken_json
from intake.files import lent
from intake.files.batches import Batch, of_columns
from intake.files.encoding import AUTO, AsUtf8, Opened
from intake.files.rejects import HEADS
from intake.mapping import RowRefusal
from intake.mapping.refusals import shown
from intake.mapping.values import cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from intake.mapping.file import Written

FORMATS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet"} | dict.fromkeys(
    (".jsonl", ".ndjson", ".json"), "jsonl"
)
DELIMITERS = (",", ";", "\t", "|")
BLOCK_BYTES = 4 * 1024 * 1024
HEAD_BYTES = 256 * 1024
ROWS_A_BATCH = 20_000
LINE_BYTES_MAX = 16 * 1024 * 1024
HEADER_ROWS = 1
STRADDLING = "straddling"  # what Arrow calls a row that is longer than a block
PLAIN_NUMBER = r"^-?[0-9]+(\.[0-9]+)?$"
PLAIN_SIGNS = frozenset("-.0123456789")


def format_of(path: Path, file: Written | None = None) -> str:
    """Return the format that the mapping names, or that of the file's name.

    Raises:
        click.ClickException: when neither says one.
    """
    if file is not None and file.format not in {None, "webhook"}:
        return str(file.format)
    name = path.with_suffix("") if path.suffix == ".gz" else path
    if (found := FORMATS.get(name.suffix.lower())) is None:
        raise click.ClickException(
            f"{path}: its name does not say whether it is CSV, JSON lines or Parquet; write "
            '`format = "csv"`, "jsonl" or "parquet" in the mapping'
        )
    return found


class Source:
    """A file to be read from its beginning to its end, once.

    Args:
        path: the file.
        file: how it is written.
        columns: which the mapping reads; a CSV or Parquet file has to have them.
        whole: whether the others are read as well.

    A file of rejected rows, as `--rejects` writes it, is read without what stands before its cells.

    Raises:
        click.ClickException: when it can't be opened, or has no header that makes sense.
    """

    def __init__(
        self, path: Path, file: Written, columns: Sequence[str], *, whole: bool = False
    ) -> None:
        self.format = format_of(path, file)
        self._path = path
        self._file = file
        self._wanted = columns
        self._whole = whole
        try:
            if path.exists() and not path.is_file():
                raise click.ClickException(f"{path}: it is not a file; name one")
            self.opened = Opened(path)
        except OSError as error:
            raise click.ClickException(f"{path}: {error.strerror}") from error
        self.delimiter = ""
        self.columns: list[str] = []
        self._told: tuple[
            str, ...
        ] = ()  # the columns before the file's own: why a row was rejected
        self._headers = HEADER_ROWS
        self._text: AsUtf8 | None = None
        if self.format == "csv":
            with self._sound():
                self._read_header()
        elif self.format == "parquet":
            self._read_schema()

    @property
    def encoding(self) -> str:
        """The encoding of a text file, as far as it has been read; "" for any other."""
        if self._text is None:
            return ""
        return "utf-8" if self._text.encoding == AUTO else self._text.encoding

    def batches(self) -> Iterator[Batch]:
        """Yield the rows.

        Raises:
            click.ClickException: when the file ends in the middle, or is not what it claims.
        """
        ways = {"csv": self._csv, "jsonl": self._jsonl, "parquet": self._parquet}
        try:
            with self._sound():
                yield from ways[self.format]()
        finally:
            self.opened.close()

    @contextmanager
    def _sound(self) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, csv.Error, OSError, EOFError, zlib.error) as error:
            what = str(error).splitlines()[0]
            raise click.ClickException(f"{self._path}: can't be read to its end: {what}") from error

    # -- CSV ---------------------------------------------------------------------------------------

    def _read_header(self) -> None:
        self._text = AsUtf8(self.opened, self._file.encoding)
        head = self._text.read(HEAD_BYTES)
        text = head.decode(errors="replace")
        if not text.split("\n", 1)[0].strip():
            raise click.ClickException(f"{self._path}: it is empty, or begins with an empty line")
        known = [self._file.delimiter] if self._file.delimiter else DELIMITERS
        found = {sign: self._first_row(text, sign) for sign in known}
        self.delimiter = max(found, key=lambda sign: _likeliness(found[sign].cells))
        names, end = found[self.delimiter]
        if tuple(names[: len(HEADS)]) == HEADS and len(names) > len(HEADS):
            self._told = tuple(f"{head} of what was rejected" for head in HEADS)
            names = names[len(HEADS) :]
        elif self._file.columns is not None:
            self._check_count(len(names))
            names = list(self._file.columns)
            self._headers = 0
        self.columns = [name.strip() or f"column_{n}" for n, name in enumerate(names, 1)]
        twice = [name for name, count in Counter(self.columns).items() if count > 1]
        if twice:
            raise click.ClickException(
                f"{self._path}: column {twice[0]!r} stands twice in the header; rename one of them"
            )
        self._head = head[end:] if self._headers else head

    def _first_row(self, text: str, delimiter: str) -> _FirstRow:
        """Return the first row of a text, and where it ends in the bytes.

        Raises:
            click.ClickException: when it is longer than a header may be.
        """
        lines = io.StringIO(text, newline="")
        try:
            cells = next(csv.reader(lines, delimiter=delimiter))
        except csv.Error as error:
            raise self._no_header() from error
        end = len(text[: lines.tell()].encode())
        if end >= HEAD_BYTES and not text.endswith(("\n", "\r")):
            raise self._no_header()
        return _FirstRow(cells, end)

    def _no_header(self) -> click.ClickException:
        return click.ClickException(
            f"{self._path}: row 1 has more than {HEAD_BYTES:,} bytes, or a cell of more than "
            f"{csv.field_size_limit():,} characters; close the quote that it opens, or name a file "
            "with a header"
        )

    def _check_count(self, found: int) -> None:
        wanted = len(self._file.columns or ())
        if found != wanted:
            raise click.ClickException(
                f"{self._path}: the mapping names {wanted} columns, but row 1 has {found}; make "
                "`columns` agree with the file"
            )

    def _csv(self) -> Iterator[Batch]:
        assert self._text is not None
        wanted = self._wanted_of(self.columns)
        headers = self._headers
        skipped: list[Any] = []

        def skip(row: Any) -> str:
            skipped.append(row)
            return "skip"

        if not (head := self._head or self._text.read(HEAD_BYTES)):
            return
        text = _Joined(head, self._text)
        row = headers + 1
        cut = 0
        try:
            for found in lent.batches(text, **self._arrow_options(wanted, skip)):
                cells = self._cells_of(skipped)
                refused = {one.row: one for one in self._cut(skipped, cells)}
                cut = max(refused, default=cut)
                skipped.clear()
                numbers = _numbers(row, len(found), refused)
                row += len(found) + len(refused)
                columns = dict(zip([*self._told, *wanted], found.columns, strict=True))
                yield self._unmended(of_columns(numbers, columns, list(refused.values()), cells))
        except pa.ArrowInvalid as error:
            if STRADDLING not in str(error):
                raise
            raise self._too_long(row) from error
        if skipped:
            cells = self._cells_of(skipped)
            yield of_columns(np.empty(0, np.int64), {}, list(self._cut(skipped, cells)), cells)
        last = row - 1 + len(skipped)
        if not skipped and cut != last:  # else that row is refused already
            self._check_quotes(text, last, headers)

    def _cells_of(self, skipped: Sequence[Any]) -> dict[int, list[str]]:
        """Return the cells that rows have, by their numbers, though there are too many or too few.

        What can't be parted is one cell.
        """
        found = {}
        for one in skipped:
            lines = io.StringIO(one.text, newline="")
            try:
                cells = next(csv.reader(lines, delimiter=self.delimiter), [])
            except csv.Error:
                cells = [one.text]
            found[one.number + self._headers] = cells[len(self._told) :]
        return found

    def _cut(self, skipped: Sequence[Any], cells: dict[int, list[str]]) -> Iterator[RowRefusal]:
        """Yield a refusal of each row that has too many or too few cells."""
        told = len(self._told)
        for one in skipped:
            number = one.number + self._headers
            yield RowRefusal(
                number,
                "",
                shown(self.delimiter.join(cells[number]) if told else one.text),
                f"has {one.actual_columns - told} cells, where the header has "
                f"{one.expected_columns - told}",
                "put quotes around a cell that holds the delimiter or a line break, or mend its "
                "quotes",
            )

    def _unmended(self, batch: Batch) -> Batch:
        """Return a batch without what was told of rejected rows; one without cells is refused."""
        if not self._told:
            return batch
        own = {name: column for name, column in batch.columns.items() if name not in self._told}
        problems = batch.columns[self._told[HEADS.index("problem")]]
        empty = pc.not_equal(problems, "").to_numpy(zero_copy_only=False)
        for name in self._wanted:
            empty &= pc.equal(own[name], "").to_numpy(zero_copy_only=False)
        if not (self._wanted and empty.any()):
            return of_columns(batch.numbers, own, batch.refusals, batch.cells)
        refusals = [
            RowRefusal(
                int(batch.numbers[place]),
                "",
                "",
                f"has no cells of its own, and was rejected before: {problems[place]}",
                "write its cells behind what is said of it, or take the row out",
            )
            for place in empty.nonzero()[0]
        ]
        left = pa.array(~empty)
        return of_columns(
            batch.numbers[~empty],
            {name: column.filter(left) for name, column in own.items()},
            [*batch.refusals, *refusals],
            batch.cells,
        )

    def _arrow_options(self, wanted: Sequence[str], skip: Callable[[Any], str]) -> dict[str, Any]:
        return {
            "read_options": arrow_csv.ReadOptions(
                use_threads=False,
                column_names=[*self._told, *self.columns],
                block_size=BLOCK_BYTES,
            ),
            "parse_options": arrow_csv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=skip,
            ),
            "convert_options": arrow_csv.ConvertOptions(
                column_types=dict.fromkeys([*self._told, *wanted], pa.string()),
                include_columns=[*self._told, *wanted],
                strings_can_be_null=False,
                check_utf8=False,
            ),
        }

    def _too_long(self, row: int) -> click.ClickException:
        """Return what is said of a row, at `row` or later, that is longer than is read."""
        return click.ClickException(
            f"{self._path}: row {row:,} or one behind it has more than {BLOCK_BYTES:,} bytes; "
            "close the quote that it opens, or shorten it"
        )

    def _check_quotes(self, text: _Joined, rows: int, headers: int) -> None:
        """Refuse a file whose last cell holds all the lines behind a quote that is never closed.

        Args:
            text: the file behind its header, read to its end.
            rows: how many it had, the header among them.
            headers: how many of them are the header.
        """
        if text.quotes % 2 and (inside := text.lines - rows + headers) > 0:
            raise click.ClickException(
                f"{self._path}: a quote is opened in row {rows:,} or before it and never closed, "
                f"so {inside:,} lines behind it are part of a cell; close it, or write a quote in "
                'a cell twice ("")'
            )

    def _wanted_of(self, names: Sequence[str]) -> list[str]:
        """Return those of the file's columns that are read.

        Raises:
            click.ClickException: when one that the mapping reads is not there.
        """
        missing = [name for name in self._wanted if name not in names]
        if missing:
            raise click.ClickException(
                f"{self._path}: there is no column {missing[0]!r}, which the mapping reads; it has "
                f"{', '.join(names[:30])}"
            )
        return [name for name in names if self._whole or name in set(self._wanted)]

    # -- JSON lines --------------------------------------------------------------------------------

    def _jsonl(self) -> Iterator[Batch]:
        self._text = AsUtf8(self.opened, self._file.encoding)
        decode = msgspec.json.Decoder().decode
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        refusals: list[RowRefusal] = []
        for number, line in enumerate(_lines(io.BufferedReader(self._text, BLOCK_BYTES)), 1):
            if not line.strip():
                continue
            row = _object(line, decode)
            if isinstance(row, dict):
                rows.append(row)
                numbers.append(number)
            else:
                refusals.append(RowRefusal(number, "", shown(line.decode(errors="replace")), *row))
            if len(rows) + len(refusals) >= ROWS_A_BATCH:
                yield self._of_rows(rows, numbers, refusals)
                rows, numbers, refusals = [], [], []
        yield self._of_rows(rows, numbers, refusals)

    def _of_rows(
        self, rows: list[dict[str, Any]], numbers: list[int], refusals: list[RowRefusal]
    ) -> Batch:
        odd = np.zeros(len(rows), np.bool_)
        columns = {}
        for name in self._wanted:
            texts = []
            for place, row in enumerate(rows):
                value = cell(row, name)
                text = value if value is None or isinstance(value, str) else _number_text(value)
                texts.append(text)
                odd[place] |= text is None and value is not None
            columns[name] = pa.array(texts, pa.string())
        return Batch(
            np.array(numbers, np.int64),
            columns,
            rows.__getitem__,
            odd,
            is_typed=True,
            refusals=refusals,
        )

    # -- Parquet -----------------------------------------------------------------------------------

    def _read_schema(self) -> None:
        try:
            self._parquet_file = parquet.ParquetFile(self._path)
        except (pa.ArrowException, OSError) as error:
            raise click.ClickException(f"{self._path}: it is no Parquet file: {error}") from error
        self.columns = list(self._parquet_file.schema_arrow.names)

    def _parquet(self) -> Iterator[Batch]:
        nested = [name for name in self._wanted if name.partition(".")[0] in self.columns]
        wanted = self._wanted_of(list(dict.fromkeys([*self.columns, *nested])))
        row = 1
        for found in self._parquet_file.iter_batches(ROWS_A_BATCH, columns=wanted):
            numbers = np.arange(row, row + len(found), dtype=np.int64)
            row += len(found)
            yield _typed(found, wanted, numbers)
        while self.opened.read():  # for the checksum
            pass


class _FirstRow(NamedTuple):
    """The cells of a file's first row, and how many bytes it has."""

    cells: list[str]
    end: int


def _likeliness(cells: Sequence[str]) -> tuple[bool, int]:
    """Return by what the likeliest delimiter is found: quotes are none of its cells' own."""
    return not any('"' in cell for cell in cells), len(cells)


class _Joined(io.RawIOBase):
    """What was read of a file to look at it, and then the rest."""

    def __init__(self, head: bytes, rest: AsUtf8) -> None:
        self._head = head
        self._rest = rest
        self.quotes = 0
        self._line_ends = 0
        self._last = b""

    @property
    def lines(self) -> int:
        """How many lines were read, the last one too if no line feed ends it."""
        return self._line_ends + (self._last not in {b"", b"\n"})

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found = self._next(size)
        self.quotes += found.count(b'"')
        self._line_ends += found.count(b"\n")
        self._last = found[-1:] or self._last
        return found

    def _next(self, size: int) -> bytes:
        if self._head:
            found, self._head = self._head, b""
            return (
                found
                if size < 0 or len(found) >= size
                else found + self._rest.read(size - len(found))
            )
        return self._rest.read(size)


def _numbers(first: int, count: int, refused: dict[int, RowRefusal]) -> Any:
    """Return the numbers of rows from `first` on, without those that were refused."""
    numbers = np.arange(first, first + count + len(refused), dtype=np.int64)
    return numbers if not refused else numbers[~np.isin(numbers, list(refused))]


def _lines(file: io.BufferedReader) -> Iterator[bytes]:
    """Yield the lines of a file; of one that is longer than is read, a little more than that."""
    while line := file.readline(LINE_BYTES_MAX + 1):
        yield line
        while len(line) > LINE_BYTES_MAX and not line.endswith(b"\n"):
            line = file.readline(LINE_BYTES_MAX + 1)


def _object(line: bytes, decode: Any) -> dict[str, Any] | tuple[str, str]:
    """Return the object of a line, or what is wrong with it and what to do."""
    if len(line) > LINE_BYTES_MAX:
        return (
            f"has more than {LINE_BYTES_MAX:,} bytes",
            "write one object on each line, and no list around them",
        )
    try:
        row = decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return f"is no JSON: {broken_json(error)}", "write one whole object on each line"
    if isinstance(row, dict):
        return row
    return "is JSON, but no object", 'write an object, {"column": value, ...}, on each line'


def _number_text(value: object) -> str | None:
    """Return how a number of JSON is written, None for what is no number or has an exponent."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    text = str(value)
    return text if set(text) <= PLAIN_SIGNS else None


def _typed(found: pa.RecordBatch, wanted: Sequence[str], numbers: Any) -> Batch:
    """Return typed columns as texts; what has no plain text is read row by row."""
    flat = pa.Table.from_batches([found])
    while any(pa.types.is_struct(kind) for kind in flat.schema.types):
        flat = flat.flatten()
    columns = {}
    odd = np.zeros(len(found), np.bool_)
    for name in wanted:
        column = flat.column(name).combine_chunks() if name in flat.column_names else None
        text = None if column is None else _texts(column)
        if text is None:
            text, odd[:] = pa.nulls(len(found), pa.string()), True
        elif column is not None and pa.types.is_floating(column.type):
            plainly = pc.match_substring_regex(text, PLAIN_NUMBER)
            odd |= ~pc.fill_null(plainly, fill_value=True).to_numpy(zero_copy_only=False)
        columns[name] = text
    return Batch(
        numbers, columns, lambda place: found.slice(place, 1).to_pylist()[0], odd, is_typed=True
    )


def _texts(column: Any) -> Any:
    """Return a column as the texts that its values are written as, or None."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        return _written(column)
    has_text = (
        *(pa.types.is_string, pa.types.is_large_string, pa.types.is_integer),
        *(pa.types.is_floating, pa.types.is_decimal, pa.types.is_date, pa.types.is_null),
    )
    return column.cast(pa.string()) if any(has(kind) for has in has_text) else None


def _written(times: Any) -> Any:
    """Return times of whole seconds in ISO form, with `Z` where they have a zone; or None."""
    try:
        seconds = times.cast(pa.timestamp("s", "UTC" if times.type.tz else None))
    except pa.ArrowInvalid:
        return None
    text = seconds.cast(pa.timestamp("s")).cast(pa.string())
    return pc.binary_join_element_wise(text, "Z", "") if times.type.tz else text
