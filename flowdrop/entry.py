"""How a browser gets into the console: a short-lived single-use link, then a cookie.

Whoever can read the folder's secrets can make a link (`flowdrop up` prints one, `flowdrop demo`
opens one, `flowdrop console --link` makes another); it holds no secret that outlives it. Programs
present the token itself: `Authorization: Bearer ...`.
"""

from __future__ import annotations

import hmac
import secrets

LINK_SECONDS = 900
SESSION_SECONDS = 12 * 3600
PATH = "/enter"


def link(address: str, token: str, now: float) -> str:
    """Return a link into the console at `address`, valid once within `LINK_SECONDS`."""
    return f"{address.rstrip('/')}{PATH}?ticket={_ticket('link', token, now + LINK_SECONDS)}"


def session(token: str, now: float) -> str:
    """Return the value of a cookie that is valid for `SESSION_SECONDS`."""
    return _ticket("session", token, now + SESSION_SECONDS)


def is_good(kind: str, ticket: str, token: str, now: float) -> bool:
    """Return whether `ticket` is of this kind (`link`, `session`), ours, and not expired."""
    body, _, mac = ticket.rpartition(".")
    # As bytes: compare_digest takes only ASCII text.
    if not hmac.compare_digest(_mac(kind, token, body).encode(), mac.encode("utf-8", "replace")):
        return False
    return int(body.partition(".")[0]) > now


def _ticket(kind: str, token: str, until: float) -> str:
    body = f"{int(until)}.{secrets.token_urlsafe(12)}"
    return f"{body}.{_mac(kind, token, body)}"


def _mac(kind: str, token: str, body: str) -> str:
    text = f"{kind}:{body}".encode("utf-8", "replace")
    return hmac.new(token.encode(), text, "sha256").hexdigest()
