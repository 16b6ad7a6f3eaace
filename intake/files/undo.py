"""An import taken back: for each event the event that takes it back, if there is one.

Coins go back by `flowdrop.wallet.reverse`, which the ledger allows as long as it remembers the
event: so it is dated as the last event of the import, by which no clock is put forward. What a
campaign's budget was given is taken out, of the funds that the ledger applied. Attributes are
withdrawn and links undone as of the time at which they were said, by which what was said later, by
whomever, stays in force. What happened (a contact, an exposure, a purchase) has happened: no event
says that it did not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
import pyarrow as pa

from intake.files import runs
from intake.files.check import Check
from intake.files.mapped import partitions_of
from intake.files.publishing import publish
from intake.files.sort import SCHEMA, Spool
from intake.files.warehouse import NOTHING, Funded, funded
from intake.mapping import loads, targets
from streams.events import (
    Defund,
    DefundData,
    Event,
    Fund,
    Link,
    Original,
    Profile,
    ProfileData,
    Reverse,
    ReverseData,
    decode_campaign,
    decode_wallet,
    encode,
)
from streams.events.times import microseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from intake.files.publishing import Sent
    from intake.mapping import Mapping
    from streams.settings import StreamSettings

PREFIX = "undo:"
ID_LENGTH_MAX = 200


@dataclass(frozen=True)
class Undone:
    """What was sent to take a run back.

    Attributes:
        back: events that take one back, by the type of that one.
        stay: events that none takes back, by type.
        void: events that changed nothing, so that nothing is to be taken back, by type.
        sent: None if nothing was.
    """

    run: str
    back: dict[str, int]
    stay: dict[str, int]
    void: dict[str, int]
    sent: Sent | None


def undo(
    name: str,
    settings: StreamSettings,
    *,
    file: Path | None,
    wait: bool,
    may_send: Callable[[Undone], bool],
) -> Undone:
    """Read a run's file once more, and publish what takes its events back, the last first.

    Args:
        name: the run's.
        settings: partitions and the ledger's window.
        file: where the imported file lies now; None: where it did.
        wait: see `publish`.
        may_send: is asked before anything is sent.

    Raises:
        click.ClickException: when there is no such run, or its file is not what it was.
    """
    noted = runs.named(name)
    mapping = loads(noted.mapping, f"of the import {name}")
    path = file or Path(noted.file)
    with runs.alone(path, noted.mapping) as folder:
        spool = Spool(folder)
        try:
            now = noted.undone_at or datetime.now(UTC)
            funds = (
                funded(mapping.file.feed)
                if any(one.kind is Fund for one in mapping.rules)
                else set()
            )
            taking = _TakingBack(mapping, noted.last, funds, settings.partitions)
            check = Check(path, mapping, settings, NOTHING, now=noted.begun)
            checked = check.run(lambda records: spool.add(taking.back(records)))
            if checked.digest != noted.digest:
                raise click.ClickException(
                    f"{path} is not what was imported: its content has changed; name the file as "
                    "it was with --file"
                )
            found = Undone(
                *(name, dict(taking.counts), dict(taking.stay), dict(taking.void)), sent=None
            )
            if not spool.count or not may_send(found):
                return found
            begun = msgspec.structs.replace(noted, undone_at=now)
            begun.save()
            topics = [rule.topic for rule in mapping.rules]
            sent = publish(f"{PREFIX}{name}", spool, topics, wait=wait)
            msgspec.structs.replace(begun, undone=True).save()
            return replace(found, sent=sent)
        finally:
            spool.remove()


def taking_back(event: Event, at: datetime) -> Event | None:
    """Return the event, of a time, that takes an event back; None if there is none."""
    head: dict[str, Any] = {
        "id": _id_of(event),
        "source": event.source,
        "subject": event.subject,
        "time": at,
    }
    match event:
        case Fund(data=data):
            found = DefundData(program=data.program, campaign=data.campaign, amount=data.amount)
            return Defund(**head, data=found)
        case Profile(data=data):
            return Profile(**head, data=ProfileData(attributes=dict.fromkeys(data.attributes)))
        case Link(data=data) if data.linked:
            return Link(**head, data=msgspec.structs.replace(data, linked=False))
        case _ if isinstance(event, Original):
            # Of two events of one id the ledger has applied one; each has a reversal of its own.
            head["id"] = _id_of(event, f"~{blake2b(encode(event), digest_size=6).hexdigest()}")
            program = event.data.program
            return Reverse(**head, data=ReverseData(program=program, original=event))
    return None


def _id_of(event: Event, ending: str = "") -> str:
    own = PREFIX + event.id + ending
    if len(own) <= ID_LENGTH_MAX:
        return own
    return PREFIX + blake2b(event.id.encode(), digest_size=16).hexdigest() + ending


class _TakingBack:
    """Turns records into those that take them back, and counts both kinds."""

    def __init__(
        self, mapping: Mapping, last: datetime, funds: set[Funded], partitions: int
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.stay: Counter[str] = Counter()
        self.void: Counter[str] = Counter()
        self._last = last
        self._funds = funds
        self._partitions = partitions
        self._is_of_wallets = [rule.is_of_wallets for rule in mapping.rules]
        self._tags = [targets.tag_of(rule.kind) for rule in mapping.rules]
        self._decode = [
            decode_wallet if rule.is_of_wallets else decode_campaign for rule in mapping.rules
        ]

    def back(self, records: pa.RecordBatch) -> pa.RecordBatch:
        """Return the records that take these back; sorted, the last comes first."""
        found = []
        for record in records.to_pylist():
            rule = record["rule"]
            event = self._decode[rule](record["value"])
            if isinstance(event, Fund) and not self._was_applied(event):
                self.void[self._tags[rule]] += 1
                continue
            own = taking_back(event, self._last if self._is_of_wallets[rule] else event.time)
            (self.stay if own is None else self.counts)[self._tags[rule]] += 1
            if own is not None:
                found.append((-record["row"], rule, own))
        subjects = pa.array([event.subject.encode() for _, _, event in found], pa.binary())
        columns = [
            [microseconds(event.time) for _, _, event in found],
            [row for row, _, _ in found],
            [rule for _, rule, _ in found],
            partitions_of(subjects, self._partitions),
            subjects,
            [encode(event) for _, _, event in found],
        ]
        arrays = [pa.array(one, kind) for one, kind in zip(columns, SCHEMA.types, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)

    def _was_applied(self, event: Fund) -> bool:
        """Return whether it was, once: of events of one name only one was."""
        data = event.data
        own = Funded(event.subject, event.id, data.program, data.campaign, data.amount)
        was = own in self._funds
        self._funds.discard(own)
        return was
