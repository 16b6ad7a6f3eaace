"""`flowdrop console`: serve the web console and REST API."""

from __future__ import annotations

import time

import click


@click.command("console", epilog="Example: flowdrop console --port 8000")
@click.option("--host", help="Address to bind to; setting console_host.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; setting console_port.")
@click.option(
    "--behind-proxy",
    "behind",
    metavar="NAME",
    help="The host name of what guards the console, where it is not bound to loopback; setting "
    "console_behind.",
)
@click.option("--link", is_flag=True, help="Print a link into the running console, and end.")
def console(host: str | None, port: int | None, behind: str | None, *, link: bool) -> None:
    """Serve the web console and REST API until Ctrl-C.

    It asks who is there: a browser comes in by a link, a program shows the token (setting
    console_token) as `Authorization: Bearer ...`. There are no users and roles yet, so that it
    refuses to be reached from elsewhere unless something in front of it asks who that is.
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
            "and roles yet; name what guards it there by --behind-proxy NAME"
        )
    server(settings).run()
