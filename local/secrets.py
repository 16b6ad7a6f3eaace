"""Makes the secrets of one folder, once, at random; `flowdrop secrets` lists and rotates them.

They are never printed. A process that runs keeps those it began with: after a rotation it has to be
started again.
"""

from __future__ import annotations

import base64
import os
import secrets as random_bytes
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from flowdrop import entry
from flowdrop.ours import open_ours
from flowdrop.output import print_json, print_rows, say
from flowdrop.places import home
from flowdrop.secrets import NAME, PURPOSES, Secret, Secrets, as_json, current, read
from flowdrop.settings import Addresses, load
from local.environment import exclusive, write_whole

SIZE_BYTES = 32
# The variables of docker-compose.yml that it does not start without.
COMPOSED = (
    "CLICKHOUSE_ADMIN_PASSWORD",
    "CLICKHOUSE_FEED_PASSWORD",
    "CLICKHOUSE_READ_PASSWORD",
    "POSTGRES_PASSWORD",
    "AIRFLOW_DATABASE_PASSWORD",
    "AIRFLOW_PASSWORD",
    "AIRFLOW_JWT_SECRET",
    "AIRFLOW_SESSION_SECRET",
    "AIRFLOW_FERNET_KEY",
    "FLOWDROP_LEDGER_KEYS",
    "FLOWDROP_RULES_KEYS",
    "FLOWDROP_DROP_SECRET",
    "FLOWDROP_WORKER_TOKEN",
    "FLOWDROP_CONSOLE_TOKEN",
)
RINGS = ("FLOWDROP_LEDGER_KEYS", "FLOWDROP_RULES_KEYS")


def make(place: Path) -> Secrets:
    """Return the secrets of `place`, drawing those that it does not have yet."""
    with exclusive(place / "run" / "secrets.lock"):
        known = read(place)
        missing = {name: (_draw("k1"),) for name in PURPOSES if name not in known}
        if missing:
            _write(place, known | missing)
        return known | missing


def console_link(place: Path) -> str:
    """Return a link that lets a browser into the console of `place`."""
    return entry.link(load(Addresses).console, current(read(place), "console"), time.time())


def rotate(place: Path, purpose: str) -> Secret:
    """Draw a new secret for `purpose`; a ring keeps the ones before it."""
    with exclusive(place / "run" / "secrets.lock"):
        known = read(place)
        before = known.get(purpose, ())
        last = int(before[-1].id.removeprefix("k")) if before else 0
        drawn = _draw(f"k{last + 1}")
        kept = before if PURPOSES[purpose].ring else ()
        _write(place, known | {purpose: (*kept, drawn)})
        return drawn


def _draw(name: str) -> Secret:
    return Secret(name, random_bytes.token_hex(SIZE_BYTES))


def _write(place: Path, known: Secrets) -> None:
    write_whole(place / NAME, as_json(known), mode=0o600)


@click.group()
def secrets() -> None:
    """List and rotate the secrets of this folder; none is ever printed.

    Example: flowdrop secrets list
    """


@secrets.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
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


def composed() -> dict[str, str]:
    """Draw what docker-compose.yml asks for: one secret for each variable."""
    drawn = {name: _draw("k1").secret for name in COMPOSED}
    rings = {name: f"k1:{drawn[name]}" for name in RINGS}
    key = bytes.fromhex(drawn["AIRFLOW_FERNET_KEY"])
    return drawn | rings | {"AIRFLOW_FERNET_KEY": base64.urlsafe_b64encode(key).decode()}


@secrets.command("env")
@click.argument("path", type=click.Path(path_type=Path), default=".env")
def env_command(*, path: Path) -> None:
    """Draw the secrets of docker-compose.yml into PATH (.env), which only you may read.

    A file that is there is left alone: what was encrypted or signed by its secrets needs them.

    Example: flowdrop secrets env
    """
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
    if not read(home()):
        raise click.ClickException(f"{home()} has no secrets yet; `flowdrop up` makes them")
    drawn = rotate(home(), purpose)
    say(
        f"{purpose}: {drawn.id} is used from the next start on; what runs goes on with the one"
        " before, so commands and links may be refused until `flowdrop down` and `flowdrop up`"
    )
