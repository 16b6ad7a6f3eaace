"""The intake as an HTTP server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import uvicorn

from flowdrop.listening import IDLE_SECONDS_MAX, Impatient
from intake.http.app import create_app
from intake.http.limits import ACKNOWLEDGE_SECONDS_MAX

if TYPE_CHECKING:
    from intake.http.settings import IntakeSettings


def server(settings: IntakeSettings) -> Server:
    """Return the server of the intake, to be run."""
    return Server(settings)


class Server(uvicorn.Server):
    """Serves the intake until it is told to stop, or can't go on."""

    def __init__(self, settings: IntakeSettings) -> None:
        self.ended = ""
        super().__init__(
            uvicorn.Config(
                create_app(settings, self._end),
                host=settings.intake_host,
                port=settings.intake_port,
                http=Impatient,
                ws="none",
                lifespan="on",
                proxy_headers=False,
                timeout_keep_alive=IDLE_SECONDS_MAX,
                timeout_graceful_shutdown=int(ACKNOWLEDGE_SECONDS_MAX) + 1,
                log_level="info",
                access_log=False,
                server_header=False,
            )
        )

    def serve_until_told(self) -> None:
        """Run.

        Raises:
            click.ClickException: when it ended because Kafka takes nothing of it.
        """
        self.run()
        if self.ended:
            raise click.ClickException(self.ended)

    def _end(self, words: str) -> None:
        self.ended = words
        self.should_exit = True
