"""A program's file as one text that is the same for the same rules, and back."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import msgspec

from streams.programs.files import read, read_values, with_times

if TYPE_CHECKING:
    from pathlib import Path

    from streams.programs.entries import Program

_encode = msgspec.json.Encoder(order="sorted").encode


def text_of(path: Path) -> str:
    """Return the rules in the file `path` as JSON: keys sorted, dates as moments in UTC.

    Raises:
        ProgramError: when the file is wrong.
    """
    read(path)
    return _encode(with_times(tomllib.loads(path.read_text(encoding="utf-8")))).decode()


def program_of(name: str, text: str) -> Program:
    """Return the program that `text_of` gave the rules of.

    Raises:
        ValueError: if they are not those of a program of that name.
    """
    return read_values(name, _without_retired(msgspec.json.decode(text)))


def _without_retired(values: Any) -> Any:
    """Return rules without what files may no longer say: logs keep what was published.

    A rule of compliance could state as `coins` what a reserve backs; [reserve] binds it.
    """
    rules = values.get("compliance", {}) if isinstance(values, dict) else {}
    for periods in rules.values():
        for rule in periods if isinstance(periods, list) else [periods]:
            rule.pop("coins", None)
    return values
