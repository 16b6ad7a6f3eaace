"""The rules: what is fixed while a ledger runs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from streams.ledger.operations import OPERATIONS
from streams.programs import Program

# A program, what the subject of its operation must be, and the operation.
Offer: TypeAlias = tuple[Program, Callable[..., str], Callable[..., str]]
# What a program offers, by the type of event; `Any` for what the type checker can't follow.
Offers: TypeAlias = dict[type, Any]


class Rules(msgspec.Struct, frozen=True):
    """What is fixed while a ledger runs.

    Attributes:
        programs: by name.
        window_us: microseconds an event may be older than its partition's clock.
        tolerance_us: microseconds an event's time may be after its arrival in the log.
        ledger_keys: secrets that sign legs and draw from packets, by id.
        rules_keys: secrets by which an operator signs rules and keys, by id.
        offers: what each program offers whose rules have never changed.
        dated: of the others the times (microseconds) at which rules begin, and what is offered
            before the first, and from each on.
    """

    programs: Mapping[str, Program]
    window_us: int
    tolerance_us: int
    ledger_keys: Mapping[str, bytes] = {}
    rules_keys: Mapping[str, bytes] = {}
    offers: dict[str, Offers] = {}
    dated: dict[str, tuple[list[int], list[Offers]]] = {}

    def __post_init__(self) -> None:
        """Look up once which operations are open, and when."""
        for name, program in self.programs.items():
            if program.later:
                starts = [later.from_us for later in program.later]
                periods = [program, *(later.program for later in program.later)]
                self.dated[name] = starts, [_offers(period) for period in periods]
            else:
                self.offers[name] = _offers(program)

    def offers_at(self, name: str, time_us: int) -> Offers | None:
        """Return what a program whose rules have changed offers at a time, None for another."""
        if name not in self.dated:
            return None
        starts, offers = self.dated[name]
        return offers[bisect_right(starts, time_us)]

    def program_at(self, name: str, time_us: int) -> Program:
        """Return a program's rules as they were at a time (microseconds)."""
        return self.programs[name].at(time_us)


def _offers(program: Program) -> Offers:
    return {
        kind: (program, refusal_of, operate)
        for kind, (name, refusal_of, operate) in OPERATIONS.items()
        if name in program.operations.open
    }
