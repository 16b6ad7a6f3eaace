"""Notes on the data of single campaigns, from `notes.toml`."""

from __future__ import annotations

import functools
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from console.reports.basis import Words

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = Path(__file__).with_name("notes.toml")


@functools.cache
def _all() -> tuple[tuple[str, Words], ...]:
    entries = tomllib.loads(FILE.read_text(encoding="utf-8"))["note"]
    return tuple((e["campaigns"], Words(en=e["en"], zh=e["zh"])) for e in entries)


def notes(campaigns: Iterable[str]) -> tuple[Words, ...]:
    """Return every note that fits one of `campaigns`, each once, in the file's order."""
    names = tuple(campaigns)
    return tuple(
        words for pattern, words in _all() if any(fnmatchcase(name, pattern) for name in names)
    )
