"""One HTTP request: its URL, headers, body and answer, on ASGI's channels."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from local.clickhouse import encodings
from local.clickhouse.errors import EngineError, refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Receive = Callable[[], Awaitable[Mapping[str, Any]]]
    Send = Callable[[Mapping[str, Any]], Awaitable[None]]

MIB = 1024 * 1024
TEXT_BYTES_MAX = 64 * MIB  # of a statement with everything in it: VALUES, a form
SEND_SECONDS_MAX = 300  # a reader that takes nothing for this long is dropped, as on a server
DRAIN_BYTES_MAX = 1024 * MIB  # of a body read only so that the client sees its error


class Gone(Exception):  # noqa: N818
    """The client hung up; nobody reads the answer."""


class Call:
    """One HTTP request: its URL, headers and body, and how to answer it."""

    def __init__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers = {
            k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]
        }
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        self.values = dict(pairs)
        self.query_id = self.values.get("query_id") or str(uuid.uuid4())
        self.started = False
        self._receive = receive
        self._send = send
        self._more = True
        self._gone: asyncio.Task[None] | None = None

    @property
    def has_query(self) -> bool:
        """Whether there may be a statement somewhere."""
        return self.method == "POST" or bool(self.values)

    @property
    def default_format(self) -> str:
        """The format of a result whose statement names none."""
        header = self.headers.get("x-clickhouse-format")
        return self.values.get("default_format") or header or "TabSeparated"

    def flag(self, name: str) -> bool:
        """Return whether the URL sets `name`."""
        return self.values.get(name, "0") not in ("", "0", "false")

    async def chunk(self) -> bytes | None:
        """Return the body's next bytes as they came, None after its end."""
        if not self._more:
            return None
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise Gone
        self._more = message.get("more_body", False)
        return bytes(message.get("body", b""))

    async def drain(self) -> None:
        """Read what is left of the body, so that the client gets to read its error."""
        size = 0
        while size < DRAIN_BYTES_MAX and (chunk := await self.chunk()) is not None:
            size += len(chunk)

    def gone(self) -> asyncio.Task[None]:
        """Return a task that ends when the client hangs up; the body must have been read."""
        if self._gone is None:
            self._gone = asyncio.create_task(self._watch())
        return self._gone

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send status and headers."""
        self.started = True
        lines = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": lines})

    async def write(self, data: bytes, *, more: bool) -> None:
        """Send bytes of the answer; waits while the client is slow.

        Raises:
            Gone: when it hung up or took nothing for `SEND_SECONDS_MAX`.
        """
        if self._gone is not None and self._gone.done():
            raise Gone
        message = {"type": "http.response.body", "body": data, "more_body": more}
        try:
            await asyncio.wait_for(self._send(message), SEND_SECONDS_MAX)
        except TimeoutError as error:
            raise Gone from error

    def end(self) -> None:
        """Stop watching the client."""
        if self._gone is not None:
            self._gone.cancel()


class Body:
    """A request's body, decoded, limited, in pieces of about a MiB."""

    def __init__(self, call: Call, bytes_max: int) -> None:
        encoding = call.headers.get("content-encoding", "identity").lower()
        if encoding not in (*encodings.ENCODINGS, "identity", ""):
            raise refusal(
                48,
                f"Content-Encoding {encoding!r} is not supported; send "
                f"{', '.join(encodings.ENCODINGS)} or none",
                "NOT_IMPLEMENTED",
            )
        self._call = call
        self._decoder = encodings.Decoder(encoding) if encoding in encodings.ENCODINGS else None
        self._bytes_max = bytes_max
        self._bytes = 0

    async def piece(self) -> bytes | None:
        """Return the next decoded bytes, None after the end."""
        gathered: list[bytes] = []
        size = 0
        while size < MIB:
            raw = await self._call.chunk()
            if raw is None:
                break
            gathered.append(raw)
            size += len(raw)
        if not gathered:
            self._check_end()
            return None
        data = b"".join(gathered)
        if self._decoder is not None:
            try:
                data = await asyncio.to_thread(self._decoder.decode, data)
            except ValueError as error:
                sentence = f"Cannot decode the request's body: {error}"
                raise refusal(354, sentence, "ZLIB_INFLATE_FAILED") from error
        self._bytes += len(data)
        if self._bytes > self._bytes_max:
            raise self.too_large(self._bytes_max)
        return data

    def _check_end(self) -> None:
        if self._decoder is not None and not self._decoder.complete:
            raise refusal(33, "The request's body ends in the middle", "CANNOT_READ_ALL_DATA")

    async def rest(self, before: bytes = b"") -> bytes:
        """Return `before` and all that follows."""
        parts, size = [before], len(before)
        while (piece := await self.piece()) is not None:
            parts.append(piece)
            size += len(piece)
            if size > TEXT_BYTES_MAX:
                raise self.too_large(TEXT_BYTES_MAX)
        return b"".join(parts)

    @staticmethod
    def too_large(limit: int) -> EngineError:
        """Return the refusal of a request of more than `limit` bytes."""
        sentence = (
            f"The request is larger than {limit} bytes; insert in smaller batches, "
            "in a format such as Native"
        )
        return refusal(229, sentence, "QUERY_IS_TOO_LARGE")
