"""Serve the ClickHouse engine of this machine over HTTP, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import click

MIB = 1024 * 1024


@click.command(context_settings={"show_default": True})
@click.option("--port", type=int, default=8123, help="Port of the HTTP interface; 0 takes any.")
@click.option("--host", default="127.0.0.1", help="Address to listen on; there are no passwords.")
@click.option(
    "--path", type=click.Path(file_okay=False, path_type=Path), required=True,
    help="Folder of the data; made if missing, kept at the end.",
)  # fmt: skip
@click.option("--memory-mb", type=int, default=2048, help="What all queries together may use.")
@click.option("--result-mb", type=int, default=512, help="Largest result that cannot stream.")
@click.option("--request-mb", type=int, default=4096, help="Largest request, decoded.")
@click.option("--queries", type=int, default=64, help="Queries at work at once.")
def main(
    *,
    port: int,
    host: str,
    path: Path,
    memory_mb: int,
    result_mb: int,
    request_mb: int,
    queries: int,
) -> None:
    """Serve the ClickHouse engine (chDB) on a folder, by ClickHouse's HTTP interface.

    Example: python -m local.clickhouse --port 8123 --path .flowdrop/clickhouse
    """
    os.environ["TZ"] = "UTC"  # the engine's time zone is the process's; a server's default is UTC
    # SIGTERM is a clean end: uvicorn stops, then raises the signal again for this handler.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    listener = _listen(host, port)
    # Here, because chDB takes the time zone when it is imported.
    from local.clickhouse.engine import Limits
    from local.clickhouse.serving import serve

    serve(listener, path, Limits(queries, memory_mb * MIB, result_mb * MIB, request_mb * MIB))


def _listen(host: str, port: int) -> socket.socket:
    """Bind first: a taken port is found before an engine is started on the folder."""
    try:
        return socket.create_server((host, port), backlog=256)
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {host}:{port}: {error.strerror}; stop what uses it or choose "
            "another --port"
        ) from error


if __name__ == "__main__":
    main()
