"""The tag for pages: one script, which measures in the reader's browser what was in view.

`flowdrop.js` is served as it stands here, at a path that never changes.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

# A page asks again after an hour; meanwhile, and while it asks, it uses what it has.
CACHE_CONTROL = "public, max-age=3600, stale-while-revalidate=86400"


@cache
def script() -> bytes:
    """Return the script."""
    return Path(__file__).with_name("flowdrop.js").read_bytes()


@cache
def etag() -> str:
    """Return the name of the script's content, quoted as the header `ETag` has it."""
    return f'"{hashlib.sha256(script()).hexdigest()[:32]}"'


def headers() -> dict[str, str]:
    """Return the headers that the script is served with, to pages of every origin."""
    return {
        "Content-Type": "text/javascript; charset=utf-8",
        "Cache-Control": CACHE_CONTROL,
        "ETag": etag(),
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
