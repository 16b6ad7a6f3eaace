"""The answer to a statement, made in a thread and taken piece by piece.

Everything here blocks. A small answer takes one visit to a thread, from beginning to close.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from local.clickhouse.engine import STREAMED, Engine, Request, Work
from local.clickhouse.errors import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from local.clickhouse.encodings import Encoder
    from local.clickhouse.engine import Counts
    from local.clickhouse.form import Table
    from local.clickhouse.sql_text import Text

SPOOL_BYTES = 8 * 1024 * 1024  # of an answer held back until its end; anything more goes to a file
PIECE_BYTES = 256 * 1024

_SELECTS = frozenset(("SELECT", "WITH", "FROM", "("))
_READS = _SELECTS | {"SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS"}


@dataclass(frozen=True)
class Task:
    """A statement and how its answer is wanted.

    Attributes:
        text: the statement, data of an INSERT ... VALUES included.
        found: what it is.
        format: of the result.
        tables: that came along with it.
        readonly: it may not change anything (GET, a reading user).
        whole: send nothing before the end, so that a late error is a clean one.
    """

    text: bytes
    found: Text
    format: str
    tables: Sequence[Table]
    readonly: bool
    whole: bool

    @property
    def streamed(self) -> bool:
        """Whether chDB can give the result block by block."""
        selects = self.found.first in _SELECTS and not self.found.totals
        return selects and self.format in STREAMED

    @property
    def reads(self) -> bool:
        """Whether it only reads, so that it ends when its client has gone."""
        return self.found.first in _READS


class Answer:
    """A running statement.

    Attributes:
        counts: what it did, up to the pieces taken.
        has_result: whether it is of a kind that has one, even if empty.
    """

    def __init__(self, engine: Engine, request: Request, task: Task, encoder: Encoder) -> None:
        self._work = Work(engine, replace(request, streamed=task.streamed))
        self.counts: Counts = self._work.counts
        self.has_result = task.reads
        self._pieces: Iterator[bytes] = iter(())
        try:
            changes = self._check(task)
            for table in task.tables:
                self._work.external(table)
            self._work.admit(task.text, reads=task.readonly, values=task.found.values)
            if task.readonly:
                self._work.lock()
            blocks = self._blocks(task, changes=changes)
            self._pieces = _encoded(blocks, encoder)
            if task.whole:
                self._pieces = _spooled(self._pieces)
        except BaseException:
            self.close()
            raise

    def _check(self, task: Task) -> bool:
        """Refuse what nobody may do; return whether the statement changes anything."""
        if task.found.file:
            sentence = "INTO OUTFILE and FROM INFILE name files of a client, not of a server"
            raise refusal(48, sentence, "NOT_IMPLEMENTED")
        return task.found.first == "INSERT" or self._work.changes_data(task.text)

    def _blocks(self, task: Task, *, changes: bool) -> Iterator[bytes]:
        if task.streamed and not changes:
            return self._work.stream(task.text, task.format)
        result = self._work.run(task.text, task.format)
        self.has_result = self.has_result or bool(result)
        return iter([result] if result else [])

    def take(self) -> tuple[bytes, bool]:
        """Return the next piece, and whether it is the last; the last closes the answer.

        Raises:
            EngineError: when the statement fails here; the answer is closed then.
        """
        parts, size = [], 0
        try:
            for piece in self._pieces:
                parts.append(piece)
                size += len(piece)
                if size >= PIECE_BYTES:
                    return b"".join(parts), False
        except BaseException:
            self.close()
            raise
        self.close()
        return b"".join(parts), True

    def close(self) -> None:
        """Cancel what is left and give the connection back; may be called again."""
        pieces, self._pieces = self._pieces, iter(())
        if hasattr(pieces, "close"):
            pieces.close()
        self._work.close()


def _encoded(blocks: Iterator[bytes], encoder: Encoder) -> Iterator[bytes]:
    """Yield the blocks encoded; nothing at all when there are none."""
    empty = True
    try:
        for block in blocks:
            empty = False
            yield encoder.encode(block)
        if not empty:
            yield encoder.end()
    finally:
        if hasattr(blocks, "close"):
            blocks.close()


def _spooled(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Take all pieces, past `SPOOL_BYTES` into a file, and return them to be read again."""
    spool = tempfile.SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115 - closed by its reader
    try:
        for piece in pieces:
            spool.write(piece)
    except BaseException:
        spool.close()
        raise
    spool.seek(0)
    return _read(spool)


def _read(spool: tempfile.SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    with spool:
        while piece := spool.read(PIECE_BYTES):
            yield piece
