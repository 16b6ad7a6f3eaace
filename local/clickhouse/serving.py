"""The process: engine and HTTP server from start to clean end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import uvicorn

from flowdrop.listening import IDLE_SECONDS_MAX, Impatient
from local.clickhouse.engine import Engine, Limits
from local.clickhouse.errors import EngineError
from local.clickhouse.server import LOOPBACK, Server

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from local.clickhouse.users import Users

GRACE_SECONDS = 2  # for requests running when the end comes; then they are cancelled


class _Uvicorn(uvicorn.Server):
    """uvicorn that says when it is ready, and cancels reads before it waits for them."""

    def __init__(self, config: uvicorn.Config, server: Server, ready: str) -> None:
        super().__init__(config)
        self._server = server
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        click.echo(self._ready)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cancel reads, then wait for the rest."""
        self._server.stop()
        await super().shutdown(sockets)


def serve(
    listener: socket.socket, path: Path, limits: Limits, users: Users, hosts: frozenset[str]
) -> None:
    """Serve the engine on `path` at `listener` until a signal ends the process.

    Args:
        listener: a bound socket.
        path: folder of the data.
        limits: of what queries may use.
        users: who may ask.
        hosts: by which names.

    Raises:
        click.ClickException: when the engine cannot open the folder.
    """
    try:
        engine = Engine(path, limits)
    except (EngineError, RuntimeError, OSError) as error:
        raise click.ClickException(f"the engine cannot open {path}: {error}") from error
    server = Server(engine, users, LOOPBACK | hosts)
    config = uvicorn.Config(
        server,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        http=Impatient,
        timeout_keep_alive=IDLE_SECONDS_MAX,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    host, port = listener.getsockname()[:2]
    ready = f"ClickHouse {engine.version} (chDB) at http://{host}:{port}, data in {path}"
    try:
        _Uvicorn(config, server, ready).run(sockets=[listener])
    finally:
        engine.close()
