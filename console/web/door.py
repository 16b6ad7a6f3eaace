"""Who is let in: a browser with the cookie that a link gave it, a program with the token."""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from console.web.state import state
from flowdrop import entry

if TYPE_CHECKING:
    from fastapi import Response

router = APIRouter(include_in_schema=False)

COOKIE = "flowdrop_session"
OPEN = ("/healthz", entry.PATH)


class StrangerError(Exception):
    """Nobody that the console knows."""


@router.get(entry.PATH)
def enter(request: Request, ticket: str = "") -> Response:
    """Let in the browser that opened a link, and keep it in."""
    token = _token(request)
    used = state(request).used_links
    if ticket in used or not entry.is_good("link", ticket, token, time.time()):
        raise StrangerError
    used.add(ticket)
    answer = RedirectResponse("/", 303)
    answer.set_cookie(
        COOKIE,
        entry.session(token, time.time()),
        max_age=entry.SESSION_SECONDS,
        httponly=True,
        samesite="lax",
    )
    return answer


def is_known(request: Request) -> bool:
    """Return whether `request` may be answered; without a token (tests) every one may."""
    token = _token(request)
    path = request.url.path
    if not token or path in OPEN or path.startswith("/static/"):
        return True
    given = request.headers.get("authorization", "").encode("utf-8", "replace")
    if hmac.compare_digest(given, f"Bearer {token}".encode()):
        return True
    return entry.is_good("session", request.cookies.get(COOKIE, ""), token, time.time())


def _token(request: Request) -> str:
    return state(request).settings.console_token.get_secret_value()
