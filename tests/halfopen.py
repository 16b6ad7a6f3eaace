"""Connections of clients that never finish what they begin."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HALF = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "


@contextmanager
def half_open(port: int, count: int, said: bytes = HALF) -> Iterator[list[socket.socket]]:
    """Open `count` connections to `port` on which `said` is all that is ever said."""
    with ExitStack() as stack:
        wires = []
        for _ in range(count):
            wire = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            wire.sendall(said)
            wires.append(wire)
        yield wires


def seconds_until_closed(wires: list[socket.socket], seconds_max: float) -> float:
    """Return after how long the server has closed all of them; fail after `seconds_max`."""
    began = time.monotonic()
    for wire in wires:
        wire.settimeout(max(0.1, began + seconds_max - time.monotonic()))
        try:
            while wire.recv(4096):
                pass
        except ConnectionResetError:
            pass
        except TimeoutError as error:
            raise AssertionError(f"still open after {seconds_max:.0f} s") from error
    return time.monotonic() - began
