"""The verdicts on a day's events: what the rules say now, and what that changes of what holds."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Row = dict[str, Any]

NAME = ("campaign", "kind", "person", "source", "id")
FACTS = (
    *("campaign", "kind", "number", "person", "source", "id", "time", "partition"),
    *("channel", "format", "creative", "paid", "measurable", "viewable", "cents"),
)
COLUMNS = (*FACTS, "rule", "version", "sign", "counted", "reason")


class By(NamedTuple):
    """Which rule says so, in which version."""

    rule: str
    version: str


Verdicts = dict[tuple[Any, ...], dict[By, "Row"]]


def by_event(rows: Iterable[tuple[By, Row]]) -> Verdicts:
    """Return verdicts by the name of their event; twice the same is once."""
    found: Verdicts = defaultdict(dict)
    for by, row in rows:
        found[tuple(row[name] for name in NAME)][by] = row
    return found


def changes(wanted: Verdicts, held: Verdicts, reasons: Mapping[By, str]) -> Iterator[Row]:
    """Yield the rows that make what holds what is wanted.

    The rows of an event follow each other, and each is right by itself after those before it: if
    an insert ends in the middle, judging again adds what is missing.

    Args:
        wanted: what the rules say now.
        held: what holds.
        reasons: why a verdict is taken back, where somebody said so.
    """
    for name in sorted(wanted.keys() | held.keys()):
        new, old = wanted.get(name, {}), held.get(name, {})
        standing = len(old)
        for by in sorted(new.keys() - old.keys()):
            yield _row(new[by], by, sign=1, counted=int(standing == 0), reason="")
            standing += 1
        for by in sorted(old.keys() - new.keys()):
            standing -= 1
            why = reasons.get(by, CHANGED)
            yield _row(old[by], by, sign=-1, counted=-int(standing == 0), reason=why)


CHANGED = "by the rule as it stands the event is valid"


def _row(facts: Row, by: By, *, sign: int, counted: int, reason: str) -> Row:
    return {
        **{name: facts[name] for name in FACTS},
        **by._asdict(),
        "sign": sign,
        "counted": counted,
        "reason": reason,
    }
