"""The console as an HTTP server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

from console.web.app import create_app
from flowdrop.listening import IDLE_SECONDS_MAX, Impatient

if TYPE_CHECKING:
    from console.settings import ConsoleSettings


def server(settings: ConsoleSettings) -> uvicorn.Server:
    """Return the server of the console, to be run."""
    return uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            host=settings.console_host,
            port=settings.console_port,
            http=Impatient,
            timeout_keep_alive=IDLE_SECONDS_MAX,
            log_level="info",
            access_log=False,
            server_header=False,
        )
    )
