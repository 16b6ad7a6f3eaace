"""Launch a drop: write down the time, publish its events, write down that the broker has them.

A launch that died in between is simply run again: ids and times are the same, so the ledger and
the warehouse know each event they already have, and nobody is granted twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import click
from sqlalchemy import update

from console.drops import audience
from console.drops.events import count, events
from console.drops.register import find, log, members
from console.drops.selection import TREATED
from console.drops.tables import Drop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from clickhouse_connect.driver.client import Client
    from sqlalchemy.orm import Session

    from console.drops.selection import Member
    from streams.events import Event


class Publisher(Protocol):
    """Sends events and returns how many the broker acknowledged, all of them or an exception."""

    def __call__(
        self, published: Iterable[Event], *, on_sent: Callable[[int], object] | None
    ) -> int:
        """Send and wait."""
        ...


def launch(
    session: Session,
    client: Client,
    name: str,
    *,
    publisher: Publisher,
    who: str,
    now: datetime,
    on_sent: Callable[[int], object] | None = None,
) -> int:
    """Publish the drop `name` and return how many events the broker acknowledged.

    Args:
        session: of the console's database; committed before and after publishing.
        client: of the warehouse, asked for consent before the first launch.
        name: of the drop, a draft or one launched before.
        publisher: sends the events.
        who: the person who launches.
        now: the time of launch; a drop launched before keeps its first.
        on_sent: called with how many more events were sent.

    Raises:
        click.ClickException: when the drop was cancelled, somebody of it has withdrawn consent
            since it was made, or the broker does not take everything.
    """
    drop = find(session, name)
    if drop.cancelled_at:
        raise click.ClickException(f"drop {name!r} was cancelled; create another")
    people = members(session, name)
    if drop.launched_at is None:
        _check_consent(client, drop, people)
        _begin(session, drop, now)
    log(
        session,
        now=now,
        who=who,
        action="launch",
        drop=name,
        detail={"again": drop.launched_at != now},
    )
    session.commit()
    sent = publisher(events(drop, people), on_sent=on_sent)
    if drop.acknowledged_at is None:
        drop.acknowledged_at = now
    log(session, now=now, who=who, action="acknowledged", drop=name, detail={"events": sent})
    session.commit()
    return sent


def size(session: Session, name: str) -> int:
    """Return how many events launching the drop `name` publishes."""
    return count(members(session, name), find(session, name).partitions)


def _begin(session: Session, drop: Drop, now: datetime) -> None:
    """Set the time of launch, once: of two launches at a time both use the first one's."""
    session.execute(
        update(Drop)
        .where(Drop.name == drop.name, Drop.launched_at.is_(None), Drop.cancelled_at.is_(None))
        .values(launched_at=now)
    )
    session.commit()
    session.refresh(drop)
    if drop.launched_at is None:
        raise click.ClickException(f"drop {drop.name!r} was cancelled; create another")


def _check_consent(client: Client, drop: Drop, people: list[Member]) -> None:
    refused = audience.without_consent(client)
    withdrawn = [m.person for m in people if m.arm == TREATED and m.person in refused]
    if withdrawn:
        raise click.ClickException(
            f"drop {drop.name!r}: {len(withdrawn):,} of its people withdrew consent, or were said "
            f"to be minors, after it was created ({withdrawn[0]} among them); cancel it and create "
            "another, so that preview and launch agree"
        )
