"""What an operation is: a row in the file of its family, from which everything else follows."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - a named tuple's fields
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from streams.events import OPERATION
from streams.ledger import subjects

if TYPE_CHECKING:
    from streams.ledger.accounts import Account
    from streams.ledger.results import Result
    from streams.ledger.turn import Turn

# `Any`: each takes its own type of event, which its row says and the type checker can't follow.
Facts: TypeAlias = "Callable[[Result, Any, Turn], None]"


def no_facts(_result: Result, _data: object, _turn: Turn) -> None:
    """Add nothing to the result."""


class Operation(NamedTuple):
    """What clients may ask for by one type of event.

    Attributes:
        event: the type; its last word is what a program's `operations` calls it.
        run: does it, or returns the name of a refusal. All checks, in the order of
            `refusals.REFUSALS`, come before the first posting.
        subject: what the subject must be, which is checked first.
        facts: adds to the result what only such events report.
        refusals: what it may return, besides what the subject may be refused for.
        memory: the account that remembers the event, where that is not its subject.
    """

    event: type
    run: Callable[[Turn, Any, Any, Any], str]
    subject: Callable[[str, Account | None, str], str] = subjects.anything
    facts: Facts = no_facts
    refusals: tuple[str, ...] = ()
    memory: Callable[[Any], str] | None = None

    @property
    def name(self) -> str:
        """What a program's `operations` calls it."""
        return OPERATION[self.event]


class Ours(NamedTuple):
    """What only the ledger writes, or an operator: it is judged by its signature.

    Attributes:
        event: the type.
        judge: does what it says if it may; returns outcome and reason.
        facts: adds to the result what only such events report.
    """

    event: type
    judge: Callable[[Turn, Any], tuple[str, str]]
    facts: Facts = no_facts
