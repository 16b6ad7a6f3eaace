"""A program as people read it: what is in force at a time, each entry with its source."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from streams.events.times import EPOCH, MICROSECOND, microseconds
from streams.programs.entries import Who
from streams.programs.files import TABLES, TABLES_OF_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.programs.entries import Carrier, Entry, Operations, Program

_WHO = get_args(Who)
_ORIGINS = ("source", "assumption")


def body_of(program: Program, moment: datetime) -> dict[str, Any]:
    """Return the rules in force at `moment` as plain values: one section per table of the file.

    Args:
        program: as `read` gives it, from the beginning.
        moment: the time.
    """
    now = microseconds(moment)
    there = program.at(now)
    before = [later.from_us for later in program.later if later.from_us <= now]
    after = [later.from_us for later in program.later if later.from_us > now]
    body: dict[str, Any] = {
        "program": there.name,
        "zh": there.title.zh,
        "en": there.title.en,
        "owner": there.owner.en,
        "at": moment,
        "from": _time(before[-1]) if before else None,
        "until": _time(after[0]) if after else None,
    }
    for section in TABLES:
        entry = getattr(there, section)
        body[section] = None if entry is None else _row(entry)
    for section in TABLES_OF_TABLES:
        entries = getattr(there, section).items()
        body[section] = [{"name": name, **_row(entry)} for name, entry in entries]
    body["operations"] = _operations(there.operations)
    for row in body["carriers"]:
        row["price"] = price_of(there.carriers[row["name"]])
        row["gate"] = gate_of(there, row["name"], moment)
    if body["redemption"] is not None:
        body["redemption"]["data_redeemed_then_expires"] = there.data_expires(moment)
    return body


def lines_of(body: dict[str, Any]) -> Iterator[str]:
    """Yield what `body_of` gave as lines for people."""
    yield f"{body['zh']} {body['en']} ({body['program']}), {body['owner']}"
    period = f", from {body['from']}" if body["from"] else ""
    period += f", until {body['until']}" if body["until"] else ""
    yield f"in force at {body['at']}{period}"
    for section in (*TABLES, *TABLES_OF_TABLES):
        found = body[section]
        if found:
            yield section
            rows = found if isinstance(found, list) else [found]
            yield from (f"  {_line(row)}" for row in rows)


def _line(row: dict[str, Any]) -> str:
    words = [row["name"]] if "name" in row else []
    words += [row[key] for key in ("zh", "en") if key in row]
    facts = [
        f"{key.replace('_', ' ')} {_said(value)}"
        for key, value in row.items()
        if key not in {"name", "zh", "en", "tiers", "gates", "coins_per_mb", *_ORIGINS}
        and value not in (None, [], "")
    ]
    origins = [f"[{key}: {row[key]}]" for key in _ORIGINS if row[key]]
    said = ": ".join(filter(None, (" ".join(words), "; ".join(facts))))
    return " ".join((said, *origins))


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _row(entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(entry, builtin_types=(datetime,))
    return {**row.pop("title", {}), **row}


def _operations(operations: Operations) -> dict[str, Any]:
    """Return whose each operation is, and where that comes from."""
    row = _row(operations)
    who = row.pop("who")
    opened = sorted(row.pop("open"))
    whose = {kind: [name for name in opened if who.get(name, "person") == kind] for kind in _WHO}
    return {**whose, **row}


def price_of(carrier: Carrier) -> str:
    """Return what a carrier offers, in words."""
    if carrier.tiers:
        return ", ".join(f"{tier.mb} MB for {tier.coins}" for tier in carrier.tiers)
    if carrier.coins_per_mb is not None:
        return f"any number of MB, {carrier.coins_per_mb} each"
    return "any number of coins"


def gate_of(program: Program, name: str, moment: datetime) -> str:
    """Return whether a carrier's gate is closed, for whom, since when, and what remains open.

    Args:
        program: the rules in force at `moment`.
        name: the carrier's.
        moment: the time.
    """
    gates = program.carriers[name].gates
    if not gates:
        is_open = program.may_redeem_on(moment)
        return "open" if is_open else "closed for everyone: it is the last day of the month"
    gate = gates[0]
    whom = "everyone" if gate.closed == "all" else "numbers of other networks"
    since = "" if gate.since is None else f" since {gate.since.isoformat()}"
    until = "" if gate.until is None else f" until {gate.until.isoformat()}"
    ways = [other for other, one in program.carriers.items() if not one.gates]
    if gate.closed == "others":
        ways.insert(0, f"{name} for its own numbers")
    return f"closed for {whom}{since}{until}; open: {', '.join(ways) or 'none'}"


def _time(time_us: int) -> datetime:
    return EPOCH + time_us * MICROSECOND
