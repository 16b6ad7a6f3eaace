"""Frozen audiences: who was chosen, by which model and rule; read by the console's drops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import click

from sql.client import rows

if TYPE_CHECKING:
    from datetime import date, datetime

    from clickhouse_connect.driver.client import Client

LISTED = "listed"  # stands where a model's id does: no model chose them


class Member(NamedTuple):
    """One person of an audience."""

    person: str
    score: float | None  # the chance to redeem in the next campaign, 0 to 1; None: of a list
    rank: int  # 1 is the highest score, or the first of a list


@dataclass(frozen=True)
class Audience:
    """A frozen audience, without its members."""

    program: str
    name: str
    as_of: date
    model_id: str
    rule: str  # JSON: {"top": int | null, "min_score": float | null}, or {"listed": int}
    size: int  # members
    opted_out: int  # left out because their latest consent at as_of was a refusal
    fingerprint: str
    frozen_at: datetime

    @property
    def chosen_by(self) -> str:
        """Who chose its members, in words."""
        return "of a list" if self.model_id == LISTED else f"by {self.model_id}"


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
    found = [Member(**row) for row in rows(client, "features/audience_members", **values)]
    if one.model_id == LISTED:  # the table holds 0 for them
        return [member._replace(score=None) for member in found]
    return found
