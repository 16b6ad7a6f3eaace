"""The fold: one event and the book of its partition in, a result out.

    turn = Turn(book, rules)
    result = fold(turn, event, offset, arrived_us)

Its only effect is on the book: accounts, the partition's clock, and the legs to send. No clock, no
randomness, no I/O, so folding the log again gives the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from xxhash import xxh3_64_intdigest as hashed

from streams.events import OPERATION
from streams.events.identity import event_key
from streams.events.times import DAY_SECONDS, EPOCH
from streams.ledger.operations import OPERATIONS, OURS
from streams.ledger.recent import entry_at, find, remember
from streams.ledger.refusals import CODES, NAMES, NEVER_REMEMBERED, UNANSWERED
from streams.ledger.results import ASKED, NO_POSTINGS, Result
from streams.ledger.turn import NOTHING_FOUND

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.events import ClientEvent, WalletEvent
    from streams.ledger.accounts import Account
    from streams.ledger.turn import Turn

_encode = msgspec.msgpack.Encoder().encode

# By the event's type: what it is called, what builds its result, what judges it if it is not a
# client's; and, if it is, where it is remembered, what its subject must be, and what does it.
# (Plain tuples, which are quicker to take apart than named ones.)
_ROWS: dict[type, tuple[str, Any, Any, Any, Any, Any]] = {
    **{row.event: (OPERATION[row.event], row.facts, row.judge, None, None, None) for row in OURS},
    **{
        row.event: (row.name, row.facts, None, row.memory, row.subject, row.run)
        for row in OPERATIONS
    },
}


def fold(turn: Turn, event: WalletEvent, offset: int, arrived_us: int) -> Result:
    """Judge one event, do what it says if allowed, and return what became of it.

    Args:
        turn: with the partition's accounts and clock, and the rules.
        event: the event.
        offset: where it stands in the partition's log.
        arrived_us: when it was appended there, by the log's own record (microseconds).
    """
    book, data = turn.book, event.data
    operation, facts, ours, beside, refusal_of, run = _ROWS[type(event)]
    since = event.time - EPOCH  # its parts are faster than a division by a microsecond
    time_us = (since.days * DAY_SECONDS + since.seconds) * 1_000_000 + since.microseconds
    turn.time_us = time_us
    turn.event = event
    turn.offset = offset
    turn.amount = turn.legs = turn.mb = turn.undo = 0
    turn.found = NOTHING_FOUND
    book.key = event_key(event.source, event.id)
    book.postings = NO_POSTINGS
    if ours is not None:
        outcome, reason = ours(turn, event)
    else:
        outcome, reason = _judge(turn, event, arrived_us, operation, beside, refusal_of, run)  # type: ignore[arg-type]
    postings = book.postings
    moved = abs(postings.amount[0]) if postings is not NO_POSTINGS else 0
    result = Result(
        source_partition=book.number,
        source_offset=offset,
        event_id=event.id,
        event_source=event.source,
        type=operation,
        subject=event.subject,
        program=data.program,
        time=time_us,
        outcome=outcome,
        reason=reason,
        amount=moved or turn.amount or getattr(data, "amount", None) or 0,
        posting=postings,
    )
    facts(result, data, turn)
    return result


def _judge(  # noqa: C901, PLR0912 - the checks in their order
    turn: Turn,
    event: ClientEvent,
    arrived_us: int,
    operation: str,
    beside: Callable[[Any], str] | None,
    refusal_of: Callable[..., str],
    run: Callable[..., str],
) -> tuple[str, str]:
    """Apply a client's event or refuse it, and have its subject remember which."""
    book, where, data, time_us = turn.book, event.subject, event.data, turn.time_us
    account = memory = book[where]
    if account is None and book.is_elsewhere(where):
        return turn.forward()
    if beside is not None:  # a packet need not remember who drew: each claimer has an account
        where = beside(event)
        memory = book[where]
    key = book.key
    # As `digest_of` has it, without a call: every event comes by here.
    digest = hashed(_encode((operation, time_us, data))) & 0xFFFFFFFF
    if (
        memory is not None
        and memory.recent.find(key) >= 0
        and (at := find(memory.recent, key)) >= 0
    ):
        return _again(memory, at, digest)
    rules = turn.rules
    horizon_us = book.clock_us - rules.window_us
    if time_us > arrived_us + rules.tolerance_us:
        reason = "in_the_future"
    elif time_us < horizon_us:
        reason = "too_old"
    elif memory is not None and time_us <= memory.forgotten_us:
        reason = "forgotten"
    elif (periods := turn.rulebook[data.program]) is None:
        reason = "unknown_program"
    else:
        if (program := periods.only) is None:
            program = periods.at(time_us)
        if operation not in program.open:
            reason = "operation_closed"
        else:
            reason = refusal_of(event.subject, account, program.name) or run(
                turn, event, account, program
            )
    if reason and reason != ASKED:
        if memory is not None and reason not in NEVER_REMEMBERED and beside is None:
            remember(memory, key, digest, time_us, CODES[reason], horizon_us)
            book.changed[where] = memory
        return "refused", reason
    if time_us > book.clock_us:  # noqa: PLR1730 - quicker than `max`
        book.clock_us = time_us
    memory = memory or book[where]
    assert memory is not None, "what applies an event has made its account"
    code = UNANSWERED if reason else 0
    remember(memory, key, digest, time_us, code, horizon_us, turn.undo)
    book.changed[where] = memory
    return ("asked", "") if reason else ("applied", "")


def _again(memory: Account, at: int, digest: int) -> tuple[str, str]:
    seen = entry_at(memory.recent, at)
    return ("repeat", NAMES[seen.code]) if seen.content == digest else ("refused", "conflict")
