"""Launch a drop: record the time, publish its events, record that the broker has them.

A launch that died in between is simply run again: ids and times are the same, so the ledger and the
warehouse know each event they already have, and nobody is granted twice. Who may still receive it
is decided again each time, see `since`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import update

from console.drops import approval, since
from console.drops.events import count, events
from console.drops.left_out import by_reason
from console.drops.policy import USUAL, Policy
from console.drops.register import find, log, members
from console.drops.restraint import NO_RESTRAINT
from console.drops.selection import TREATED
from console.drops.tables import Drop
from console.drops.terms import check_until
from console.i18n import LocalizedText
from console.reports.basis import LocalizedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from clickhouse_connect.driver.client import Client
    from sqlalchemy.orm import Session

    from console.drops.left_out import LeftOutSince
    from console.drops.restraint import Restraint
    from streams.events import Event


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What launching would do now.

    Attributes:
        events: how many it publishes.
        sent_to: treated people who get grant and contact, those of earlier launches included.
        newly: who is left out from now on.
        left_out: everyone left out since the drop was created.
    """

    events: int
    sent_to: int
    newly: list[LeftOutSince]
    left_out: list[LeftOutSince]


class Publisher(Protocol):
    """Sends events and returns how many the broker acknowledged: all of them, or it raises."""

    def __call__(
        self, published: Iterable[Event], *, on_sent: Callable[[int], object] | None
    ) -> int:
        """Send and wait."""
        ...


def plan(
    session: Session,
    client: Client,
    name: str,
    now: datetime,
    restraint: Restraint = NO_RESTRAINT,
) -> Plan:
    """Return what launching the drop `name` would do now; nothing is written.

    Raises:
        click.ClickException: when it was cancelled, or its offer is over before all is sent.
    """
    drop = find(session, name)
    if drop.cancelled_at:
        raise LocalizedError(_cancelled(name))
    if drop.until is not None and drop.acknowledged_at is None:
        check_until(drop.until, now)
    if drop.planned_end is not None and drop.launched_at is None and drop.planned_end <= now:
        raise LocalizedError(
            LocalizedText(
                "planned_end: {end} is over; give a later one with `flowdrop drop plan {name}`",
                end=f"{drop.planned_end:%Y-%m-%d %H:%M:%S} UTC",
                name=name,
            )
        )
    people = members(session, name)
    before = since.kept(session, name)
    newly = since.judge(client, drop, people, before, now, restraint)
    left_out = [*before, *newly]
    treated = sum(member.arm == TREATED for member in people)
    return Plan(
        events=count(drop, people, left_out),
        sent_to=treated - len(left_out),
        newly=newly,
        left_out=left_out,
    )


def launch(  # noqa: PLR0913 - what is sent, by whom, under which two rules
    session: Session,
    client: Client,
    name: str,
    *,
    publisher: Publisher,
    who: str,
    now: datetime,
    restraint: Restraint = NO_RESTRAINT,
    on_sent: Callable[[int], object] | None = None,
    policy: Policy = USUAL,
) -> int:
    """Publish the drop `name` and return how many events the broker acknowledged.

    Args:
        session: of the console's database; committed before and after publishing.
        client: of the warehouse, which must have caught up with the logs: it is asked who may no
            longer be contacted or can't receive, and what was sent before.
        name: of the drop, a draft or one launched before.
        publisher: sends the events.
        who: the person who launches.
        now: the time of launch; a drop launched before keeps its first.
        restraint: what holds for all drops.
        on_sent: called with how many more events were sent.
        policy: says up to which size it needs nobody's approval.

    Raises:
        NotApprovedError: when it is too large for what nobody approved.
        click.ClickException: when the drop was cancelled, its offer is over, or the broker does not
            take everything.
    """
    newly = plan(session, client, name, now, restraint).newly
    drop = find(session, name)
    if drop.launched_at is None:
        approval.require_approved(session, drop, who=who, now=now, policy=policy)
    if drop.launched_at is None and not _begin(session, drop, now):
        return launch(
            session,
            client,
            name,
            publisher=publisher,
            who=who,
            now=now,
            restraint=restraint,
            on_sent=on_sent,
            policy=policy,
        )  # another launch began meanwhile: continue it
    since.keep(session, name, newly)
    detail = {
        "again": drop.launched_at != now,
        "left_out": by_reason(newly),
        **approval.attribution(session, drop),
    }
    log(session, now=now, who=who, action="launch", drop=name, detail=detail)
    session.commit()
    published = events(drop, members(session, name), since.kept(session, name))
    sent = publisher(published, on_sent=on_sent)
    if drop.acknowledged_at is None:
        drop.acknowledged_at = now
    log(session, now=now, who=who, action="acknowledged", drop=name, detail={"events": sent})
    session.commit()
    return sent


def _begin(session: Session, drop: Drop, now: datetime) -> bool:
    """Set the time of the first launch and return whether it was this one; the caller commits."""
    begun = session.execute(
        update(Drop)
        .where(
            *(Drop.name == drop.name, Drop.launched_at.is_(None), Drop.cancelled_at.is_(None)),
            Drop.approved_at.is_not(None),
        )
        .values(launched_at=now)
    )
    if not begun.rowcount:  # type: ignore[attr-defined]
        session.rollback()
        session.refresh(drop)
        return False
    session.refresh(drop)
    return True


def _cancelled(name: str) -> LocalizedText:
    return LocalizedText("drop {name!r} was cancelled; create another", name=name)
