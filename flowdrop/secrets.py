"""The secrets of one folder: one for each purpose, in `FLOWDROP_HOME/secrets.json`.

`flowdrop up` generates them at random, once (`local/secrets.py`); every command of the folder reads
them here, as a layer of the settings. The file is a JSON object, purpose -> `{"id", "secret"}`, the
secret as 64 hexadecimal digits. A purpose that is a ring keeps a list, of which the last signs and
the earlier ones are still known: what was signed once can be checked after a rotation.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "secrets.json"


@dataclass(frozen=True)
class Secret:
    """One secret, and the id by which what it signed refers to it."""

    id: str
    secret: str


@dataclass(frozen=True)
class Purpose:
    """What a secret is for, and the setting it provides, if any."""

    told: str
    setting: str = ""
    ring: bool = False


PURPOSES = {
    "ledger": Purpose("signs legs between partitions", "ledger_keys", ring=True),
    "rules": Purpose("signs the programs' rules in the log", "rules_keys", ring=True),
    "draws": Purpose("draws who is held out of a drop", "drop_secret"),
    "engine_admin": Purpose("the engine's user that migrates"),
    "engine_feed": Purpose("the engine's user that writes"),
    "engine_read": Purpose("the engine's user that only reads"),
    "worker_web": Purpose("the token of the workers' web views", "worker_token"),
    "console": Purpose("the token of the console and its API", "console_token"),
    "airflow_admin": Purpose("the password of Airflow's user admin", "airflow_password"),
    "airflow_jwt": Purpose("signs what Airflow's tasks show its API"),
    "airflow_session": Purpose("signs the sessions of Airflow's pages"),
    "airflow_fernet": Purpose("encrypts what Airflow stores"),
}

Secrets = dict[str, tuple[Secret, ...]]


def read(home: Path) -> Secrets:
    """Return the secrets of `home` by purpose, the current one last; none before the first `up`.

    Raises:
        click.ClickException: when somebody else could have read or written them.
    """
    path = home / NAME
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise click.ClickException(
            f"{path} can't be read: {error.strerror}; it must be a file of your own, not a link"
        ) from error
    with os.fdopen(descriptor, encoding="ascii") as file:
        _expect_private(path, os.fstat(file.fileno()))
        return _parsed(path, file.read())


def current(secrets: Mapping[str, tuple[Secret, ...]], purpose: str) -> str:
    """Return the current secret for `purpose`.

    Raises:
        click.ClickException: when there is none.
    """
    if purpose not in secrets:
        raise click.ClickException(f"there is no secret for {purpose}; `flowdrop up` generates one")
    return secrets[purpose][-1].secret


def setting_values(secrets: Mapping[str, tuple[Secret, ...]]) -> dict[str, str]:
    """Return the secrets as settings: a ring as `id:secret,id:secret`."""
    values = {}
    for name, purpose in PURPOSES.items():
        if purpose.setting and name in secrets:
            ring = ",".join(f"{known.id}:{known.secret}" for known in secrets[name])
            values[purpose.setting] = ring if purpose.ring else current(secrets, name)
    return values


def as_json(secrets: Mapping[str, tuple[Secret, ...]]) -> str:
    """Return the text of the file."""
    plain = {
        name: [vars(secret) for secret in known] if PURPOSES[name].ring else vars(known[-1])
        for name, known in secrets.items()
    }
    return json.dumps(plain, indent=2) + "\n"


def _expect_private(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise click.ClickException(
            f"{path} is not yours alone; take back ownership and `chmod 600` it, and rotate what "
            "others may have read (`flowdrop secrets rotate PURPOSE`)"
        )


def _parsed(path: Path, text: str) -> Secrets:
    try:
        plain = json.loads(text)
        return {
            name: tuple(Secret(**one) for one in (known if purpose.ring else [known]))
            for name, purpose in PURPOSES.items()
            if (known := plain.get(name))
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise click.ClickException(
            f"{path} is not what flowdrop wrote ({type(error).__name__}); restore your copy"
        ) from error
