"""Legs that the ledger did not write, and those of its own that were refused because of them.

Whoever has the ledger's key can sign a leg. Whether the ledger wrote it is decided by the log of
the partition that it names as its origin: folding that again gives every leg sent from there, to
the byte. A leg signed with a key that is none of these, but was accepted, is forged.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import click

from streams.events import (
    POSTINGS_TOPIC,
    WALLET_TOPIC,
    Correction,
    CorrectionData,
    Leg,
    decode_wallet,
)
from streams.events.identity import text_hash
from streams.kafka.deadletters import Place
from streams.kafka.log import batch_of, messages, records_at
from streams.layer.state import PartitionState
from streams.layer.table import Work
from streams.ledger.accounts import aside_name, clearing_name, undone_name
from streams.ledger.corrections import UNDOABLE, sign
from streams.ledger.legs import UNSIGNED
from streams.ledger.results import decode_result
from streams.ledger.trust import MissingKeyError
from streams.worker.agents import fold_batch, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from typing import Literal

    from confluent_kafka import Message

    from streams.layer.batch import Batch
    from streams.ledger.results import Result
    from streams.settings import StreamSettings

DIGEST_BYTES = 16
# A leg refused so has had no effect.
WITHOUT_EFFECT = frozenset({"unknown_key", "revoked_key", "forged_leg", "repeated_leg", "leg_gap"})


class Arrival(NamedTuple):
    """A leg of a log, by its bytes' digest, and how it ended: account is whom it paid."""

    partition: int
    offset: int
    digest: bytes
    outcome: str
    reason: str
    account: str

    @property
    def counted(self) -> bool:
        """Whether it had an effect."""
        return self.outcome == "applied" or self.reason not in WITHOUT_EFFECT


class Found(NamedTuple):
    """A leg to correct.

    Attributes:
        what: `forged`: accepted, and not the ledger's; `displaced`: the ledger's, and refused.
        place: where it stands in the log.
        leg: itself.
        account: whom it paid, '' when it moved nothing.
        remedy: `undo`, `deliver`; `by hand` of what brings no coins by itself; `done`.
    """

    what: Literal["forged", "displaced"]
    place: Place
    leg: Leg
    account: str
    remedy: Literal["undo", "deliver", "by hand", "done"]

    def row(self) -> dict[str, object]:
        """Return what is shown to a person."""
        data = self.leg.data
        return {
            "what": self.what,
            "place": f"{self.place.partition}:{self.place.offset}",
            "program": data.program,
            "step": data.step,
            "coins": data.amount,
            "from": data.payer,
            "to": self.leg.subject,
            "paid": self.account,
            "key": data.key,
            "remedy": self.remedy,
        }


def find(
    kafka: str,
    settings: StreamSettings,
    key: str = "",
    advance: Callable[[int], object] = lambda _: None,
) -> list[Found]:
    """Return the legs to correct, those signed with `key`, or with any.

    Args:
        kafka: Kafka's address.
        settings: by which the logs are folded again.
        key: the id of a key; '' for every one.
        advance: called now and then with how many more records were folded.

    Raises:
        click.ClickException: when Kafka falls silent, or the settings lack a key.
    """
    sent: set[bytes] = set()
    arrivals: list[Arrival] = []
    corrected: set[bytes] = set()
    for number in range(settings.partitions):
        state = PartitionState(number)
        for batch in _batches(kafka, number):
            arrivals += _fold(batch, state, settings, sent, key)
            advance(len(batch))
        corrected |= state.committed.keys()
    counted = {arrival.digest for arrival in arrivals if arrival.counted}
    wrong = [a for a in arrivals if a.counted != (a.digest in sent)]
    # Of the ledger's own, one that was refused here may have counted elsewhere: a repeat, a copy.
    wrong = [a for a in wrong if a.counted or a.digest not in counted]
    return list(_read(kafka, wrong, corrected))


def _batches(kafka: str, number: int) -> Iterator[Batch]:
    for got in messages(kafka, WALLET_TOPIC, number):
        yield batch_of(WALLET_TOPIC, number, got)


def _fold(
    batch: Batch, state: PartitionState, settings: StreamSettings, sent: set[bytes], key: str
) -> list[Arrival]:
    """Fold a stretch of a log; note what it sends, and return the legs that arrive in it."""
    try:
        fold_batch(Work(batch, state), rules_of(settings), settings.partitions)
    except MissingKeyError as error:
        raise click.ClickException(str(error)) from error
    pending = state.take()
    state.settle()
    sent.update(map(_digest, pending.values_to(WALLET_TOPIC)))
    results = map(decode_result, pending.values_to(POSTINGS_TOPIC))
    ended = {result.source_offset: result for result in results if result.type == "leg"}
    return [
        _arrival(batch.partition, offset, value, ended[offset])
        for offset, value in zip(batch.offsets, batch.values, strict=True)
        if offset in ended and value is not None and _is_of(value, key)
    ]


def _is_of(value: bytes, key: str) -> bool:
    if not key:
        return True
    leg = decode_wallet(value)
    return isinstance(leg, Leg) and leg.data.key == key


def _arrival(partition: int, offset: int, value: bytes, result: Result) -> Arrival:
    paid = [p.account for p in result.posting if p.amount > 0 and p.kind != "clearing"]
    account = paid[0] if paid else ""
    return Arrival(partition, offset, _digest(value), result.outcome, result.reason, account)


def _digest(value: bytes) -> bytes:
    return blake2b(value, digest_size=DIGEST_BYTES).digest()


def _read(kafka: str, wrong: list[Arrival], corrected: set[bytes]) -> Iterator[Found]:
    places = {Place(WALLET_TOPIC, a.partition, a.offset): a for a in wrong}
    for place, message in records_at(kafka, places).items():
        leg = _leg(message)
        arrival = places[place]
        data = leg.data
        if arrival.counted:
            name = undone_name(text_hash(data.signature), place.partition)
            can = data.step in UNDOABLE and arrival.outcome == "applied"
            remedy: Literal["undo", "deliver", "by hand", "done"] = "undo" if can else "by hand"
        else:
            name = aside_name(data.program, data.partition, data.sequence, place.partition)
            remedy = "deliver"
        if name.encode() in corrected:
            remedy = "done"
        what: Literal["forged", "displaced"] = "forged" if arrival.counted else "displaced"
        yield Found(what, place, leg, arrival.account, remedy)


def _leg(message: Message) -> Leg:
    leg = decode_wallet(message.value() or b"")
    assert isinstance(leg, Leg), "only legs are asked for"
    return leg


def corrections(
    found: list[Found], signer: tuple[str, bytes], time: datetime
) -> Iterator[Correction]:
    """Yield the signed events that correct what can be."""
    key, secret = signer
    for one in found:
        if one.remedy not in {"undo", "deliver"}:
            continue
        program = one.leg.data.program
        data = CorrectionData(
            program=program,
            step="undo" if one.remedy == "undo" else "deliver",
            leg=one.leg,
            account=one.account,
            key=key,
            signature=UNSIGNED,
        )
        event = Correction(
            id=f"{one.remedy}:{one.place.partition}:{one.place.offset}",
            source="flowdrop/corrections",
            time=time,
            subject=clearing_name(program, one.place.partition),
            data=data,
        )
        yield sign(event, secret)
