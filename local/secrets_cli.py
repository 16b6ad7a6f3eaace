"""`flowdrop secrets`: list, rotate and draw this folder's secrets."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from flowdrop.options import as_json_option
from flowdrop.ours import open_ours
from flowdrop.output import print_json, print_rows, say
from flowdrop.places import home
from flowdrop.secrets import NAME, PURPOSES, read


@click.group()
def secrets() -> None:
    """List and rotate the secrets of this folder; none is ever printed.

    Example: flowdrop secrets list
    """


@secrets.command("list")
@as_json_option()
def list_command(*, as_json: bool) -> None:
    """List what there are secrets for, and the ids they have had.

    Example: flowdrop secrets list --json
    """
    known = read(home())
    rows: list[dict[str, Any]] = [
        {
            "purpose": name,
            "current": known[name][-1].id if name in known else None,
            "kept": ", ".join(secret.id for secret in known.get(name, ())[:-1]),
            **{key: value for key, value in asdict(purpose).items() if key != "ring"},
        }
        for name, purpose in PURPOSES.items()
    ]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, title=f"Secrets in {home() / NAME}")


@secrets.command("env")
@click.argument("path", type=click.Path(path_type=Path), default=".env")
def env_command(*, path: Path) -> None:
    """Draw the secrets of docker-compose.yml into PATH (.env), which only you may read.

    A file that is there is left alone: what was encrypted or signed by its secrets needs them.

    Example: flowdrop secrets env
    """
    from local.secrets import COMPOSED, composed

    text = "".join(f"{name}={value}\n" for name, value in composed().items())
    try:
        descriptor = open_ours(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except OSError as error:
        raise click.ClickException(
            f"{path} was not written: {error.strerror}; name another file, or keep that one"
        ) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("# drawn by `flowdrop secrets env`, for docker compose\n" + text)
    say(f"{path}: {len(COMPOSED)} secrets, readable by you alone; `docker compose up` takes them")


@secrets.command("rotate")
@click.argument("purpose", type=click.Choice(list(PURPOSES)))
def rotate_command(*, purpose: str) -> None:
    """Draw a new secret for PURPOSE; what runs takes it at its next start.

    Example: flowdrop secrets rotate worker_web
    """
    from local.secrets import rotate

    if not read(home()):
        raise click.ClickException(f"{home()} has no secrets yet; `flowdrop up` makes them")
    drawn = rotate(home(), purpose)
    say(
        f"{purpose}: {drawn.id} is used from the next start on; what runs goes on with the one"
        " before, so commands and links may be refused until `flowdrop down` and `flowdrop up`"
    )
