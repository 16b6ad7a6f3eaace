"""The agents: wallet events into the ledger, campaign events into the checked stream."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import msgspec

from streams import programs
from streams.deadletters import Place, set_aside
from streams.events import (
    ACCEPTED_TOPIC,
    CAMPAIGN_TOPIC,
    POSTINGS_TOPIC,
    WALLET_TOPIC,
    encode,
    partition_of,
)
from streams.layer.faults import end_process
from streams.layer.table import BatchTable
from streams.layer.transport import BatchSchema
from streams.ledger.accounts import Account, pack, unpack
from streams.ledger.fold import Rules, Shard, fold, microseconds
from streams.ledger.recent import digest_of
from streams.ledger.results import encode_result, result_of
from streams.people import entry_of, remember, verdict
from streams.reading import Rejection, read_campaign, read_wallet
from streams.topics import ACCOUNTS, PEOPLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import faust
    from faust.types import StreamT

    from streams.events import CampaignEvent
    from streams.layer.table import Work
    from streams.settings import StreamSettings

SHARD_KEY = b"\x00shard"
DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000


def attach_wallets(app: faust.App, kafka: str, settings: StreamSettings) -> BatchTable:
    """Add the wallet agent to `app`; return the table of accounts."""
    table = _table(app, ACCOUNTS, WALLET_TOPIC, kafka, settings)
    rules = rules_of(settings)

    @app.agent(app.topic(WALLET_TOPIC, schema=BatchSchema()), name="wallets")
    @_ends_process
    async def wallets(stream: StreamT[Any]) -> None:
        async for work in table.batches(stream):
            fold_batch(work, rules, settings.partitions)

    return table


def attach_campaigns(app: faust.App, kafka: str, settings: StreamSettings) -> BatchTable:
    """Add the campaign agent to `app`; return the table of people."""
    table = _table(app, PEOPLE, CAMPAIGN_TOPIC, kafka, settings)
    tolerance_us = settings.future_tolerance_hours * HOUR_US

    @app.agent(app.topic(CAMPAIGN_TOPIC, schema=BatchSchema()), name="campaigns")
    @_ends_process
    async def campaigns(stream: StreamT[Any]) -> None:
        async for work in table.batches(stream):
            check_batch(work, tolerance_us, settings.partitions)

    return table


def rules_of(settings: StreamSettings) -> Rules:
    """Return what the ledger's fold is fixed by."""
    return Rules(
        programs=programs.load(settings.programs),
        window_us=settings.dedup_window_days * DAY_US,
        tolerance_us=settings.future_tolerance_hours * HOUR_US,
        secret=settings.ledger_secret.get_secret_value().encode(),
    )


def fold_batch(work: Work, rules: Rules, partitions: int) -> None:
    """Run the ledger over a batch: each record is applied, refused, forwarded or set aside."""
    state, batch = work.state, work.batch
    shard = _load_shard(state.get(SHARD_KEY), work.partition, partitions)
    accounts: dict[str, Account | None] = {}
    changed: set[str] = set()

    def get(name: str) -> Account | None:
        if name not in accounts:
            packed = state.get(name.encode())
            accounts[name] = unpack(packed) if packed is not None else None
        return accounts[name]

    for (offset, key, value), arrived_ms in zip(batch.records(), batch.timestamps_ms, strict=True):
        event = read_wallet(key, value)
        if isinstance(event, Rejection):
            place = Place(batch.topic, batch.partition, offset)
            set_aside(state, place, key, value, event.reason, event.detail)
            continue
        outcome = fold(get, shard, event, digest_of(event), offset, arrived_ms * 1000, rules)
        if outcome.reason == "wrong_partition":
            state.emit(WALLET_TOPIC, partition_of(event.subject, partitions), key, value)
            outcome = msgspec.structs.replace(outcome, outcome="forwarded", reason="")
        accounts.update(outcome.changed)
        changed.update(outcome.changed)
        shard.clock_us = outcome.clock_us
        for leg in outcome.legs:
            home = partition_of(leg.subject, partitions)
            state.emit(WALLET_TOPIC, home, leg.subject.encode(), encode(leg))
        result = result_of(event, outcome, work.partition, offset)
        state.emit(POSTINGS_TOPIC, work.partition, key, encode_result(result))
    for name in changed:
        account = accounts[name]
        state.put(name.encode(), pack(account) if account is not None else None)
    state.put(SHARD_KEY, msgspec.msgpack.encode(shard))


def check_batch(work: Work, tolerance_us: int, partitions: int) -> None:
    """Pass on each campaign event once; set aside what is broken, early or contradictory."""
    state, batch = work.state, work.batch
    for (offset, key, value), arrived_ms in zip(batch.records(), batch.timestamps_ms, strict=True):
        place = Place(batch.topic, batch.partition, offset)
        event = read_campaign(key, value)
        if isinstance(event, Rejection):
            set_aside(state, place, key, value, event.reason, event.detail)
            continue
        early_us = microseconds(event.time) - arrived_ms * 1000 - tolerance_us
        if early_us > 0:
            detail = f"time is {event.time.isoformat()}, after the record's arrival"
            set_aside(state, place, key, value, "in_the_future", detail)
            continue
        home = partition_of(event.subject, partitions)
        if home != work.partition:
            state.emit(CAMPAIGN_TOPIC, home, key, value)
            continue
        _pass_on(work, place, key, value, event)


def _pass_on(
    work: Work, place: Place, key: bytes | None, value: bytes | None, event: CampaignEvent
) -> None:
    state = work.state
    person = event.subject.encode()
    content = encode(event)
    entry = entry_of(event.id, content)
    remembered = state.get(person) or b""
    match verdict(remembered, entry):
        case "new":
            state.put(person, remember(remembered, entry))
            state.emit(ACCEPTED_TOPIC, work.partition, person, content)
        case "conflict":
            detail = f"id {event.id} was used before with other content"
            set_aside(state, place, key, value, "conflict", detail)


def _load_shard(packed: bytes | None, number: int, partitions: int) -> Shard:
    if packed is None:
        return Shard(number=number, of=partitions)
    shard = msgspec.msgpack.decode(packed, type=Shard)
    if shard.of != partitions:
        end_process(
            f"the ledger was written with {shard.of} partitions, the setting says {partitions}; "
            f"set FLOWDROP_PARTITIONS={shard.of}"
        )
    return shard


def _table(
    app: faust.App, name: str, source: str, kafka: str, settings: StreamSettings
) -> BatchTable:
    return BatchTable(
        app,
        name=name,
        source=source,
        bootstrap=kafka,
        interval_s=settings.transaction_interval_ms / 1000,
        partitions=settings.partitions,
    )


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
