"""The fold: one event and the book of its partition in, a result out.

    result = fold(book, event, offset, arrived_us)

Its only effect is on the book: accounts, the partition's clock, and the legs to send. No clock, no
randomness, no I/O, so that the log folded again gives the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.events import (
    OPERATION,
    Correction,
    KeyChange,
    Leg,
    PacketClaim,
    PacketShare,
    ProgramRules,
    WaitingReturn,
)
from streams.identity import event_key
from streams.ledger.accounts import claim_name, share_name, waiting_name
from streams.ledger.arrivals import arrive
from streams.ledger.book import Book, Shard, link
from streams.ledger.corrections import correct
from streams.ledger.keys import change
from streams.ledger.published import take
from streams.ledger.recent import digest_of, entry_at, find, remember
from streams.ledger.refusals import CODES, NAMES, NEVER_REMEMBERED, UNANSWERED
from streams.ledger.results import ASKED, NO_POSTINGS, TELL, Result
from streams.ledger.rules import Rules
from streams.ledger.times import DAY_SECONDS, EPOCH, microseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.events import ClientEvent, WalletEvent
    from streams.ledger.accounts import Account

__all__ = ["Book", "Rules", "Shard", "fold", "link", "microseconds"]


def fold(book: Book, event: WalletEvent, offset: int, arrived_us: int) -> Result:
    """Judge one event, do what it says if it may, and tell what became of it.

    Args:
        book: the partition's accounts and clock.
        event: the event.
        offset: where it stands in the partition's log.
        arrived_us: when it was appended there, by the log's own record (microseconds).
    """
    kind, data = type(event), event.data
    operation, tell, ours, beside = _ROWS[kind]
    since = event.time - EPOCH  # its parts are faster than a division by a microsecond
    time_us = (since.days * DAY_SECONDS + since.seconds) * 1_000_000 + since.microseconds
    book.time_us = time_us
    book.event = event
    book.key = event_key(event.source, event.id)
    book.offset = offset
    book.amount = book.legs = book.mb = book.undo = 0
    book.postings = NO_POSTINGS
    book.told = None
    if ours is not None:
        outcome, reason = ours(book, event)
    else:
        outcome, reason = _judge(book, event, operation, beside, arrived_us)  # type: ignore[arg-type]
    postings = book.postings
    moved = abs(postings.amount[0]) if postings is not NO_POSTINGS else 0
    result = Result(
        book.number,
        offset,
        event.id,
        event.source,
        operation,
        event.subject,
        data.program,
        time_us,
        outcome,
        reason,
        moved or book.amount or getattr(data, "amount", None) or 0,
        postings,
    )
    tell(result, data)
    if book.mb:
        result.mb = book.mb
    if book.told is not None:
        for name, value in book.told.items():
            setattr(result, name, value)
    return result


# What is no client's, by the event's type. `Any`: each takes its own type of event.
_OURS: dict[type, Callable[[Book, Any], tuple[str, str]]] = {
    Leg: arrive,
    ProgramRules: take,
    KeyChange: change,
    Correction: correct,
}

# Types of events that an account of their own remembers, and not their subject's.
_BESIDE: dict[type, Callable[[Any], str]] = {
    PacketClaim: lambda event: claim_name(event.subject, event.data.claimer),
    PacketShare: lambda event: share_name(event.subject, event.id),
    WaitingReturn: lambda event: waiting_name(event.data.program, event.subject),
}

# By the event's type: what it is called, what tells its result, and those of the above.
_ROWS = {
    kind: (OPERATION[kind], tell, _OURS.get(kind), _BESIDE.get(kind)) for kind, tell in TELL.items()
}
_REMEMBERED = CODES | {ASKED: UNANSWERED}


def _judge(  # noqa: C901, PLR0912 - the checks in their order
    book: Book,
    event: ClientEvent,
    operation: str,
    beside: Callable[[Any], str] | None,
    arrived_us: int,
) -> tuple[str, str]:
    """Apply a client's event or refuse it, and have its subject remember which."""
    where, data, time_us = event.subject, event.data, book.time_us
    account = memory = book[where]
    if account is None and book.is_elsewhere(where):
        return book.forward()
    if beside is not None:  # a packet need not remember who drew: each has an account
        where = beside(event)
        memory = book[where]
    key, digest = book.key, digest_of(operation, time_us, data)
    if (
        memory is not None
        and memory.recent.find(key) >= 0
        and (at := find(memory.recent, key)) >= 0
    ):
        return _again(memory, at, digest)
    rules = book.rules
    horizon_us = book.clock_us - rules.window_us
    if time_us > arrived_us + rules.tolerance_us:
        reason = "in_the_future"
    elif time_us < horizon_us:
        reason = "too_old"
    elif memory is not None and time_us <= memory.forgotten_us:
        reason = "forgotten"
    elif (offers := book.offers[data.program]) is None and (
        offers := book.judged_by(data.program).offers_at(data.program, time_us)
    ) is None:
        reason = "unknown_program"
    elif (offer := offers.get(type(event))) is None:
        reason = "operation_closed"
    else:
        program, refusal_of, operate = offer
        reason = refusal_of(event.subject, account, program.name) or operate(
            book, event, account, program
        )
    if reason and reason != ASKED:
        if memory is None or reason in NEVER_REMEMBERED or beside is not None:
            return "refused", reason
    elif time_us > book.clock_us:
        book.clock_us = time_us
    memory = memory or book[where]
    assert memory is not None, "what applies an event has made its account"
    undo = 0 if reason else book.undo
    remember(memory, key, digest, time_us, _REMEMBERED[reason], horizon_us, undo)
    book.changed[where] = memory
    if not reason:
        return "applied", ""
    return ("asked", "") if reason == ASKED else ("refused", reason)


def _again(memory: Account, at: int, digest: int) -> tuple[str, str]:
    seen = entry_at(memory.recent, at)
    return ("repeat", NAMES[seen.code]) if seen.content == digest else ("refused", "conflict")
