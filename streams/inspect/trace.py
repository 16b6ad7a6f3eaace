"""Every record that an event caused: in the logs, their results, legs, dead letters.

ClickHouse says where they stand: an event's results by its id, the legs that a record made by its
place, which begins their ids, and later events about it (a reversal, the end of a redemption) by
its cause. The Kafka log gives their bytes and when they arrived.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from sql.client import rows
from streams.events import WALLET_TOPIC, decode_wallet
from streams.kafka.deadletters import Place
from streams.kafka.log import records_at
from streams.programs.explained import explain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from clickhouse_connect.driver.client import Client
    from confluent_kafka import Message

    from streams.programs import Program

POSTING = ("account", "kind", "amount", "balance", "version", "pending")


class Record(msgspec.Struct, frozen=True):
    """A record, where it stands, what caused it and what it did.

    Attributes:
        what: `event` (as a client sent it), `forwarded` (its copy on the right partition), `leg`,
            `result` or `dead letter`.
        place: topic:partition:offset.
        caused_by: the place of the record whose processing wrote this one; None for a client's.
        arrived: when the log took it, None when the log no longer has it.
        step: of a leg: transfer, lease, ack, ...
        time: the event's own time, None when it could not be read.
        outcome: of a result: applied, refused, repeat, forwarded, asked.
        reason: of a refusal or dead letter.
        detail: of a dead letter; for what a program's rules refused, what they say.
        postings: of a result.
        value: of a record of the log, its text.
    """

    what: str
    place: str
    topic: str
    partition: int
    offset: int
    caused_by: str | None = None
    arrived: str | None = None
    event_id: str = ""
    event_source: str = ""
    type: str = ""
    step: str = ""
    subject: str = ""
    time: str | None = None
    outcome: str = ""
    reason: str = ""
    detail: str = ""
    postings: list[dict[str, Any]] = []
    value: str | None = None


class Story(msgspec.Struct, frozen=True):
    """What one event caused, each record after the one that caused it.

    Attributes:
        subject: whose event; of a record that could not be read, its key.
        source: the event's; '' for a record that could not be read, and for what names the id
            alone.
        records: every one.
        on_their_way: places of records that sent a leg which is not in ClickHouse yet.
    """

    subject: str
    source: str
    records: list[Record]
    on_their_way: list[str]


class Trace(msgspec.Struct, frozen=True):
    """All stories of an event id: one per subject and source, which with it name the event."""

    event_id: str
    subjects: list[Story]


def trace(
    kafka: str,
    client: Client,
    event_id: str,
    source: str = "",
    programs: Mapping[str, Program] | None = None,
) -> Trace:
    """Return every record that the events with an id caused.

    Args:
        kafka: address of the broker.
        client: of ClickHouse.
        event_id: the id.
        source: only events of this source; '' for any.
        programs: whose rules explain what was refused.

    Raises:
        click.ClickException: when ClickHouse has no record of it.
    """
    ended = _ended(client, event_id, source)
    letters = rows(client, "ledger/letters_naming", event=event_id, source=source)
    if not ended and not letters:
        named = f"{event_id!r} from {source!r}" if source else repr(event_id)
        raise click.ClickException(
            f"ClickHouse has no record of an event {named} of wallets; if it was just sent, wait "
            "for the feed (`flowdrop status`); ids and sources are case-sensitive; events of "
            "campaigns and people are not traced: see `flowdrop report` and `flowdrop people show`"
        )
    logged = records_at(kafka, [*ended, *map(_source, letters)])
    rows_by_time = sorted(
        ended.values(), key=lambda row: (_arrived(logged.get(_source(row))) or "", _source(row))
    )
    stories = [
        _story(subject, own, roots, ended, logged)
        for (subject, own), roots in _roots(rows_by_time, event_id, source).items()
    ]
    stories = [_explained(story, programs or {}) for story in stories]
    return Trace(event_id, stories + [_letter_story(row, logged) for row in letters])


def _roots(
    ended: Iterable[dict[str, Any]], event_id: str, source: str
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the results of events by subject and source, each with those that name it.

    What names an id alone belongs to its subject's only event with that id; if there is none, or
    several, it stands by itself.
    """
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    nameless: list[dict[str, Any]] = []
    for row in ended:
        if row["event_id"] == event_id and source in {"", row["event_source"]}:
            found.setdefault((row["subject"], row["event_source"]), []).append(row)
        elif row["type"] != "leg" and row["cause"] == event_id and not row["cause_source"]:
            nameless.append(row)
        elif row["type"] != "leg" and row["cause"] == event_id:
            found.setdefault((row["subject"], row["cause_source"]), []).append(row)
    for row in nameless:
        owners = [key for key in found if key[0] == row["subject"] and key[1]]
        key = owners[0] if len(owners) == 1 else (row["subject"], "")
        found.setdefault(key, []).append(row)
    return found


def _ended(client: Client, event_id: str, source: str) -> dict[Place, dict[str, Any]]:
    """Return every result that belongs to an event by the place of its record."""
    found: dict[Place, dict[str, Any]] = {}
    legs: list[str] = []
    while True:
        fresh = {
            place: row
            for row in rows(client, "ledger/caused", event=event_id, source=source, legs=legs)
            if (place := _source(row)) not in found
        }
        if not fresh:
            return found
        if (
            source
            and not found
            and not any(_tells(row, event_id, source) for row in fresh.values())
        ):
            return {}  # what names the id alone belongs to another
        found |= fresh
        legs = [f"leg:{place.partition}:{place.offset}" for place in fresh]


def _tells(row: dict[str, Any], event_id: str, source: str) -> bool:
    return (event_id, source) in {
        (row["event_id"], row["event_source"]),
        (row["cause"], row["cause_source"]),
    }


def _explained(story: Story, programs: Mapping[str, Program]) -> Story:
    """Return a story in which refused results say which rule of the program it was."""
    values = {record.place: record.value for record in story.records}
    records = []
    for record in story.records:
        value = values.get(record.caused_by or "")
        if record.what == "result" and record.outcome == "refused" and value is not None:
            event = decode_wallet(value.encode())
            if (program := programs.get(event.data.program)) is not None:
                detail = explain(record.reason, event, program)
                records.append(msgspec.structs.replace(record, detail=detail))
                continue
        records.append(record)
    return msgspec.structs.replace(story, records=records)


def _source(row: dict[str, Any]) -> Place:
    return Place(WALLET_TOPIC, row["source_partition"], row["source_offset"])


def _story(
    subject: str,
    source: str,
    roots: list[dict[str, Any]],
    ended: dict[Place, dict[str, Any]],
    logged: dict[Place, Message],
) -> Story:
    causes = _forwarders(roots)
    records: list[Record] = []
    waiting: list[str] = []
    for root in roots:
        cause = causes.get(_source(root))
        what = "event" if cause is None else "forwarded"
        records.extend(_with_legs(what, root, cause, ended, logged, waiting))
    return Story(subject, source, records, waiting)


def _forwarders(roots: Iterable[dict[str, Any]]) -> dict[Place, Place]:
    """Return the place of the original record by the place of its forwarded copy.

    `roots` are in the order in which they arrived; a copy arrives after its record, elsewhere.
    """
    waiting: list[Place] = []
    causes: dict[Place, Place] = {}
    for row in roots:
        if row["outcome"] == "forwarded":
            waiting.append(_source(row))
        elif waiting and _source(row).partition != waiting[0].partition:
            causes[_source(row)] = waiting.pop(0)
    return causes


def _with_legs(
    what: str,
    row: dict[str, Any],
    cause: Place | None,
    ended: dict[Place, dict[str, Any]],
    logged: dict[Place, Message],
    waiting: list[str],
) -> Iterator[Record]:
    """Yield a record, its result, and the same for every leg it sent."""
    place = _source(row)
    yield _logged(what, row, cause, logged.get(place))
    yield _result(row)
    prefix = f"leg:{place.partition}:{place.offset}"
    legs = [
        leg
        for leg in ended.values()
        if leg["type"] == "leg" and leg["event_id"].startswith(prefix + ":")
    ]
    legs.sort(key=lambda leg: int(leg["event_id"].rpartition(":")[2]))
    moved = zip(row["kinds"], row["amounts"], strict=True)
    sends = row["outcome"] == "asked" or any(k == "clearing" and amount for k, amount in moved)
    if sends and not legs:
        waiting.append(_text(place))
    for leg in legs:
        yield from _with_legs("leg", leg, place, ended, logged, waiting)


def _logged(what: str, row: dict[str, Any], cause: Place | None, message: Message | None) -> Record:
    place = _source(row)
    return Record(
        what=what,
        place=_text(place),
        topic=place.topic,
        partition=place.partition,
        offset=place.offset,
        caused_by=None if cause is None else _text(cause),
        arrived=_arrived(message),
        event_id=row["event_id"],
        event_source=row["event_source"],
        type=row["type"],
        step=row["step"],
        subject=row["subject"],
        time=row["time"].replace(tzinfo=UTC).isoformat(),
        value=_value(message),
    )


def _result(row: dict[str, Any]) -> Record:
    names = ("accounts", "kinds", "amounts", "balances", "versions", "pendings")
    moves = zip(*(row[name] for name in names), strict=True)
    return Record(
        what="result",
        place=_text(Place(row["topic"], row["partition"], row["offset"])),
        topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        caused_by=_text(_source(row)),
        event_id=row["event_id"],
        event_source=row["event_source"],
        type=row["type"],
        step=row["step"],
        subject=row["subject"],
        time=row["time"].replace(tzinfo=UTC).isoformat(),
        outcome=row["outcome"],
        reason=row["reason"],
        postings=[dict(zip(POSTING, move, strict=True)) for move in moves],
    )


def _letter_story(row: dict[str, Any], logged: dict[Place, Message]) -> Story:
    """Return a record that could not be read, and the dead letter it became."""
    place, message = _source(row), logged.get(_source(row))
    key = message.key() if message else None
    subject = (key or b"").decode(errors="backslashreplace")
    letter = Place(row["topic"], row["partition"], row["offset"])
    return Story(
        subject,
        "",
        [
            Record(
                "event",
                _text(place),
                *place,
                arrived=_arrived(message),
                subject=subject,
                value=_value(message),
            ),
            Record(
                "dead letter",
                _text(letter),
                *letter,
                caused_by=_text(place),
                subject=subject,
                reason=row["reason"],
                detail=row["detail"],
            ),
        ],
        [],
    )


def _arrived(message: Message | None) -> str | None:
    if message is None:
        return None
    moment = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
    return moment.isoformat(timespec="milliseconds")


def _value(message: Message | None) -> str | None:
    if message is None:
        return None
    return (message.value() or b"").decode(errors="backslashreplace")


def _text(place: Place) -> str:
    return ":".join(map(str, place))
