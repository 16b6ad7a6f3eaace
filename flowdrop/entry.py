"""How a browser gets into the console from a terminal: by a short-lived single-use link.

Whoever can read the folder's secrets can make a link (`flowdrop up` prints one, `flowdrop demo`
opens one, `flowdrop console link` makes another); it holds no secret that outlives it. It signs in
whom it names, by default the first administrator; before there is one, it opens the form that
makes them. Programs show a token: `Authorization: Bearer ...`.
"""

from __future__ import annotations

import base64
import hmac
import secrets

LINK_SECONDS = 900
PATH = "/enter"


def link(address: str, token: str, now: float, who: str = "") -> str:
    """Return a link into the console at `address`, valid once within `LINK_SECONDS`.

    Args:
        address: of the console.
        token: the console's, which signs it.
        now: seconds since 1970.
        who: email of whom it signs in; by default the first administrator.
    """
    named = base64.urlsafe_b64encode(who.encode()).decode().rstrip("=")
    body = f"{int(now + LINK_SECONDS)}.{secrets.token_urlsafe(12)}.{named}"
    return f"{address.rstrip('/')}{PATH}?ticket={body}.{_mac(token, body)}"


def is_good(ticket: str, token: str, now: float) -> bool:
    """Return whether a ticket is ours and has not expired."""
    body, _, mac = ticket.rpartition(".")
    # As bytes: compare_digest takes only ASCII text.
    if not hmac.compare_digest(_mac(token, body).encode(), mac.encode("utf-8", "replace")):
        return False
    return int(body.partition(".")[0]) > now


def who(ticket: str) -> str:
    """Return whom a good ticket names; "" for the first administrator."""
    named = ticket.split(".")[2]
    return base64.urlsafe_b64decode(named + "=" * (-len(named) % 4)).decode()


def _mac(token: str, body: str) -> str:
    text = f"link:{body}".encode("utf-8", "replace")
    return hmac.new(token.encode(), text, "sha256").hexdigest()
