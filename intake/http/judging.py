"""What becomes of each event of a request: a record for Kafka, or the reason why not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from intake.http.metrics import ACCEPTED, EVENTS
from intake.mapping import RowRefusal
from intake.mapping.compiled import record_of
from intake.mapping.refusals import shown
from intake.mapping.values import cell
from streams.events import TYPES, Profile, encode, partition_of
from streams.events.decoding import Rejection, read_events

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from intake.http.keyring import Pass
    from intake.http.senders import Sender
    from intake.mapping import Mapped, Mapping
    from intake.mapping.values import Row
    from streams.events import Event
    from streams.kafka.publish import Record
    from streams.people import Attributes

# What may be wrong with an event beside `streams.events.decoding.REASONS`.
REASONS = {
    "wrong_source": "`source` is not the one that the key is for.",
    "type_not_allowed": "`type` is none that the key may send.",
}

_TOPICS = {kind: topic for topic, kind in TYPES.values()}
_NAMES = {kind: name for name, (_, kind) in TYPES.items()}


class Accepted(msgspec.Struct, tag_field="outcome", tag="accepted", frozen=True, gc=False):
    """Kafka has the event."""

    id: str


class Refused(msgspec.Struct, tag_field="outcome", tag="refused", frozen=True, gc=False):
    """It was not taken, and would not be if it were sent again."""

    reason: str
    detail: str


Answer = Accepted | Refused


class Judged(msgspec.Struct, frozen=True, gc=False):
    """The answer to each event, in their order, and the records of those that are accepted."""

    answers: list[Answer]
    records: list[Record]

    @property
    def refused(self) -> int:
        """How many are refused."""
        return len(self.answers) - len(self.records)

    def count(self) -> None:
        """Tell Prometheus, once Kafka has the records."""
        ACCEPTED.inc(len(self.records))
        if self.refused:
            reasons = Counter(one.reason for one in self.answers if isinstance(one, Refused))
            for reason, events in reasons.items():
                EVENTS.labels("refused", reason).inc(events)


class Bounds(msgspec.Struct, frozen=True):
    """What events are held to beside their shape, as a worker will hold them.

    Attributes:
        partitions: of every topic.
        latest: the latest time that an event may have now.
        attributes: those that profiles may have.
    """

    partitions: int
    latest: datetime
    attributes: Attributes

    def reject(self, event: Event) -> Refused | None:
        """Return why a worker would set an event aside, None when it would not."""
        if event.time > self.latest:
            return Refused(
                "in_the_future",
                f"time = {event.time.isoformat()}: it may be at most {self.latest.isoformat()} now",
            )
        if isinstance(event, Profile) and (fault := self.attributes.fault(event)):
            return Refused(fault[1].reason, fault[1].detail)
        return None


def judge(
    values: Sequence[bytes], allowed: Pass, bounds: Bounds, sender: Sender | None = None
) -> Judged:
    """Return what becomes of events in JSON, sent by the holder of a key.

    With a `sender`, exposures and clicks say by what they were looked at.
    """
    kinds, sources = allowed.kinds, allowed.sources
    latest, partitions = bounds.latest, bounds.partitions
    answers: list[Answer] = []
    records: list[Record] = []
    for value, event in zip(values, read_events(values), strict=True):
        kind = type(event)
        if kind in kinds and event.source in sources:  # type: ignore[union-attr]
            if (event.time > latest or kind is Profile) and (rejection := bounds.reject(event)):  # type: ignore[union-attr, arg-type]
                answers.append(rejection)
                continue
            subject: str = event.subject  # type: ignore[union-attr]
            said = value if sender is None else encode(sender.told(event))  # type: ignore[arg-type]
            records.append(
                (_TOPICS[kind], partition_of(subject, partitions), subject.encode(), said)
            )
            answers.append(Accepted(event.id))  # type: ignore[union-attr]
        elif isinstance(event, Rejection):
            answers.append(Refused(event.reason, event.detail))
        else:
            answers.append(_refused(event, allowed))
    return Judged(answers, records)


def judge_rows(
    rows: Sequence[Row], noun: str, mapping: Mapping, allowed: Pass, bounds: Bounds
) -> Judged:
    """Return what becomes of rows: a mapping makes one event of each, or several, or none.

    So an answer's place is not its row's: what is refused says of which `noun` it is.
    """
    answers: list[Answer] = []
    records: list[Record] = []
    for found in mapping.mapped(rows):
        if isinstance(found, RowRefusal):
            place = _place(rows, found.row, noun, mapping)
            answers.append(Refused("invalid", found.words(place)))
        elif (refused := _rejected(found, allowed, bounds)) is None:
            records.append(record_of(found, bounds.partitions))
            answers.append(Accepted(found.event.id))
        else:
            place = _place(rows, found.row, noun, mapping)
            said = Refused(refused.reason, f"{place}: {refused.detail}")
            if answers[-1:] != [said]:  # once of several events of a row
                answers.append(said)
    return Judged(answers, records)


def _place(rows: Sequence[Row], number: int, noun: str, mapping: Mapping) -> str:
    """Return what a row is called: its place in the request, and what tells it from others."""
    row = rows[number - 1]
    names = [
        f"{column} {shown(cell(row, column))!r}"
        for column in mapping.id_columns
        if cell(row, column) is not None
    ]
    return f"{noun} {number:,}" + (f" ({', '.join(names)})" if names else "")


def _rejected(found: Mapped, allowed: Pass, bounds: Bounds) -> Refused | None:
    """Return why an event of a row is refused, None when it is not."""
    event = found.event
    if type(event) in allowed.kinds and event.source in allowed.sources:
        return bounds.reject(event)
    return _refused(event, allowed)


def _refused(event: Event, allowed: Pass) -> Refused:
    key = allowed.key
    if event.source not in allowed.sources:
        own = " or ".join(map(repr, sorted(allowed.sources)))
        return Refused(
            "wrong_source",
            f"source = {event.source!r}: key {key.id} writes as {own} only; send that, or use a "
            "key of the other source",
        )
    return Refused(
        "type_not_allowed",
        f"type = {_NAMES[type(event)]!r}: key {key.id} may send {', '.join(key.types)}; make a "
        "key for it with `flowdrop intake keys create`",
    )
