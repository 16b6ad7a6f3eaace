"""Freezing an audience: the best scored people, less everyone who opted out; never changed."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from features.audiences import LISTED, Audience, Member, audiences
from flowdrop.output import json_text
from sql.client import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True)
class Rule:
    """Whom to choose: the `top` best, and none below `min_score`."""

    top: int | None = None
    min_score: float | None = None


def choose(
    scored: list[tuple[str, float]], refused: set[str], rule: Rule
) -> tuple[list[Member], int]:
    """Choose members by `rule` from people and scores, best first.

    Returns:
        The members, and how many people the rule would have chosen who opted out.
    """
    members: list[Member] = []
    opted_out = 0
    for person, score in scored:
        full = rule.top is not None and len(members) >= rule.top
        if full or (rule.min_score is not None and score < rule.min_score):
            break
        if person in refused:
            opted_out += 1
        else:
            members.append(Member(person, score, len(members) + 1))
    return members, opted_out


def freeze(
    client: Client, name: str, as_of: date, program: str, rule: Rule
) -> tuple[Audience, bool]:
    """Freeze the audience `name` of `program` from the scores of `as_of`.

    Returns:
        The audience, and whether it was frozen now; the same content again changes nothing.

    Raises:
        click.ClickException: when there are no scores, nobody is chosen, or the name is taken by
        different content.
    """
    _check(name, rule)
    scored = rows(client, "features/scored", as_of=as_of, program=program)
    if not scored:
        raise click.ClickException(
            f"nobody of program {program!r} is scored for {as_of}; score them with "
            f"`flowdrop audience score --as-of {as_of}`"
        )
    refused = {row["person"] for row in rows(client, "features/opted_out", as_of=as_of)}
    members, opted_out = choose([(row["person"], row["score"]) for row in scored], refused, rule)
    if not members:
        raise click.ClickException(
            f"audience {name!r} would be empty: of {len(scored)} scored, the highest "
            f"{scored[0]['score']:.4f}, nobody fits {_told(rule)}"
        )
    new = _described(program, name, as_of, scored[0]["model_id"], _told(rule), members, opted_out)
    return _kept(client, new, members)


def freeze_listed(
    client: Client, name: str, as_of: date, program: str, people: Sequence[str]
) -> tuple[Audience, bool]:
    """Freeze the audience `name` of `program` from a list of people, in its order, unscored.

    People whose latest consent before `as_of` was a refusal are left out, as in `freeze`.

    Returns:
        The audience, and whether it was frozen now; the same content again changes nothing.

    Raises:
        click.ClickException: when nobody is left, or the name is taken by another content.
    """
    _check_name(name)
    refused = {row["person"] for row in rows(client, "features/opted_out", as_of=as_of)}
    asked = [person for person in dict.fromkeys(people) if person not in refused]
    opted_out = len(set(people)) - len(asked)
    if not asked:
        raise click.ClickException(
            f"audience {name!r} would be empty: {len(set(people))} of the listed ids are known, "
            f"and {opted_out} of these people opted out; list others, or name their kind by --type"
        )
    members = [Member(person, 0.0, rank) for rank, person in enumerate(asked, 1)]
    rule = json_text({"listed": len(set(people))})
    new = _described(program, name, as_of, LISTED, rule, members, opted_out)
    return _kept(client, new, members)


def _kept(client: Client, new: Audience, members: list[Member]) -> tuple[Audience, bool]:
    """Store an audience, or return the one there is with the same content."""
    name = new.name
    old = next(
        (one for one in audiences(client) if (one.program, one.name) == (new.program, name)), None
    )
    if old is None:
        _store(client, new, members)
        return new, True
    if old.fingerprint != new.fingerprint:
        raise click.ClickException(
            f"audience {name!r} is frozen since {old.frozen_at:%Y-%m-%d %H:%M} with different "
            f"content: {old.size} people as of {old.as_of}, {old.model_id}, {old.rule}; choose "
            "another name"
        )
    return old, False


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise click.ClickException(
            f"name {name!r} of an audience: letters, digits, '.', '_' and '-' only, at most 128"
        )


def _check(name: str, rule: Rule) -> None:
    _check_name(name)
    if rule.top is None and rule.min_score is None:
        raise click.ClickException("give a rule for the audience: --top N, --min-score X, or both")


def _told(rule: Rule) -> str:
    return json_text(rule.__dict__, sort_keys=True)


def _described(
    program: str,
    name: str,
    as_of: date,
    model_id: str,
    rule: str,
    members: list[Member],
    opted_out: int,
) -> Audience:
    content: list[Any] = [program, name, as_of, model_id, rule, opted_out, members]
    return Audience(
        program=program,
        name=name,
        as_of=as_of,
        model_id=model_id,
        rule=rule,
        size=len(members),
        opted_out=opted_out,
        fingerprint=hashlib.sha256(json_text(content).encode()).hexdigest(),
        frozen_at=datetime.now(UTC),
    )


def _store(client: Client, audience: Audience, members: list[Member]) -> None:
    """Write the members, then the audience, which makes them visible."""
    client.insert(
        "audience_members",
        [[audience.program, audience.name, audience.fingerprint, *member] for member in members],
        column_names=["program", "audience", "fingerprint", "person", "score", "rank"],
    )
    client.insert(
        "audiences",
        [list(audience.__dict__.values())],
        column_names=list(audience.__dict__),
    )
