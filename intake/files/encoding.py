"""Which encoding a text file is in, found by itself, and the file as UTF-8.

Until the first byte that is not ASCII any encoding is as good as another, so that is where it is
decided. Bytes that are no text in it become U+FFFD, and the cell that holds one is refused.
"""

from __future__ import annotations

import codecs
import gzip
import io
from hashlib import blake2b
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Buffer

AUTO, UTF_8, GB18030 = "auto", "utf-8", "gb18030"
GZIP_START = b"\x1f\x8b"
READ_BYTES = 4 * 1024 * 1024
# Of each hundred signs, how many bad bytes an UTF-8 file may have and still be taken for one.
BAD_PER_CENT_MAX = 10
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_REPLACED = "\ufffd"


def found_in(sample: bytes) -> str:
    """Return the encoding of bytes that may end in the middle of a sign: UTF-8 or GB18030.

    A file in UTF-8 with a few spoiled bytes is still one; a text in GB18030 is full of them.
    """
    as_utf8 = codecs.getincrementaldecoder(UTF_8)("replace").decode(sample)
    bad = as_utf8.count(_REPLACED)
    if not bad:
        return UTF_8
    foreign = sum(1 for sign in as_utf8 if sign > "\x7f")
    return UTF_8 if bad * 100 <= foreign * BAD_PER_CENT_MAX else GB18030


class Opened:
    """A file's bytes, unpacked if they are gzipped, and a checksum of those read so far."""

    def __init__(self, path: Path) -> None:
        self._raw = path.open("rb")
        self.bytes_total = path.stat().st_size
        self._hash = blake2b(digest_size=16)
        packed = self._raw.read(len(GZIP_START)) == GZIP_START
        self._raw.seek(0)
        self._file = cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw) if packed else self._raw)

    def read(self, size: int = READ_BYTES) -> bytes:
        """Return the next bytes; none at the end."""
        found = self._file.read(size)
        self._hash.update(found)
        return found

    @property
    def place(self) -> int:
        """How many bytes of the file on disk have been read."""
        return self._raw.tell()

    def digest(self) -> str:
        """Return the checksum of what has been read."""
        return self._hash.hexdigest()

    def close(self) -> None:
        """Close it."""
        self._file.close()
        self._raw.close()


class AsUtf8(io.RawIOBase):
    """A file of text as UTF-8, whatever it is in; a mark at its beginning is left out.

    Args:
        file: the bytes.
        encoding: `utf-8`, `gb18030`, or `auto`.
    """

    def __init__(self, file: Opened, encoding: str) -> None:
        self._file = file
        self.encoding = encoding
        self._decoder: codecs.IncrementalDecoder | None = None
        self._left = b""
        self._start()

    def _start(self) -> None:
        first = self._file.read()
        for mark, encoding in _MARKS:
            if first.startswith(mark):
                self.encoding = encoding
                first = first if encoding == "utf-16" else first.removeprefix(mark)
        self._left = self._decoded(first)

    def _decoded(self, chunk: bytes) -> bytes:
        if self._decoder is None:
            if self.encoding != "utf-16" and chunk.isascii():
                return chunk
            if self.encoding == AUTO:
                self.encoding = found_in(chunk)
            self._decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        return self._decoder.decode(chunk, final=not chunk).encode()

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Fill a buffer; return how many bytes, 0 at the end."""
        view = memoryview(buffer).cast("B")
        while not self._left:
            chunk = self._file.read()
            self._left = self._decoded(chunk)
            if not chunk:
                break
        count = min(len(view), len(self._left))
        view[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes; all that is left if it is negative."""
        if size < 0:
            return self.readall()
        while len(self._left) < size:
            chunk = self._file.read()
            self._left += self._decoded(chunk)
            if not chunk:
                break
        found, self._left = self._left[:size], self._left[size:]
        return found
