"""Content encodings of bodies: lz4 and zstd frames, gzip, deflate; one chunk at a time."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Protocol

import lz4.frame
import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_DECODERS: dict[str, Callable[[], Any]] = {
    "lz4": lz4.frame.LZ4FrameDecompressor,
    "zstd": lambda: zstandard.ZstdDecompressor().decompressobj(),
    "gzip": lambda: zlib.decompressobj(31),
    "deflate": zlib.decompressobj,
}
# The first that a client accepts is used: cheapest first, as clickhouse-connect asks for them.
ENCODINGS = tuple(_DECODERS)


class Decoder:
    """Decodes a body that may be several frames in a row (clickhouse-connect sends one per block).

    Args:
        encoding: one of `ENCODINGS`.
    """

    def __init__(self, encoding: str) -> None:
        self._make = _DECODERS[encoding]
        self._frame: Any = None

    def decode(self, data: bytes) -> bytes:
        """Return what `data`, the next bytes of the body, hold.

        Raises:
            ValueError: when they are not in this encoding.
        """
        parts = []
        try:
            while data:
                self._frame = self._frame or self._make()
                parts.append(self._frame.decompress(data))
                data = b""
                if self._frame.eof:
                    data, self._frame = self._frame.unused_data or b"", None
        except (RuntimeError, EOFError, zlib.error, zstandard.ZstdError) as error:
            raise ValueError(str(error)) from error
        return b"".join(parts)

    @property
    def complete(self) -> bool:
        """Whether the bytes so far end with a complete frame."""
        return self._frame is None


class Encoder(Protocol):
    """Encodes a body chunk by chunk; `end` returns its last bytes."""

    def encode(self, data: bytes) -> bytes:
        """Return bytes to send for `data`, perhaps none yet."""

    def end(self) -> bytes:
        """Return what is left to send."""


class _Plain:
    def encode(self, data: bytes) -> bytes:
        return data

    def end(self) -> bytes:
        return b""


class _Lz4:
    """One frame for the whole body: clickhouse-connect reads no second one in a response."""

    def __init__(self) -> None:
        self._frame = lz4.frame.LZ4FrameCompressor()
        self._begun = b""

    def encode(self, data: bytes) -> bytes:
        return self._begin() + bytes(self._frame.compress(data))

    def end(self) -> bytes:
        return self._begin() + bytes(self._frame.flush())

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = self._frame.begin()
        return self._begun


class _Stream:
    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def encode(self, data: bytes) -> bytes:
        return bytes(self._frame.compress(data))

    def end(self) -> bytes:
        return bytes(self._frame.flush())


def encoder(encoding: str | None) -> Encoder:
    """Return an encoder for `encoding`, or one that changes nothing."""
    if encoding == "lz4":
        return _Lz4()
    if encoding == "zstd":
        return _Stream(zstandard.ZstdCompressor(level=1).compressobj())
    if encoding == "gzip":
        return _Stream(zlib.compressobj(1, wbits=31))
    if encoding == "deflate":
        return _Stream(zlib.compressobj(1))
    return _Plain()


def choose(accepted: str) -> str | None:
    """Return the encoding to answer with, given an Accept-Encoding header."""
    offers: Iterable[str] = (part.strip() for part in accepted.lower().split(","))
    names = {
        name.strip() for name, _, weight in (o.partition(";q=") for o in offers) if weight != "0"
    }
    return next((name for name in ENCODINGS if name in names), None)
