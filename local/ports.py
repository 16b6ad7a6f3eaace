"""Free ports on this machine's loopback address."""

from __future__ import annotations

import random
import socket

HOST = "127.0.0.1"

# Below the range from which Linux and macOS take the ports of outgoing connections, so that a
# stopped part finds its port free when it is restarted.
LOWEST, HIGHEST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Return whether a server could listen on `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # TIME_WAIT is free
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port(taken: set[int] | frozenset[int] = frozenset()) -> int:
    """Return a port that is free and not among `taken`.

    The draw is random, so that two programs choosing at once seldom choose the same.
    """
    draw = random.SystemRandom()
    for _ in range(1_000):
        port = draw.randint(LOWEST, HIGHEST)
        if port not in taken and is_free(port):
            return port
    raise RuntimeError(f"no free port between {LOWEST} and {HIGHEST}")


def answers(port: int, *, seconds: float = 0.5) -> bool:
    """Return whether something accepts connections on `port`."""
    try:
        with socket.create_connection((HOST, port), timeout=seconds):
            return True
    except OSError:
        return False
