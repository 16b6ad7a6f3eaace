"""When a program's file binds it to its reserve."""

from __future__ import annotations

from datetime import UTC, time
from typing import TYPE_CHECKING

from console.programs import program_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from streams.programs import Reserve

_MIDNIGHT = time(tzinfo=UTC)


def bound(programs: Path, program: str) -> str:
    """Return when the table `reserve` of its file binds a program: `always`, dates, '' for never.

    Raises:
        ProgramError: when the file can't be read.
    """
    found = program_of(programs, program)
    if found is None:
        return ""
    periods = (found.reserve, *(later.program.reserve for later in found.later))
    return ", ".join(_dates(one) for one in dict.fromkeys(periods) if one is not None)


def _dates(table: Reserve) -> str:
    dates = (("from", table.since), ("until", table.until))
    return " ".join(f"{key} {_written(day)}" for key, day in dates if day is not None) or "always"


def _written(moment: datetime) -> str:
    """Return a moment as files write it: a day without an hour is one that begins in UTC."""
    return (moment.date() if moment.timetz() == _MIDNIGHT else moment).isoformat()
