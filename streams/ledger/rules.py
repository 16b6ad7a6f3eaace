"""The rules: what is fixed while a ledger runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from streams.ledger.operations import OPERATIONS
from streams.programs import Program

# A program, what the subject of its operation must be, and the operation.
Offer = tuple[Program, Callable[..., str], Callable[..., str]]


class Rules(msgspec.Struct, frozen=True):
    """What is fixed while a ledger runs.

    Attributes:
        programs: by name.
        window_us: microseconds an event may be older than its partition's clock.
        tolerance_us: microseconds an event's time may be after its arrival in the log.
        secret: key that signs legs and draws from packets.
        offers: what each program offers, by its name and the type of event.
    """

    programs: Mapping[str, Program]
    window_us: int
    tolerance_us: int
    secret: bytes
    offers: dict[str, dict[type, Any]] = {}

    def __post_init__(self) -> None:
        """Look up once which operations are open."""
        for program in self.programs.values():
            self.offers[program.name] = {
                kind: (program, refusal_of, operate)
                for kind, (name, refusal_of, operate) in OPERATIONS.items()
                if name in program.operations.open
            }
