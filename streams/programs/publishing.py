"""The events that publish programs' rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import ProgramRules, RulesData
from streams.ledger.accounts import rules_name
from streams.ledger.published import sign
from streams.ledger.times import microseconds
from streams.programs.canonical import text_of
from streams.programs.files import files_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

UNSIGNED = "0" * 64


def rules_events(
    folder: Path, partitions: int, *, secret: bytes, time: datetime
) -> Iterator[ProgramRules]:
    """Yield the signed rules of every program of `folder`, once a partition.

    Args:
        folder: of the programs' files.
        partitions: how many there are.
        secret: the ledger's key.
        time: when they are published; later than those before.

    Raises:
        ProgramError: when a file is wrong, or there is none.
    """
    for path in files_of(folder):
        name, text = path.stem, text_of(path)
        for number in range(partitions):
            subject = rules_name(name, number)
            event = ProgramRules(
                id=f"{subject}:{microseconds(time)}",
                source="flowdrop/programs",
                time=time,
                subject=subject,
                data=RulesData(program=name, rules=text, signature=UNSIGNED),
            )
            yield sign(event, secret)
