"""What keeps the console safe in a browser: headers, forms of our own pages only."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import TYPE_CHECKING

from fastapi import HTTPException

from console.web.state import state

if TYPE_CHECKING:
    from fastapi import Request, Response

COOKIE = "flowdrop_csrf"
_OURS = re.compile(r"[\w-]{16,64}", re.ASCII)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
HTTPS_HEADERS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def form_token(request: Request, response_cookie: str) -> str:
    """Return the token that a form for this browser carries."""
    return hmac.new(
        state(request).key("form"), response_cookie.encode("utf-8", "replace"), "sha256"
    ).hexdigest()


def browser_cookie(request: Request) -> str:
    """Return the browser's random cookie, a new one when it has none."""
    known = request.cookies.get(COOKIE, "")
    return known if _OURS.fullmatch(known) else secrets.token_urlsafe(24)


def keep_cookie(request: Request, response: Response, value: str) -> None:
    """Set the browser's random cookie; scripts and other sites don't get it."""
    secure = state(request).is_https
    response.set_cookie(COOKIE, value, httponly=True, samesite="strict", secure=secure)


def is_foreign(request: Request) -> bool:
    """Return whether a browser says that a page of another site sent the request."""
    host = request.headers.get("host")
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "none")
    ours = origin in (None, f"http://{host}", f"https://{host}")
    return not ours or site not in ("none", "same-origin")


def require_own_form(request: Request, token: str) -> None:
    """Refuse a POST that is not from a form of ours in the same browser.

    Raises:
        HTTPException: 403.
    """
    if is_foreign(request):
        raise HTTPException(403, "foreign_form")
    cookie = request.cookies.get(COOKIE, "")
    # As bytes: compare_digest takes only ASCII text.
    expected, given = form_token(request, cookie).encode(), token.encode("utf-8", "replace")
    if not cookie or not hmac.compare_digest(expected, given):
        raise HTTPException(403, "old_form")
