"""What is known of a person as of a time: number, ids, attributes by source, and their history."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from sql.client import rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from clickhouse_connect.driver.client import Client

    from streams.people import Catalogue

EVER = datetime(2200, 1, 1, tzinfo=UTC)  # later than any event
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class Linked(msgspec.Struct, frozen=True):
    """A time in which another id counted as the person.

    Attributes:
        number: the id's own; None when no event names it as its subject.
        since: when the statement that it is the person's applies from.
        until: when another statement about it ended that; None while it lasts.
        source: who said that it is the person's.
    """

    id: str
    kind: str
    number: int | None
    since: datetime
    until: datetime | None
    source: str


class Known(msgspec.Struct, frozen=True):
    """An attribute as one source gave it.

    Attributes:
        title: in English; '' when the catalogue does not have the attribute.
        value: None when it was taken back, which only a history shows.
        id: the person's id that the event names.
        personal: whether it is personal; None when the catalogue does not have it.
        targeting: whether models and audiences may use it; likewise.
        latest: whether no other source gave a later value; None in a history.
        arrived: when the event arrived; only in a history.
    """

    attribute: str
    title: str
    value: Any
    source: str
    time: datetime
    id: str
    personal: bool | None
    targeting: bool | None
    latest: bool | None = None
    arrived: datetime | None = None


class Person(msgspec.Struct, frozen=True):
    """A person as of a time.

    Attributes:
        id: the id asked for.
        person: whom it counts as: itself, or the person that it is linked to.
        number: the person's; None when no event names the person as its subject.
        since: the time of the person's first event under any of the ids.
        as_of: the latest time of an event that counts; None for all.
        known_at: by when it must have arrived; None for all.
        ids: that are or were linked to the person, by time.
        attributes: what stands, by name, then source.
        history: every value that an event gave or took back, by time, if asked for.
    """

    id: str
    person: str
    number: int | None
    since: datetime
    as_of: datetime | None
    known_at: datetime | None
    ids: tuple[Linked, ...]
    attributes: tuple[Known, ...]
    history: tuple[Known, ...] | None


class Moment(NamedTuple):
    """As of when something is asked: by the events' own times, and by their arrival."""

    at: datetime
    known: datetime

    @classmethod
    def of(cls, as_of: datetime | None, known_at: datetime | None, now: datetime) -> Moment:
        """Return the moment of two options.

        Raises:
            click.ClickException: when one lies in the future, or before any event.
        """
        for option, asked in (("as-of", as_of), ("known-at", known_at)):
            if asked is None:
                continue
            if asked > now:
                raise click.ClickException(
                    f"--{option} {asked.isoformat()} is in the future (it is "
                    f"{now.isoformat(timespec='seconds')}); leave it out for the latest"
                )
            if asked < _FIRST:
                raise click.ClickException(
                    f"--{option} {asked.isoformat()} is before any event may be: from 1970 on"
                )
        return cls(as_of or EVER, known_at or EVER)

    @property
    def bound(self) -> dict[str, str]:
        """What queries bind; a text, since a time is bound without its fraction of a second."""
        at, known = (f"{own.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" for own in self)
        return {"at": at, "known": known}


class _Period(NamedTuple):
    """A time in which an id counted as a person."""

    id: str
    person: str
    kind: str
    source: str
    since: datetime
    until: datetime | None = None


def show(
    client: Client, name: str, moment: Moment, catalogue: Catalogue, *, with_history: bool
) -> Person:
    """Return the person whom the id `name` counts as at a moment.

    Raises:
        click.ClickException: when no event told of the id by then.
    """
    said = rows(client, "people/links", id=name, **moment.bound)
    person = _owner(said, name) or name
    if person != name:
        said = rows(client, "people/links", id=person, **moment.bound)
    linked = [period for period in _periods(said) if period.person == person]
    names = sorted({person, *(period.id for period in linked)})
    seen = {row.pop("id"): row for row in rows(client, "people/seen", ids=names, **moment.bound)}
    if person not in seen and not linked and not said:
        raise _unknown(client, name)
    own = sorted({person, *(period.id for period in linked if period.until is None)})
    stands = rows(client, "people/attributes", people=[person], **moment.bound)
    history = rows(client, "people/history", ids=own, **moment.bound) if with_history else None
    times = [
        *(seen[each]["since"].replace(tzinfo=UTC) for each in own if each in seen),
        *(row["time"].replace(tzinfo=UTC) for row in said),
    ]
    return Person(
        id=name,
        person=person,
        number=_number(seen, person),
        since=min(times),
        as_of=None if moment.at == EVER else moment.at,
        known_at=None if moment.known == EVER else moment.known,
        ids=tuple(_linked(row, seen) for row in sorted(linked, key=attrgetter("since", "id"))),
        attributes=tuple(_known(row, catalogue) for row in stands),
        history=None if history is None else tuple(_known(row, catalogue) for row in history),
    )


def _owner(said: Iterable[Mapping[str, Any]], name: str) -> str:
    """Return whom the latest statement about an id says it belongs to, '' for nobody."""
    about = [row for row in said if row["other"] == name]
    return about[-1]["person"] if about and about[-1]["linked"] else ""


def _periods(said: Iterable[Mapping[str, Any]]) -> Iterator[_Period]:
    """Yield the times in which an id counted as somebody else, from statements in their order."""
    for other, about in groupby(said, key=itemgetter("other")):
        period: _Period | None = None
        for time, at_once in groupby(about, key=itemgetter("time")):
            *_, row = at_once  # of statements of one time the last applies
            owner = row["person"] if row["linked"] else ""
            if period and period.person == owner:
                continue
            since = time.replace(tzinfo=UTC)
            if period:
                yield period._replace(until=since)
            period = _Period(other, owner, row["kind"], row["source"], since) if owner else None
        if period:
            yield period


def _linked(period: _Period, seen: Mapping[str, Mapping[str, Any]]) -> Linked:
    return Linked(
        id=period.id,
        kind=period.kind,
        number=_number(seen, period.id),
        since=period.since,
        until=period.until,
        source=period.source,
    )


def _number(seen: Mapping[str, Mapping[str, Any]], name: str) -> int | None:
    return (seen[name]["number"] or None) if name in seen else None


def _known(row: Mapping[str, Any], catalogue: Catalogue) -> Known:
    attribute = catalogue.attributes.get(row["name"])
    arrived = row.get("arrived")
    return Known(
        attribute=row["name"],
        title=attribute.title.en if attribute else "",
        value=json.loads(row["value"]),
        source=row["source"],
        time=row["time"].replace(tzinfo=UTC),
        id=row["id"],
        personal=attribute.personal if attribute else None,
        targeting=attribute.targeting if attribute else None,
        latest=bool(row["latest"]) if "latest" in row else None,
        arrived=arrived.replace(tzinfo=UTC) if arrived else None,
    )


def _unknown(client: Client, name: str) -> click.ClickException:
    """Return the refusal of an id that no event had told of by then."""
    ever = Moment(EVER, EVER)
    told = rows(client, "people/seen", ids=[name], **ever.bound)
    times = [row["since"] for row in told]
    times += [row["time"] for row in rows(client, "people/links", id=name, **ever.bound)]
    if times:
        first = min(times).replace(tzinfo=UTC).isoformat()
        return click.ClickException(
            f"no event that counts tells of {name!r}; the time of its first is {first}: ask for a "
            "later --as-of or, if it arrived late, --known-at, or leave them out"
        )
    near = [row["id"] for row in rows(client, "people/near", id=name, edits=_edits(name))]
    if near:
        return click.ClickException(
            f"no event tells of {name!r}; did you mean {' or '.join(map(repr, near))}?"
        )
    return click.ClickException(
        f"no event tells of {name!r}; an id is written as the `subject` of its events, such as "
        "cj:17, and is known once a worker and the feed have passed one on"
    )


def _edits(name: str) -> int:
    """Return how many characters an id may differ in to be near."""
    return min(1 + len(name) // 4, 5)
