"""Published rules: a program's file in the log, by which a partition judges from there on.

Files may change; folding a log again must give the same bytes. So a change of rules is an event in
every partition's log, signed by an operator's key, and each partition keeps the latest of each
program in an account of its own. Until the first comes, the worker's files count. Like a leg it is
subject to no window and moves no clock: its time is the operator's, not the log's. What it says
about the time before its own must match what the one before it said: events of that time have been
judged, and others of it may still come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from streams.events import ProgramRules
from streams.events.times import microseconds
from streams.ledger.accounts import rules_name
from streams.ledger.operation import Ours
from streams.ledger.rulebook import program_in
from streams.ledger.signing import is_signed, signature_of
from streams.ledger.terms import Published, packed, published_of
from streams.programs.past import change_of_past

if TYPE_CHECKING:
    from streams.ledger.turn import Turn


def sign(event: ProgramRules, secret: bytes) -> ProgramRules:
    """Return the event with its signature."""
    data = msgspec.structs.replace(event.data, signature=signature_of(_content(event), secret))
    return msgspec.structs.replace(event, data=data)


def _content(event: ProgramRules) -> tuple[object, ...]:
    data = event.data
    return (
        *(event.id, event.source, event.time, event.subject),
        *(data.program, data.rules, data.key),
    )


def take(turn: Turn, event: ProgramRules) -> tuple[str, str]:
    """Judge by an event's rules from now on; return outcome and reason.

    Raises:
        ValueError: when the rules are not the program's.
    """
    book, data = turn.book, event.data
    secret = turn.trust["rules"][data.key]
    if isinstance(secret, str):
        return "refused", secret
    if not is_signed(_content(event), data.signature, secret):
        return "refused", "forged_rules"
    name = rules_name(data.program, book.number)
    if event.subject != name:
        return turn.forward() if book.is_elsewhere(event.subject) else ("refused", "forged_rules")
    account = book.ours(name, "rules", data.program)
    time_us = microseconds(event.time)
    if account.terms and time_us <= published_of(account.terms).time_us:
        return "refused", "stale_rules"
    program = program_in(data.program, data.rules)
    if account.terms:
        before = program_in(data.program, published_of(account.terms).rules)
        if change_of_past(before, program, time_us):
            return "refused", "changes_the_past"
    account.terms = packed(Published(time_us, data.rules))
    book.keep(account)
    turn.rulebook.pop(data.program, None)
    return "applied", ""


OURS = (Ours(event=ProgramRules, judge=take),)
