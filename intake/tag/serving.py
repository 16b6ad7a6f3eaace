"""Serves the script: once an hour to each browser, and then mostly as "still the same"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import Response

from intake.tag import etag, headers, packed, script

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request for the script."""
    await _response(scope["method"], Headers(scope=scope))(scope, receive, send)


def _response(method: str, asked: Headers) -> Response:
    if method not in {"GET", "HEAD"}:
        return Response(status_code=405, headers={"Allow": "GET, HEAD"})
    if etag() in asked.get("if-none-match", ""):
        return Response(status_code=304, headers=headers())
    if "gzip" in asked.get("accept-encoding", ""):
        return Response(packed(), headers={**headers(), "Content-Encoding": "gzip"})
    return Response(script(), headers=headers())
