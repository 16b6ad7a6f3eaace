"""By which names a server of ours may be called, and whether only this machine reaches it."""

from __future__ import annotations

import ipaddress

LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches what is bound to `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def allowed_hosts(host: str, behind: str = "") -> list[str]:
    """Return which names a request may call us by: this machine's, and that of our guard.

    Otherwise a page elsewhere could have its own name point here and read what we answer.
    """
    return [*LOOPBACK, *([] if is_loopback(host) else [host, behind or host])]
