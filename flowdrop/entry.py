"""How a browser gets into the console: a link that works once and soon, then a cookie.

Whoever can read the folder's secrets can make a link (`flowdrop up` prints one, `flowdrop demo`
opens one, `flowdrop console --link` makes another); it holds no secret that outlives it. Programs
show the token itself: `Authorization: Bearer ...`.
"""

from __future__ import annotations

import hmac
import secrets

LINK_SECONDS = 900
SESSION_SECONDS = 12 * 3600
PATH = "/enter"


def link(address: str, token: str, now: float) -> str:
    """Return a link into the console at `address`, good once within `LINK_SECONDS`."""
    return f"{address.rstrip('/')}{PATH}?ticket={_ticket('link', token, now + LINK_SECONDS)}"


def session(token: str, now: float) -> str:
    """Return the value of a cookie that is good for `SESSION_SECONDS`."""
    return _ticket("session", token, now + SESSION_SECONDS)


def is_good(kind: str, ticket: str, token: str, now: float) -> bool:
    """Tell whether `ticket` is of this kind (`link`, `session`), ours, and not over."""
    body, _, mac = ticket.rpartition(".")
    # As bytes: of text, compare_digest takes ASCII only.
    if not hmac.compare_digest(_mac(kind, token, body).encode(), mac.encode("utf-8", "replace")):
        return False
    return int(body.partition(".")[0]) > now


def _ticket(kind: str, token: str, until: float) -> str:
    body = f"{int(until)}.{secrets.token_urlsafe(12)}"
    return f"{body}.{_mac(kind, token, body)}"


def _mac(kind: str, token: str, body: str) -> str:
    text = f"{kind}:{body}".encode("utf-8", "replace")
    return hmac.new(token.encode(), text, "sha256").hexdigest()
