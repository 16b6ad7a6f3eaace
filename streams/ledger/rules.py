"""The rules that a ledger begins with: what is fixed while it runs."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - a struct's fields are looked up

import msgspec

from streams.programs import Program  # noqa: TC001 - likewise


class Rules(msgspec.Struct, frozen=True):
    """What is fixed while a ledger runs.

    Attributes:
        programs: by name, until others are published.
        window_us: microseconds an event may be older than its partition's clock.
        tolerance_us: microseconds an event's time may be after its arrival in the log.
        ledger_keys: secrets that sign legs and draw from packets, by id.
        rules_keys: secrets by which an operator signs rules and keys, by id.
    """

    programs: Mapping[str, Program]
    window_us: int
    tolerance_us: int
    ledger_keys: Mapping[str, bytes] = {}
    rules_keys: Mapping[str, bytes] = {}
