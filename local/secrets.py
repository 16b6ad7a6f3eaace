"""Generates the secrets of one folder, once, at random; `flowdrop secrets` lists and rotates them.

They are never printed. A running process keeps those it began with: after a rotation it has to be
restarted.
"""

from __future__ import annotations

import base64
import secrets as random_bytes
import time
from typing import TYPE_CHECKING

from flowdrop import entry
from flowdrop.secrets import NAME, PURPOSES, Secret, Secrets, as_json, current, read
from flowdrop.settings import Addresses, load
from local.environment import exclusive, write_whole

if TYPE_CHECKING:
    from pathlib import Path

SIZE_BYTES = 32
# The variables that docker-compose.yml does not start without.
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
    """Return the secrets of `place`, generating those that it does not have yet."""
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
    """Generate a new secret for `purpose`; a ring keeps the earlier ones."""
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


def composed() -> dict[str, str]:
    """Generate what docker-compose.yml requires: one secret for each variable."""
    drawn = {name: _draw("k1").secret for name in COMPOSED}
    rings = {name: f"k1:{drawn[name]}" for name in RINGS}
    key = bytes.fromhex(drawn["AIRFLOW_FERNET_KEY"])
    return drawn | rings | {"AIRFLOW_FERNET_KEY": base64.urlsafe_b64encode(key).decode()}
