"""The tag for pages: one script, which measures in the reader's browser what was in view.

`flowdrop.js` is served as it stands here, at a path that never changes.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

PATH = "/flowdrop.js"

# A page asks again after an hour; while it does it goes on with what it has.
CACHE_CONTROL = "public, max-age=3600, stale-while-revalidate=86400"


@cache
def script() -> bytes:
    """Return the script."""
    return Path(__file__).with_name("flowdrop.js").read_bytes()


@cache
def packed() -> bytes:
    """Return the script, packed by gzip."""
    return gzip.compress(script(), mtime=0)


@cache
def etag() -> str:
    """Return the name of the script's content, packed or not, as the header `ETag` has it."""
    return f'W/"{hashlib.sha256(script()).hexdigest()[:32]}"'


def headers() -> dict[str, str]:
    """Return the headers that the script is served with, to pages of every origin."""
    return {
        "Content-Type": "text/javascript; charset=utf-8",
        "Cache-Control": CACHE_CONTROL,
        "ETag": etag(),
        "Vary": "Accept-Encoding",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
