"""`flowdrop console`: serve the web console and REST API."""

from __future__ import annotations

import time

import click


@click.group("console", invoke_without_command=True, epilog="Example: flowdrop console --port 8000")
@click.option("--host", help="Address to bind to (default: the setting console_host).")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port (default: the setting console_port)."
)
@click.option(
    "--behind-proxy",
    "behind",
    metavar="NAME",
    help="Host name of the proxy with TLS in front of the console, if it is not bound to loopback "
    "(default: the setting console_behind).",
)
@click.option("--link", "as_link", is_flag=True, help="The same as `flowdrop console link`.")
@click.pass_context
def console(
    ctx: click.Context, host: str | None, port: int | None, behind: str | None, *, as_link: bool
) -> None:
    """Serve the web console and REST API until Ctrl-C.

    People sign in (`flowdrop console link` prints a link that makes the first administrator, and
    later signs them in); programs send a token as `Authorization: Bearer ...`. It has no TLS of its
    own, so it is reachable from elsewhere only through a proxy that has.
    """
    from console.settings import ConsoleSettings
    from console.web.serving import server
    from flowdrop.hosts import is_loopback
    from flowdrop.settings import load, needed

    if ctx.invoked_subcommand:
        return
    if as_link:
        ctx.invoke(link)
        return
    given = {"console_host": host, "console_port": port, "console_behind": behind}
    settings = load(ConsoleSettings).model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    needed(settings.console_token, "console_token")
    if not is_loopback(settings.console_host) and not settings.console_behind:
        raise click.ClickException(
            f"the console binds to loopback only, not to {settings.console_host}: passwords would "
            "cross the network in the clear; put a proxy with TLS in front of it and name it with "
            "--behind-proxy NAME"
        )
    if not settings.sign_in and (settings.console_behind or not is_loopback(settings.console_host)):
        raise click.ClickException(
            "sign_in: without it whoever gets a link may do everything, so it may be false on "
            "loopback only, not behind a proxy; leave FLOWDROP_SIGN_IN unset"
        )
    server(settings).run()


@console.command("link", epilog="Example: flowdrop console link")
@click.option(
    "--for",
    "who",
    default="",
    metavar="EMAIL",
    help="Whom it signs in (default: the first administrator).",
)
def link(who: str = "") -> None:
    """Print a link into the running console: it works once, for a quarter of an hour.

    The first one makes the administrator; whoever may read this folder's secrets may make more.
    """
    from console.settings import ConsoleSettings
    from flowdrop import entry
    from flowdrop.settings import Addresses, load, needed

    token = needed(load(ConsoleSettings).console_token, "console_token")
    click.echo(entry.link(load(Addresses).console, token, time.time(), who))
