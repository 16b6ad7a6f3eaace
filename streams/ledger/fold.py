"""The fold: accounts of a partition and an event in, what changes out.

    outcome = fold(get, shard, event, digest_of(event), offset, arrived_us, rules)

Pure: no clock, no randomness, no I/O. The caller stores `outcome.changed` whole before the next
event, appends `outcome.legs` with it, and sets `shard.clock_us` to `outcome.clock_us`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from streams.events import Leg, WalletEvent, partition_of
from streams.ledger.accounts import BALANCE_MAX, Account, clearing_name, suspense_name
from streams.ledger.case import (
    NO_POSTINGS,
    Case,
    Effect,
    Get,
    Move,
    Outcome,
    Postings,
    Rules,
    Shard,
    Side,
)
from streams.ledger.legs import is_genuine, next_offset, with_arrival
from streams.ledger.operations import OPERATIONS
from streams.ledger.recent import Entry, find, forget, key_of, remember
from streams.ledger.refusals import CODES, NAMES, NEVER_REMEMBERED

__all__ = ["Outcome", "Postings", "Rules", "Shard", "fold", "link", "microseconds"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CHAIN_FACTOR = 0x9E3779B97F4A7C15
_64_BITS = 2**64 - 1


def fold(
    get: Get,
    shard: Shard,
    event: WalletEvent,
    digest: bytes,
    offset: int,
    arrived_us: int,
    rules: Rules,
) -> Outcome:
    """Judge one event and say what it changes.

    Args:
        get: reads an account of this partition, None when there is none.
        shard: the partition and its clock.
        event: the event.
        digest: `digest_of(event)`, its content's hash.
        offset: where it stands in the partition's log.
        arrived_us: when it was appended there, by the log's own record (microseconds).
        rules: programs, window, tolerance, key.

    Returns:
        The outcome; nothing has been changed yet.
    """
    time_us = microseconds(event.time)
    if type(event) is Leg:
        return _receive(get, shard, event, time_us, rules)
    account = get(event.subject)
    if account is None and partition_of(event.subject, shard.of) != shard.number:
        return _refused("wrong_partition", time_us, shard)
    key = key_of(event.id)
    seen = find(account.recent, key) if account is not None else None
    if seen is not None:
        return _again(seen, digest, time_us, shard)
    horizon_us = shard.clock_us - rules.window_us
    latest_us = arrived_us + rules.tolerance_us
    memory = Memory(event.subject, key, digest[:4], min(time_us, latest_us), horizon_us)
    effect: Effect | str = _untimely(time_us, account, horizon_us, latest_us)
    effect = effect or _effect(get, shard, event, account, offset, rules)
    if not isinstance(effect, str):
        return _post(effect, key, time_us, max(shard.clock_us, time_us), memory)
    if account is not None and effect not in NEVER_REMEMBERED:
        return _refused(effect, time_us, shard, {event.subject: memory.of(account, effect)})
    return _refused(effect, time_us, shard)


def microseconds(time: datetime) -> int:
    """Return `time` as microseconds since 1970, UTC."""
    return (time - _EPOCH) // _MICROSECOND


def link(chain: int, key: bytes, amount: int) -> int:
    """Return an account's chain after a posting of `amount` by the event whose id hashes to `key`.

    64 bits, and not keyed: it finds what was lost, altered or swapped by accident or by a bug; who
    can write the changelog can write the chain as well.
    """
    return ((chain ^ int.from_bytes(key, "little")) * _CHAIN_FACTOR + amount) & _64_BITS


class Memory(msgspec.Struct, frozen=True, gc=False):
    """How an event is remembered by its subject's account; see `recent.py`."""

    subject: str
    key: bytes
    content: bytes
    time_us: int
    horizon_us: int

    def added_to(self, account: Account, code: int) -> tuple[bytes, int]:
        """Return what `recent` and `forgotten_us` of `account` become."""
        kept, dropped_us = forget(account.recent, self.horizon_us)
        recent = remember(kept, self.key, self.content, self.time_us, code)
        return recent, max(account.forgotten_us, dropped_us)

    def of(self, account: Account, reason: str) -> Account:
        """Return `account` remembering a refused event, its balances and version as they are."""
        recent, forgotten_us = self.added_to(account, CODES[reason])
        return msgspec.structs.replace(account, recent=recent, forgotten_us=forgotten_us)


def _again(seen: Entry, digest: bytes, time_us: int, shard: Shard) -> Outcome:
    if seen.content != digest[:4]:
        return _refused("conflict", time_us, shard)
    return Outcome("repeat", NAMES[seen.code], time_us, shard.clock_us, NO_POSTINGS, {})


def _untimely(time_us: int, account: Account | None, horizon_us: int, latest_us: int) -> str:
    if time_us > latest_us:
        return "in_the_future"
    if time_us < horizon_us:
        return "too_old"
    if account is not None and time_us <= account.forgotten_us:
        return "forgotten"
    return ""


def _effect(
    get: Get,
    shard: Shard,
    event: WalletEvent,
    account: Account | None,
    offset: int,
    rules: Rules,
) -> Effect | str:
    program = rules.programs.get(event.data.program)
    if program is None:
        return "unknown_program"
    name, operation = OPERATIONS[type(event)]
    if name not in program.operations.open:
        return "operation_closed"
    return operation(Case(get, shard, rules, program, account, offset), event)


def _post(
    effect: Effect, key: bytes, time_us: int, clock_us: int, memory: Memory | None = None
) -> Outcome:
    changed: dict[str, Account] = {}
    kinds: list[str] = []
    amounts, balances, versions = [], [], []
    for move in effect.moves:
        name, account, amount = move.side.name, move.side.account, move.amount
        recent, forgotten_us = account.recent, account.forgotten_us
        if memory is not None and name == memory.subject:
            recent, forgotten_us = memory.added_to(account, 0)
        posted, version = account.posted + amount, account.version + 1
        changed[name] = Account(
            account.kind,
            account.program,
            posted,
            account.pending,
            version,
            account.state,
            link(account.chain, key, amount),
            forgotten_us,
            recent,
            account.arrived,
        )
        kinds.append(account.kind)
        amounts.append(amount)
        balances.append(posted)
        versions.append(version)
    postings = Postings(list(changed), kinds, amounts, balances, versions)
    return Outcome("applied", "", time_us, clock_us, postings, changed, effect.legs)


def _receive(get: Get, shard: Shard, leg: Leg, time_us: int, rules: Rules) -> Outcome:
    """Credit a leg; a genuine one can't be refused: what a wallet can't take goes to suspense.

    It moves no clock and is exempt from the window: its transaction appended it exactly once.
    """
    data = leg.data
    if not is_genuine(leg, rules.secret):
        return _refused("forged_leg", time_us, shard)
    payee = get(leg.subject)
    if payee is None and partition_of(leg.subject, shard.of) != shard.number:
        return _refused("wrong_partition", time_us, shard)
    name = clearing_name(data.program, shard.number)
    clearing = get(name) or Account("clearing", data.program)
    if data.offset < next_offset(clearing.arrived, data.partition):
        return _refused("repeated_leg", time_us, shard)
    arrived = with_arrival(clearing.arrived, data.partition, data.offset)
    clearing = msgspec.structs.replace(clearing, arrived=arrived)
    if payee and payee.takes(data.program) and payee.posted + data.amount <= BALANCE_MAX:
        credited = Side(leg.subject, payee)
    else:
        name_of_suspense = suspense_name(data.program, shard.number)
        suspense = get(name_of_suspense) or Account("suspense", data.program)
        credited = Side(name_of_suspense, suspense)
    moves = (Move(Side(name, clearing), -data.amount), Move(credited, data.amount))
    return _post(Effect(moves), key_of(leg.id), time_us, shard.clock_us)


def _refused(
    reason: str, time_us: int, shard: Shard, changed: dict[str, Account] | None = None
) -> Outcome:
    return Outcome("refused", reason, time_us, shard.clock_us, NO_POSTINGS, changed or {})
