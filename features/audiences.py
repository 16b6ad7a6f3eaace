"""Frozen audiences: who was chosen, by which model and rule; read by the console's drops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import click

from sql.client import rows

if TYPE_CHECKING:
    from datetime import date, datetime

    from clickhouse_connect.driver.client import Client


class Member(NamedTuple):
    """One person of an audience."""

    person: str
    score: float  # the chance to redeem in the next campaign, 0 to 1
    rank: int  # 1 is the highest score


@dataclass(frozen=True)
class Audience:
    """A frozen audience, without its members."""

    program: str
    name: str
    as_of: date
    model_id: str
    rule: str  # JSON: {"top": int | null, "min_score": float | null}
    size: int  # members
    opted_out: int  # left out because their latest consent at as_of was a refusal
    fingerprint: str
    frozen_at: datetime


def audiences(client: Client) -> list[Audience]:
    """Return every frozen audience, newest first."""
    return [Audience(**row) for row in rows(client, "features/audience_list")]


def audience(client: Client, program: str, name: str) -> Audience:
    """Return the frozen audience `name` of `program`; names are per program.

    Raises:
        click.ClickException: when there is none; the message lists those that exist.
    """
    known = [one for one in audiences(client) if one.program == program]
    for one in known:
        if one.name == name:
            return one
    names = ", ".join(one.name for one in known[:5]) or "none yet"
    raise click.ClickException(
        f"audience {name!r} is not frozen for program {program!r}; there are: {names}; "
        f"freeze it with `flowdrop audience freeze {name} --as-of DATE`"
    )


def members(client: Client, program: str, name: str) -> list[Member]:
    """Return the members of the frozen audience `name` of `program` by rank, best first.

    Raises:
        click.ClickException: when there is no such audience.
    """
    one = audience(client, program, name)
    values = {"program": program, "audience": name, "fingerprint": one.fingerprint}
    found = rows(client, "features/audience_members", **values)
    return [Member(**row) for row in found]
