"""The fold: one event and the book of its partition in, a result out.

    result = fold(book, event, offset, arrived_us)

Its only effect is on the book: accounts, the partition's clock, and the legs to send. No clock, no
randomness, no I/O, so that the log folded again gives the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.events import OPERATION, Leg, PacketClaim, PacketShare, ProgramRules
from streams.ledger.accounts import claim_name, share_name
from streams.ledger.arrivals import arrive
from streams.ledger.book import Book, Shard, link
from streams.ledger.published import take
from streams.ledger.recent import digest_of, entry_at, find, key_of, remember
from streams.ledger.refusals import CODES, NAMES, NEVER_REMEMBERED
from streams.ledger.results import ASKED, NO_POSTINGS, TELL, Result
from streams.ledger.rules import Rules
from streams.ledger.times import EPOCH, MICROSECOND, microseconds

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
    kind = type(event)
    data = event.data
    book.time_us = time_us = (event.time - EPOCH) // MICROSECOND
    book.event = event
    book.key = key_of(event.id)
    book.offset = offset
    book.amount = book.legs = book.mb = 0
    book.postings = NO_POSTINGS
    book.told = None
    if isinstance(event, Leg):
        outcome, reason = arrive(book, event)
    elif isinstance(event, ProgramRules):
        outcome, reason = take(book, event)
    else:
        outcome, reason = _judge(book, event, time_us, arrived_us)
    postings = book.postings
    moved = abs(postings.amount[0]) if postings is not NO_POSTINGS else 0
    result = Result(
        book.number,
        offset,
        event.id,
        OPERATION[kind],
        event.subject,
        data.program,
        time_us,
        outcome,
        reason,
        moved or book.amount or getattr(data, "amount", None) or 0,
        postings,
    )
    TELL[kind](result, data)
    if book.mb:
        result.mb = book.mb
    if book.told is not None:
        for name, value in book.told.items():
            setattr(result, name, value)
    return result


# Types of events that an account of their own remembers, and not their subject's.
_BESIDE: dict[type, Callable[[Any], str]] = {
    PacketClaim: lambda event: claim_name(event.subject, event.data.claimer),
    PacketShare: lambda event: share_name(event.subject, event.id),
}


def _judge(  # noqa: C901 - the checks in their order
    book: Book, event: ClientEvent, time_us: int, arrived_us: int
) -> tuple[str, str]:
    """Apply a client's event or refuse it, and have its subject remember which."""
    where = event.subject
    account = memory = book[where]
    if account is None and book.is_elsewhere(where):
        return book.forward()
    beside = _BESIDE.get(type(event))
    if beside is not None:  # a packet need not remember who drew: each has an account
        where = beside(event)
        memory = book[where]
    key, digest = book.key, digest_of(event, time_us)
    if (
        memory is not None
        and memory.recent.find(key) >= 0
        and (at := find(memory.recent, key)) >= 0
    ):
        return _again(memory, at, digest)
    rules = book.rules
    horizon_us = book.clock_us - rules.window_us
    latest_us = arrived_us + rules.tolerance_us
    if time_us > latest_us:
        reason = "in_the_future"
    elif time_us < horizon_us:
        reason = "too_old"
    elif memory is not None and time_us <= memory.forgotten_us:
        reason = "forgotten"
    elif (offers := book.offers[event.data.program]) is None and (
        offers := book.judged_by(event.data.program).offers_at(event.data.program, time_us)
    ) is None:
        reason = "unknown_program"
    elif (offer := offers.get(type(event))) is None:
        reason = "operation_closed"
    else:
        program, refusal_of, operate = offer
        reason = refusal_of(event.subject, account, program.name) or operate(
            book, event, account, program
        )
    code = 0
    if reason and reason != ASKED:
        if memory is None or reason in NEVER_REMEMBERED or beside is not None:
            return "refused", reason
        code = CODES[reason]
        time_us = min(time_us, latest_us)
    elif time_us > book.clock_us:
        book.clock_us = time_us
    memory = memory or book[where]
    assert memory is not None, "what applies an event has made its account"
    remember(memory, key, digest, time_us, code, horizon_us)
    book.changed[where] = memory
    return ("refused", reason) if code else ("asked", "") if reason else ("applied", "")


def _again(memory: Account, at: int, digest: int) -> tuple[str, str]:
    seen = entry_at(memory.recent, at)
    return ("repeat", NAMES[seen.code]) if seen.content == digest else ("refused", "conflict")
