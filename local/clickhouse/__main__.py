"""Serve the ClickHouse engine of this machine over HTTP, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import click

from local.clickhouse.users import Users, passwords

MIB = 1024 * 1024


@click.command(context_settings={"show_default": True})
@click.option("--port", type=int, default=8123, help="Port of the HTTP interface; 0 takes any.")
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option(
    "--path", type=click.Path(file_okay=False, path_type=Path), required=True,
    help="Folder of the data; created if missing, kept at the end.",
)  # fmt: skip
@click.option(
    "--memory-mb", type=int, default=2048, help="Memory that all queries together may use."
)
@click.option("--result-mb", type=int, default=512, help="Largest result that cannot stream.")
@click.option("--request-mb", type=int, default=4096, help="Largest request, decoded.")
@click.option("--queries", type=int, default=64, help="Queries running at once, of all users.")
@click.option("--waiting", type=int, default=64, help="Queries of a user that may wait.")
@click.option("--called", multiple=True, help="Host name that requests may use for this server.")
def main(
    *,
    port: int,
    host: str,
    path: Path,
    called: tuple[str, ...],
    **sizes: int,
) -> None:
    """Serve the ClickHouse engine (chDB) on a folder, over ClickHouse's HTTP interface.

    The passwords of its users admin, feed and read come from the environment, in
    FLOWDROP_ENGINE_ADMIN, FLOWDROP_ENGINE_FEED and FLOWDROP_ENGINE_READ.

    Example: python -m local.clickhouse --port 8123 --path .flowdrop/clickhouse
    """
    os.environ["TZ"] = "UTC"  # the engine's time zone is the process's; a server's default is UTC
    # SIGTERM is a clean end: uvicorn stops, then raises the signal again for this handler.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    try:
        users = Users(passwords())
    except KeyError as error:
        raise click.ClickException(
            f"{error.args[0]} is not set: the engine answers nobody without a password; `flowdrop "
            "up` generates them"
        ) from error
    listener = _listen(host, port)
    # Here, because chDB takes the time zone when it is imported.
    from local.clickhouse.engine import Limits
    from local.clickhouse.serving import serve

    limits = Limits(
        queries=sizes["queries"],
        waiting=sizes["waiting"],
        memory_bytes=sizes["memory_mb"] * MIB,
        result_bytes=sizes["result_mb"] * MIB,
        request_bytes=sizes["request_mb"] * MIB,
    )
    serve(listener, path, limits, users, frozenset(name.lower() for name in called))


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
