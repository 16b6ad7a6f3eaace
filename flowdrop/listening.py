"""An HTTP server that waits for nobody for ever: timeouts, and a limit on connections.

uvicorn waits as long as a client likes for the head of a request, for its body, and for a reader of
the answer; so a few hundred half-open connections take every place. `Impatient` limits the time of
each, and makes room for a new connection by closing the one that has waited longest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

HEAD_SECONDS_MAX = 10.0  # from the first byte of a request, or the connection, to its head's end
BODY_SECONDS_MAX = 30.0  # between two pieces of a body
ANSWER_SECONDS_MAX = 300.0  # for which a client may read nothing of its response
IDLE_SECONDS_MAX = 30  # between two requests; uvicorn's own
HEAD_BYTES_MAX = 1024 * 1024
CONNECTIONS_MAX = 512


class Impatient(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._is_in_head = False
        self.waits_since = 0.0

    @property
    def waits(self) -> bool:
        """Whether no complete request head is waiting for an answer."""
        cycle: Any = self.cycle  # none before the first head
        return cycle is None or bool(cycle.response_complete)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head; make room if there are too many."""
        super().connection_made(transport)
        self.waits_since = self.loop.time()
        self._give(HEAD_SECONDS_MAX)
        if len(self.connections) > CONNECTIONS_MAX:
            others = [one for one in self.connections if isinstance(one, Impatient) and one.waits]
            min(others, key=lambda one: one.waits_since).transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what came, and see what is awaited now."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self.waits:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self.transport.abort()
            elif self._timer is None:
                self._give(HEAD_SECONDS_MAX)
        elif self.cycle.more_body:
            self._give(BODY_SECONDS_MAX)
        else:
            self._give(None)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._is_in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head; one behind a chunked body is none (RFC 9110, 6.5.1)."""
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._head_bytes = 0
        self._is_in_head = False
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Leave the wait for another request to uvicorn's keep-alive."""
        self.waits_since = self.loop.time()
        self._give(None)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Note that the client reads nothing of its response."""
        super().pause_writing()
        self._unread = self.loop.call_later(ANSWER_SECONDS_MAX, self.transport.abort)

    def resume_writing(self) -> None:
        """Note that it reads again."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._give(None)
        if self._unread is not None:
            self._unread.cancel()
        super().connection_lost(exc)

    def _give(self, seconds: float | None) -> None:
        """Wait for the client this long from now; None stops waiting."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._late)

    def _late(self) -> None:
        if self.flow.read_paused:  # it is we who do not read
            self._give(BODY_SECONDS_MAX)
        else:
            self.transport.abort()
