"""What keeps the console safe in a browser: headers, known hosts, forms of our own pages only."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import HTTPException

from console.web.desk import desk

if TYPE_CHECKING:
    from fastapi import Request, Response

COOKIE = "flowdrop_csrf"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]


def allowed_hosts(host: str) -> list[str]:
    """Return which names a request may call us by: only this machine's when bound to loopback.

    Otherwise a page elsewhere could have its own name point here and read what we answer.
    """
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return LOOPBACK if loopback else ["*"]


def form_token(request: Request, response_cookie: str) -> str:
    """Return the token that a form for this browser carries."""
    return hmac.new(desk(request).csrf_key, response_cookie.encode(), "sha256").hexdigest()


def browser_cookie(request: Request) -> str:
    """Return the browser's random cookie, a new one when it has none."""
    return request.cookies.get(COOKIE) or secrets.token_urlsafe(24)


def keep_cookie(response: Response, value: str) -> None:
    """Set the browser's random cookie; scripts and other sites don't get it."""
    response.set_cookie(COOKIE, value, httponly=True, samesite="strict")


def require_own_form(request: Request, token: str) -> None:
    """Refuse a POST that is not from a form of ours in the same browser.

    Raises:
        HTTPException: 403.
    """
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "this form was sent from another site")
    cookie = request.cookies.get(COOKIE, "")
    if not cookie or not hmac.compare_digest(form_token(request, cookie), token):
        raise HTTPException(403, "this form is too old; open the page again")
