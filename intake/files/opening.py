"""Opening balances: by which operation of which program they are brought, and whether it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from intake.mapping.expressions import Constant
from streams.events import Earn
from streams.events.times import microseconds
from streams.programs.compiled import compiled
from streams.programs.files import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from intake.mapping import Mapping as Mapped
    from intake.mapping.rules import Rule
    from streams.programs.entries import Program


def told(mapping: Mapped, folder: Path) -> Iterator[str]:
    """Yield a sentence for each type of wallet event that may be brought as opening balances.

    Args:
        mapping: which says so in `[late]`; one that does not gives no sentence.
        folder: of the programs' files.
    """
    if mapping.late is None:
        return
    programs = load(folder)
    for rule in mapping.rules:
        if rule.is_of_wallets:
            yield f"{rule.operation}, dated {mapping.late.at:%Y-%m-%d %H:%M} UTC: " + _allowed(
                mapping, rule, programs
            )


def _allowed(mapping: Mapped, rule: Rule, programs: Mapping[str, Program]) -> str:
    assert mapping.late is not None
    name = _given(rule, "program")
    if name is None:
        return "the program is each row's, and says what it allows"
    if name not in programs:
        return f"there is no program {name!r}, so the ledger will refuse it"
    rules = compiled(programs[name]).at(microseconds(mapping.late.at))
    if rule.operation not in rules.open:
        return f"program {name} does not allow it then, so the ledger will refuse it"
    activity = mapping.late.activity or _given(rule, "activity")
    if rule.kind is not Earn or activity is None:
        return f"program {name} allows it"
    if activity not in rules.earn:
        return (
            f"program {name} has no activity {activity!r}; name one of {', '.join(rules.earn)} as "
            "`activity` in [late]"
        )
    return f"program {name} allows it, by the activity {activity!r} and its limits"


def _given(rule: Rule, name: str) -> Any:
    """Return what the mapping itself gives for a field, None if a row does."""
    for field in rule.fields:
        if field.path == (name,) and isinstance(field.node, Constant):
            return field.node.value
    return None
