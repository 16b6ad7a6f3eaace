"""`flowdrop console`: serve the web console and REST API."""

from __future__ import annotations

import time

import click


@click.command("console", epilog="Example: flowdrop console --port 8000")
@click.option("--host", help="Address to bind to (default: the setting console_host).")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port (default: the setting console_port)."
)
@click.option(
    "--behind-proxy",
    "behind",
    metavar="NAME",
    help="Host name of what guards the console, if it is not bound to loopback (default: the "
    "setting console_behind).",
)
@click.option("--link", is_flag=True, help="Print a link into the running console, and exit.")
def console(host: str | None, port: int | None, behind: str | None, *, link: bool) -> None:
    """Serve the web console and REST API until Ctrl-C.

    It requires authentication: a browser signs in with a link, a program sends the token (setting
    console_token) as `Authorization: Bearer ...`. There are no users and roles yet, so it refuses
    to be reachable from elsewhere unless something in front of it authenticates people.
    """
    from console.settings import ConsoleSettings
    from console.web.serving import server
    from flowdrop import entry
    from flowdrop.hosts import is_loopback
    from flowdrop.settings import Addresses, load, needed

    given = {"console_host": host, "console_port": port, "console_behind": behind}
    settings = load(ConsoleSettings).model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    token = needed(settings.console_token, "console_token")
    if link:
        click.echo(entry.link(load(Addresses).console, token, time.time()))
        return
    if not is_loopback(settings.console_host) and not settings.console_behind:
        raise click.ClickException(
            f"the console binds to loopback only, not to {settings.console_host}: it has no users "
            "and roles yet; name what guards it there with --behind-proxy NAME"
        )
    server(settings).run()
