"""Versions of a label, and which of them is its champion: two logs to which rows are only added."""

from __future__ import annotations

import getpass
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import click

from sql.client import rows

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

Kind = Literal["response", "uplift"]
Action = Literal["promote", "rollback"]

RESPONSE_LABEL = "redeem"
"""The label of models of who redeems."""


@dataclass(frozen=True)
class Version:
    """A model that is a version of a label."""

    program: str
    label: str
    version: int
    model_id: str
    kind: Kind
    sha256: str
    registered_by: str
    registered_at: datetime


@dataclass(frozen=True)
class Promotion:
    """A change of a label's champion."""

    program: str
    label: str
    number: int
    action: Action
    version: int
    model_id: str
    promoted_by: str
    why: str
    forced: bool
    promoted_at: datetime


def versions(client: Client, program: str = "", label: str = "") -> list[Version]:
    """Return the versions of a label, or of all, oldest first."""
    found = rows(client, "features/model_versions", program=program, label=label)
    return [Version(**one) for one in found]


def promotions(client: Client, program: str = "", label: str = "") -> list[Promotion]:
    """Return the changes of a label's champion, or of all, in order."""
    found = rows(client, "features/model_promotions", program=program, label=label)
    return [Promotion(**one | {"forced": bool(one["forced"])}) for one in found]


def add_version(
    client: Client, program: str, label: str, model_id: str, kind: Kind, sha256: str
) -> tuple[Version, bool]:
    """Make a model the next version of a label, unless it is one already.

    Returns:
        The version, and whether it is new.

    Raises:
        click.ClickException: when the label's versions are of another kind.
    """
    known = versions(client, program, label)
    for one in known:
        if (one.model_id, one.sha256) == (model_id, sha256):
            return one, False
    if known and known[0].kind != kind:
        raise click.ClickException(
            f"label {label!r} of program {program!r} has models of {known[0].kind}, and "
            f"{model_id} is one of {kind}; choose another label"
        )
    number = max((one.version for one in known), default=0) + 1
    made = Version(
        program, label, number, model_id, kind, sha256, getpass.getuser(), datetime.now(UTC)
    )
    _insert(client, "model_versions", made)
    return made, True


def add_promotion(
    client: Client, version: Version, action: Action, why: str, *, forced: bool
) -> Promotion:
    """Make a version its label's champion from here on."""
    known = promotions(client, version.program, version.label)
    made = Promotion(
        program=version.program,
        label=version.label,
        number=max((one.number for one in known), default=0) + 1,
        action=action,
        version=version.version,
        model_id=version.model_id,
        promoted_by=getpass.getuser(),
        why=why,
        forced=forced,
        promoted_at=datetime.now(UTC),
    )
    _insert(client, "model_promotions", made)
    return made


def version_of(client: Client, program: str, label: str, number: int | None = None) -> Version:
    """Return a version of a label; without a number, its newest.

    Raises:
        click.ClickException: when there is none; the message names those that exist.
    """
    known = versions(client, program, label)
    if not known:
        labels = sorted({one.label for one in versions(client, program)})
        there = f"there are {', '.join(labels)}" if labels else "there is none yet"
        raise click.ClickException(
            f"program {program!r} has no version of label {label!r}, {there}; make a model one "
            f"with `flowdrop models register MODEL --label {label}`"
        )
    for one in known:
        if one.version == (known[-1].version if number is None else number):
            return one
    raise click.ClickException(
        f"label {label!r} has no version {number}; it has 1 to {known[-1].version}"
    )


def champion(client: Client, program: str, label: str) -> Version | None:
    """Return the version that is a label's champion, or nothing before its first promotion."""
    known = promotions(client, program, label)
    return version_of(client, program, label, known[-1].version) if known else None


def before(client: Client, program: str, label: str) -> Version:
    """Return the champion before the present one, as if what was rolled back had never been.

    Raises:
        click.ClickException: when there was none.
    """
    reigns: list[int] = []
    for one in promotions(client, program, label):
        if one.action == "rollback":
            reigns.pop()
        else:
            reigns.append(one.version)
    if len(reigns) < 2:  # noqa: PLR2004 - the present one and one before
        raise click.ClickException(
            f"label {label!r} of program {program!r} has no champion before "
            f"{'version ' + str(reigns[0]) if reigns else 'this, or any'}; promote another version "
            f"with `flowdrop models promote {label} --version N`"
        )
    return version_of(client, program, label, reigns[-2])


def _insert(client: Client, table: str, row: Version | Promotion) -> None:
    values = asdict(row)
    client.insert(table, [list(values.values())], column_names=list(values))
