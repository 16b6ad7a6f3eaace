"""CSV by Arrow, whose own thread reads the file: it is over when the last row is, or is given up.

Arrow reads ahead in a thread of C++ that calls back into Python. Were it still to do so while
Python ends, the process would abort behind its own last words.
"""

from __future__ import annotations

from queue import Empty, SimpleQueue
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from weakref import ref

import pyarrow as pa
from pyarrow import csv

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterator

WAIT_SECONDS_MAX = 60.0


def batches(file: io.RawIOBase, **options: Any) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a CSV file; no thread reads it any more when this ends or is closed.

    Args:
        file: the bytes.
        options: of `pyarrow.csv.open_csv`.

    Raises:
        pa.ArrowException: as Arrow does.
    """
    gone: SimpleQueue[object] = SimpleQueue()
    # `put` runs no Python, so Arrow's thread does not yield to ours between it and its end.
    lent, watch = _lent(file, gone.put)
    try:
        yield from csv.open_csv(lent, **options)
    finally:
        del lent
        _wait(gone)
        del watch


class _Lent(SimpleNamespace):
    """What Arrow is given of a file: it lives for as long as Arrow may read.

    No frame of the file's own has it, so an error in one does not keep it.
    """


def _lent(file: io.RawIOBase, gone: Callable[[object], None]) -> tuple[pa.PythonFile, ref[_Lent]]:
    """Return a file for Arrow, and what calls `gone` when Arrow has let go of it."""
    own = _Lent(read=file.read, readable=file.readable, closed=False, close=lambda: None)
    return pa.PythonFile(own, mode="r"), ref(own, gone)


def _wait(gone: SimpleQueue[object]) -> None:
    """Return when Arrow has let go of the file, or does not in a time that any read takes."""
    try:
        gone.get(timeout=WAIT_SECONDS_MAX)
    except Empty:
        return
