"""Who may use a worker's web views: whoever has the token; and how long connections may idle.

Open to everyone are only the views that name nobody: `/healthz`, `/readyz` and `/metrics`, which
probes and Prometheus ask without a secret.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import faust

OPEN = frozenset({"/healthz", "/readyz", "/metrics"})
# A connection that has sent no complete request for this long is closed, whether it is new,
# half-open or between two requests.
IDLE_SECONDS_MAX = 15
CONNECTIONS_MAX = 512


def options(token: str) -> dict[str, Any]:
    """Return the options of the web application; with an empty `token` (tests) none is required."""
    return {
        "middlewares": [_asks_for(token)] if token else [],
        "handler_args": {"keepalive_timeout": IDLE_SECONDS_MAX, "lingering_time": 2.0},
        "client_max_size": 64 * 1024,
    }


def _asks_for(token: str) -> Any:
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def ask(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        # As bytes: compare_digest takes only ASCII text.
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if request.path in OPEN or hmac.compare_digest(given, expected):
            return await handler(request)
        return web.json_response(
            {"error": "this view requires the workers' token: Authorization: Bearer ..."},
            status=401,
            headers={"WWW-Authenticate": "Bearer"},
        )

    return ask


def bound(app: faust.App) -> None:
    """Make `app`'s web server close the oldest connection when there are too many."""

    async def watch() -> None:
        keep_room(app.web._runner.server)  # noqa: SLF001 - checked with what is private

    app.task(watch)


def keep_room(server: web.Server) -> None:
    """Make `server` close its oldest connection for each one over `CONNECTIONS_MAX`."""
    made, lost = server.connection_made, server.connection_lost
    known: dict[Any, None] = {}  # the oldest first

    def connection_made(handler: Any, transport: Any) -> None:
        made(handler, transport)
        known[handler] = None
        if len(known) > CONNECTIONS_MAX:
            oldest = next(iter(known))
            del known[oldest]
            oldest.force_close()

    def connection_lost(handler: Any, exc: Any = None) -> None:
        known.pop(handler, None)
        lost(handler, exc)

    server.connection_made = connection_made  # type: ignore[method-assign]
    server.connection_lost = connection_lost  # type: ignore[method-assign]
