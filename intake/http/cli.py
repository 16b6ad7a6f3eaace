"""`flowdrop intake`: take events by HTTP, and make the keys with which they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

import click

from flowdrop.options import as_json_option

if TYPE_CHECKING:
    from intake.http.keys import Key, KeyFile

RATE = 1_000
DAYS, DAYS_MAX = 365, 3_650


@click.group()
def intake() -> None:
    """Take events by HTTP; make the keys with which they are sent.

    Example: flowdrop intake keys create --source shop --type campaign.conversion
    """


@intake.command(epilog="Example: flowdrop intake serve --port 8088")
@click.option("--host", help="Address to bind to; setting intake_host.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; setting intake_port.")
@click.option(
    "--behind-proxy",
    "behind",
    metavar="NAME",
    help="The host name of what guards the intake, where it is not bound to loopback; setting "
    "intake_behind.",
)
def serve(host: str | None, port: int | None, behind: str | None) -> None:
    """Take events by HTTP until Ctrl-C.

    It has no TLS of its own, and keys travel with each request: so it refuses to be reached from
    elsewhere unless something in front of it is named that has.
    """
    from flowdrop.hosts import is_loopback
    from flowdrop.settings import Addresses, load
    from intake.http.keys import KeyFile
    from intake.http.serving import server
    from intake.http.settings import IntakeSettings
    from streams.events import CAMPAIGN_TOPIC, WALLET_TOPIC
    from streams.kafka.publish import require_topics

    given = {"intake_host": host, "intake_port": port, "intake_behind": behind}
    settings = load(IntakeSettings).model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    if not is_loopback(settings.intake_host) and not settings.intake_behind:
        raise click.ClickException(
            f"the intake binds to loopback only, not to {settings.intake_host}: keys would travel "
            "in the clear; name what guards it there, and has TLS, by --behind-proxy NAME"
        )
    KeyFile(settings.intake_keys).read()  # a fault of theirs is said now
    require_topics(load(Addresses).kafka, settings.partitions, WALLET_TOPIC, CAMPAIGN_TOPIC)
    server(settings).serve_until_told()


@intake.group()
def keys() -> None:
    """Make, list and revoke the keys with which events are sent.

    Example: flowdrop intake keys list
    """


@keys.command(
    epilog="Example: flowdrop intake keys create --source shop --type campaign.conversion"
)
@click.option("--source", required=True, help="The source that all its events have.")
@click.option(
    "--type",
    "types",
    multiple=True,
    metavar="TYPE",
    help="A type that it may send, such as campaign.conversion, or several such as 'person.*'; may "
    "be repeated. What moves coins is named type by type.",
)
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="URL",
    help="Make it publishable: for pages of this origin, which may send exposures and clicks; may "
    "be repeated.",
)
@click.option(
    "--feed",
    default="",
    metavar="NAME",
    help="Make it the key by which a webhook signs what it sends to /v1/feeds/NAME.",
)
@click.option(
    "--header",
    default="X-Signature",
    show_default=True,
    help="The header in which a webhook's signature comes.",
)
@click.option(
    "--secret-file",
    type=click.File(),
    help="A file (- for standard input) with the secret that the webhook signs with already; "
    "otherwise one is drawn.",
)
@click.option(
    "--rate",
    type=click.IntRange(1, 10_000_000),
    default=RATE,
    show_default=True,
    help="Events a second at most.",
)
@click.option(
    "--days",
    type=click.IntRange(1, DAYS_MAX),
    default=DAYS,
    show_default=True,
    help="Days until it expires.",
)
@as_json_option()
def create(  # noqa: PLR0913 - its options
    source: str,
    types: tuple[str, ...],
    origins: tuple[str, ...],
    feed: str,
    header: str,
    secret_file: TextIO | None,
    rate: int,
    days: int,
    *,
    as_json: bool,
) -> None:
    """Make a key, and show it this once: but for one that signs, only its hash is kept."""
    from flowdrop.output import echo, print_json, say
    from intake.http.keys import Wish, draw, now

    wish = Wish(
        source=source,
        types=types,
        days=days,
        events_per_second=rate,
        origins=origins,
        feed=feed,
        header=header if feed else "",
        secret=_secret_in(secret_file) if feed and secret_file is not None else "",
    )
    key, token = draw(wish, now())
    _file().add(key)
    if as_json:
        print_json({**_row(key), "key": token})
        return
    echo(token)
    say(
        f"{key.id}: {key.kind}, source {key.source}, {rate:,} events a second, until "
        f"{key.expires:%Y-%m-%d}; this is the only time that it is shown"
    )


@keys.command("list", epilog="Example: flowdrop intake keys list --json")
@as_json_option()
def list_keys(*, as_json: bool) -> None:
    """List the keys, without what is secret of them."""
    from flowdrop.output import print_json, print_rows

    rows = [_row(key) for key in _file().read()]
    if as_json:
        print_json(rows)
    else:  # the rest, such as origins and rates, is in --json
        none = "none yet; `flowdrop intake keys create`"
        print_rows([_shown(row) for row in rows], title="Keys of the intake", empty=none)


@keys.command(epilog="Example: flowdrop intake keys revoke key-5ee1c0de")
@click.argument("key_id", metavar="ID")
@as_json_option()
def revoke(key_id: str, *, as_json: bool) -> None:
    """Have a key be good for nothing; a running intake knows within a second."""
    from flowdrop.output import echo, print_json
    from intake.http.keys import now

    key = _file().revoke(key_id, now())
    if as_json:
        print_json(_row(key))
    else:
        echo(f"{key.id} of {key.source} is revoked")


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return what fits a terminal of a key; types by the names that `--type` takes."""
    types = [name.removeprefix("flowdrop.") for name in row["types"]]
    return {
        **{name: row[name] for name in ("id", "kind", "source")},
        "types": ", ".join(types),
        "expires": f"{row['expires']:%Y-%m-%d}",
        "state": row["state"],
    }


def _file() -> KeyFile:
    from flowdrop.settings import load
    from intake.http.keys import KeyFile
    from intake.http.settings import IntakeSettings

    return KeyFile(load(IntakeSettings).intake_keys)


def _secret_in(file: TextIO) -> str:
    if not (secret := file.read().strip()):
        raise click.ClickException(f"--secret-file {file.name} is empty; leave it out to draw one")
    return secret


def _row(key: Key) -> dict[str, Any]:
    from intake.http.keys import now

    return {
        "id": key.id,
        "kind": key.kind,
        "source": key.source,
        "types": list(key.types),
        "origins": list(key.origins),
        "feed": key.feed,
        "events_per_second": key.events_per_second,
        "created": key.created,
        "expires": key.expires,
        "state": key.state(now()),
    }
