"""The agents: wallet events into the ledger, campaign events into the checked stream."""

from __future__ import annotations

import functools
import logging
from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from flowdrop.room import intake_room
from flowdrop.settings import load
from streams import programs
from streams.events import (
    ACCEPTED_TOPIC,
    CAMPAIGN_TOPIC,
    DEADLETTER_TOPIC,
    POSTINGS_TOPIC,
    WALLET_TOPIC,
    Describe,
    Leg,
    encode,
    partition_of,
)
from streams.events.decoding import Rejection, read_campaign, read_in_parts, read_wallet
from streams.events.identity import event_key
from streams.events.network import without_sender
from streams.events.person import opened, with_number
from streams.events.times import microseconds
from streams.kafka.deadletters import Place, set_aside
from streams.kafka.keyrings import keys_in
from streams.kafka.topics import ACCOUNTS, PEOPLE
from streams.layer.faults import end_process
from streams.layer.table import BatchTable
from streams.layer.transport import BatchSchema
from streams.ledger.accounts import FORMAT, pack, unpack
from streams.ledger.arrivals import pass_over
from streams.ledger.book import Book, Shard
from streams.ledger.fold import fold
from streams.ledger.results import encode_results
from streams.ledger.rules import Rules
from streams.ledger.trust import GENESIS, MissingKeyError, fingerprint_of
from streams.ledger.turn import Turn
from streams.settings import StreamSettings
from streams.worker import people
from streams.worker.checks import Checks, checks_of
from streams.worker.metrics import count

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import faust
    from faust.types import StreamT

    from streams.events import CampaignEvent, WalletEvent
    from streams.layer.batch import Batch
    from streams.layer.table import Work
    from streams.ledger.results import Result
    from streams.worker.metrics import Ended

SHARD_KEY = b"\x00shard"
DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
CHUNK_RECORDS = 256
_NO_RECORDS_FAULT = (MemoryError, MissingKeyError)

_END_OF: Callable[[Result], Ended] = attrgetter("outcome", "reason")

log = logging.getLogger(__name__)


def attach_wallets(app: faust.App, kafka: str, settings: StreamSettings) -> BatchTable:
    """Add the wallet agent to `app`; return the table of accounts."""
    table = BatchTable(
        app,
        name=ACCOUNTS,
        source=WALLET_TOPIC,
        outputs=(POSTINGS_TOPIC, WALLET_TOPIC, CAMPAIGN_TOPIC, DEADLETTER_TOPIC),
        check=check_account,
        **_shared(kafka, settings),
    )
    table.missing = intake_room().missing
    rules = rules_of(settings)

    @app.agent(app.topic(WALLET_TOPIC, schema=BatchSchema()), name="wallets")
    @_ends_process
    async def wallets(stream: StreamT[Any]) -> None:
        nonlocal rules
        async for work in table.batches(stream):
            try:
                fold_batch(work, rules, settings.partitions)
            except MissingKeyError:  # introduced since we began: is it in the settings by now?
                rules = rules_of(load(StreamSettings))
                fold_batch(work, rules, settings.partitions)

    return table


def attach_campaigns(app: faust.App, kafka: str, settings: StreamSettings) -> BatchTable:
    """Add the campaign agent to `app`; return the table of people."""
    table = BatchTable(
        app,
        name=PEOPLE,
        source=CAMPAIGN_TOPIC,
        outputs=(ACCEPTED_TOPIC, CAMPAIGN_TOPIC, DEADLETTER_TOPIC),
        check=check_person,
        **_shared(kafka, settings),
    )
    table.missing = intake_room().missing
    checks = checks_of(settings)

    @app.agent(app.topic(CAMPAIGN_TOPIC, schema=BatchSchema()), name="campaigns")
    @_ends_process
    async def campaigns(stream: StreamT[Any]) -> None:
        async for work in table.batches(stream):
            check_batch(work, checks)

    return table


def rules_of(settings: StreamSettings) -> Rules:
    """Return what determines the ledger's fold."""
    return Rules(
        programs=programs.load(settings.programs),
        window_us=settings.dedup_window_days * DAY_US,
        tolerance_us=settings.future_tolerance_hours * HOUR_US,
        ledger_keys=keys_in(settings.ledger_keys, "ledger_keys"),
        rules_keys=keys_in(settings.rules_keys, "rules_keys"),
    )


class Told(msgspec.Struct):
    """What a batch has yielded so far: results by key, records to set aside, how each ended.

    Those of `opened` are announced to the campaign agent, so that people who only have a wallet
    have numbers too.
    """

    keys: list[bytes | None]
    values: list[bytes]
    aside: list[tuple[int, bytes | None, bytes | None, Rejection]]
    ended: Counter[Ended]
    opened: list[Result]


def fold_batch(work: Work, rules: Rules, partitions: int) -> None:
    """Run the ledger over a batch: each record is applied, refused, forwarded or set aside.

    A record whose fold raises is set aside too: then the batch is folded again from its beginning,
    each record as a batch of its own, so that the others give the results they would have given
    without it.

    Raises:
        MissingKeyError: when the rules lack a key that the log names; nothing has been folded then.
    """
    size = len(work.batch)
    try:
        _fold_part(work, rules, partitions, 0, size)
    except _NO_RECORDS_FAULT:
        raise
    except Exception:
        log.exception("%s partition %d: a fold failed", work.batch.topic, work.partition)
        try:
            for index in range(size):
                _fold_alone(work, rules, partitions, index)
        except MissingKeyError as error:
            raise RuntimeError(str(error)) from error  # some are folded: not to be done again


def _fold_alone(work: Work, rules: Rules, partitions: int, index: int) -> None:
    try:
        _fold_part(work, rules, partitions, index, index + 1)
    except _NO_RECORDS_FAULT:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is that record's
        batch = work.batch
        place = Place(batch.topic, batch.partition, batch.offsets[index])
        detail = f"{type(error).__name__}: {error}"
        set_aside(work.state, place, batch.keys[index], batch.values[index], "fold_failed", detail)
        _pass_over(work, rules, partitions, index)


def _pass_over(work: Work, rules: Rules, partitions: int, index: int) -> None:
    """Let the legs after one that was set aside not wait for it."""
    state, batch = work.state, work.batch
    leg = read_wallet(batch.keys[index], batch.values[index])
    if not isinstance(leg, Leg):
        return
    book = Book(work.partition, partitions, state.get)
    try:
        pass_over(Turn(book, rules), leg)
        changed = {name.encode(): pack(account) for name, account in book.changed.items()}
    except Exception:
        log.exception("%s partition %d: a leg can't be passed over", batch.topic, work.partition)
        return
    state.put_all(changed)


def _fold_part(work: Work, rules: Rules, partitions: int, start: int, stop: int) -> None:
    """Fold some records of a batch; what they change and send is stored at the end, or nothing."""
    state, batch = work.state, work.batch
    shard = _load_shard(state.get(SHARD_KEY), work.partition, partitions, rules)
    book = Book(work.partition, partitions, state.get, shard.clock_us)
    turn = Turn(book, rules)
    told = Told([], [], [], Counter(), [])
    parts = read_in_parts(batch.keys[start:stop], batch.values[start:stop], CHUNK_RECORDS)
    # A few at a time: what is decoded stays in the processor's cache until it is recorded.
    for first, events in zip(range(start, stop, CHUNK_RECORDS), parts, strict=True):
        _fold_chunk(batch, turn, told, slice(first, first + len(events)), events)
    shard.clock_us = book.clock_us
    changed = {name.encode(): pack(account) for name, account in book.changed.items()}
    changed[SHARD_KEY] = msgspec.msgpack.encode(shard)
    # Nothing from here on can fail.
    for offset, key, value, rejection in told.aside:
        place = Place(batch.topic, batch.partition, offset)
        set_aside(state, place, key, value, rejection.reason, rejection.detail)
    for home, sent_key, sent in book.sent:
        state.emit(WALLET_TOPIC, home, sent_key, sent)
    for result in told.opened:
        state.emit(CAMPAIGN_TOPIC, work.partition, result.subject.encode(), encode(opened(result)))
    state.emit_all(POSTINGS_TOPIC, work.partition, told.keys, told.values)
    state.put_all(changed)
    told.ended.update(("deadletter", rejection.reason) for _, _, _, rejection in told.aside)
    count(batch.topic, told.ended)


def _fold_chunk(
    batch: Batch, turn: Turn, told: Told, part: slice, events: list[WalletEvent | Rejection]
) -> None:
    book = turn.book
    keys, values, offsets = batch.keys[part], batch.values[part], batch.offsets[part]
    results = [
        fold(turn, event, offset, arrived_ms * 1000)  # type: ignore[arg-type]
        for event, offset, arrived_ms in zip(
            events, offsets, batch.timestamps_ms[part], strict=True
        )
        if type(event) is not Rejection
    ]
    told.values += encode_results(results)
    told.opened += [
        result for result in results if result.type == "open" and result.outcome == "applied"
    ]
    if [result.outcome for result in results].count("applied") == len(results):
        told.ended["applied", ""] += len(results)
    else:
        told.ended.update(map(_END_OF, results))
    if len(results) == len(events) and not book.strays:
        told.keys += keys
        return
    for event, offset, key, value in zip(events, offsets, keys, values, strict=True):
        if isinstance(event, Rejection):
            told.aside.append((offset, key, value, event))
            continue
        told.keys.append(key)
        if offset in book.strays:
            book.sent.append((partition_of(event.subject, book.partitions), key, value))
    book.strays.clear()


def check_batch(work: Work, checks: Checks) -> None:
    """Pass on each campaign event once; set aside what is broken, early or contradictory."""
    state, batch = work.state, work.batch
    ended: Counter[Ended] = Counter()
    numbers = people.Numbers(state.get(people.NUMBERS_KEY), work.partition, checks.partitions)
    before = numbers.count
    for (offset, key, value), arrived_ms in zip(batch.records(), batch.timestamps_ms, strict=True):
        found = _check(work, checks, numbers, key, value, arrived_ms * 1000)
        if isinstance(found, Rejection):
            place = Place(batch.topic, batch.partition, offset)
            set_aside(state, place, key, value, found.reason, found.detail)
            found = ("deadletter", found.reason)
        ended[found] += 1
    if numbers.count > before:
        state.put(people.NUMBERS_KEY, numbers.record())
    count(batch.topic, ended)


def _check(
    work: Work,
    checks: Checks,
    numbers: people.Numbers,
    key: bytes | None,
    value: bytes | None,
    arrived_us: int,
) -> Ended | Rejection:
    event = read_campaign(key, value)
    if isinstance(event, Rejection):
        return event
    if rejection := checks.reject(event, arrived_us):
        return rejection
    home = partition_of(event.subject, checks.partitions)
    if home != work.partition:
        work.state.emit(CAMPAIGN_TOPIC, home, key, value)
        return "forwarded", ""
    return _pass_on(work, checks, numbers, event)


def _pass_on(
    work: Work, checks: Checks, numbers: people.Numbers, event: CampaignEvent
) -> Ended | Rejection:
    """Pass an event on, with its person's number, unless it has come before."""
    state = work.state
    name = event.subject.encode()
    content = encode(event)
    said = content if (own := without_sender(event)) is event else encode(own)
    time_us = microseconds(event.time)
    event_name = event_key(event.source, event.id)
    person = people.unpack(state.get(name))
    verdict = person.verdict(event_name, said, time_us)
    if verdict == "repeat":
        return "repeat", ""
    if verdict != "new":
        return Rejection(verdict, _SET_ASIDE[verdict].format(event=event))
    person.remember(event_name, said, time_us)
    if not person.number and not isinstance(event, Describe):
        person.number = numbers.next()
    state.put(name, people.pack(person))
    if (kept := checks.kept(event)) is not event:
        content = encode(kept)
    state.emit(ACCEPTED_TOPIC, work.partition, name, with_number(content, person.number))
    return "accepted", ""


_SET_ASIDE = {
    "conflict": "id = {event.id}, source = {event.source}: the person already had an event with "
    "this source and id but different content; give every event an id of its own",
    "forgotten": "time = {event.time}: not later than events of this person that are no longer "
    "remembered, so it may be one of them; it can't be distinguished from a repeat",
}


def _load_shard(packed: bytes | None, number: int, partitions: int, rules: Rules) -> Shard:
    first = fingerprint_of(rules.ledger_keys[GENESIS])
    if packed is None:
        return Shard(number=number, of=partitions, key=first)
    shard = msgspec.msgpack.decode(packed, type=Shard)
    if shard.key != first:
        raise MissingKeyError(
            f"the ledger was written with a different key {GENESIS} from the one in the setting "
            "ledger_keys; set the one that it began with, since everything it signed is checked "
            "with it"
        )
    if shard.of != partitions:
        end_process(
            f"the ledger was written with {shard.of} partitions, but the setting is {partitions}; "
            f"set FLOWDROP_PARTITIONS={shard.of}"
        )
    return shard


def check_account(key: bytes, packed: bytes) -> None:
    """Refuse an account's record of an unknown format when it is recovered, not at first use.

    Raises:
        ValueError: naming the format.
    """
    if packed[:1] != FORMAT and not key.startswith(b"\x00"):
        unpack(key.decode(), packed)


def check_person(key: bytes, packed: bytes) -> None:
    """Refuse a person's record of an unknown format when it is recovered, not at first use.

    Raises:
        ValueError: naming the format.
    """
    if not key.startswith(b"\x00"):
        people.unpack(packed)


def _shared(kafka: str, settings: StreamSettings) -> dict[str, Any]:
    return {
        "bootstrap": kafka,
        "interval_s": settings.transaction_interval_ms / 1000,
        "transaction_timeout_ms": settings.transaction_timeout_ms,
        "partitions": settings.partitions,
    }


def _ends_process(
    body: Callable[[StreamT[Any]], Awaitable[None]],
) -> Callable[[StreamT[Any]], Awaitable[None]]:
    """Let no exception out of an agent, because Faust would acknowledge its event."""

    @functools.wraps(body)
    async def agent(stream: StreamT[Any]) -> None:
        try:
            await body(stream)
        except Exception as error:  # noqa: BLE001 - whatever it is, the batch must come again
            end_process(f"agent {body.__name__}: {error!r}", error)

    return agent


__all__ = [
    "attach_campaigns",
    "attach_wallets",
    "check_batch",
    "fold_batch",
    "rules_of",
]
