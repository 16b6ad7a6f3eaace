"""The reader's language: chosen by `?lang=`, kept by a cookie, otherwise the browser's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.i18n import LANGUAGES

if TYPE_CHECKING:
    from fastapi import Request

DEFAULT = "en"
COOKIE = "flowdrop_lang"


def language(request: Request) -> str:
    """Return the language for `request`: asked for, kept, or the browser's first that we have."""
    for asked in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return asked
    for wish in request.headers.get("accept-language", "").split(","):
        code = wish.strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return DEFAULT
