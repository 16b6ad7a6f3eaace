"""The rules of invalid traffic: each a query of `sql/invalid/`, whose top says what it is.

To add one, add a file. Its comment says what a row is, then `version`, `since` (the first day whose
events it judges, UTC), `reason` (a sentence) and, if it has them, `parameters` and the `list` that
its query binds: a file beside it with a version of its own.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from sql.client import FOLDER, names, places, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

RULES = FOLDER / "invalid"
_SAYS = re.compile(r"^-- (version|since|parameters|list|reason): (.+)$", re.MULTILINE)
_LISTED = re.compile(r"^# version: (\S+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule, as it stands."""

    name: str
    version: str  # with that of its list: 1, or 1.2
    since: date
    parameters: Mapping[str, float]
    listed: str  # the name of its list, '' for none
    entries: tuple[str, ...]
    reason: str

    @property
    def query(self) -> str:
        """The name of its query."""
        return f"invalid/{self.name}"

    @property
    def bound(self) -> dict[str, Any]:
        """What its query binds, besides the day."""
        return {**self.parameters, **({self.listed: list(self.entries)} if self.listed else {})}

    @property
    def digest(self) -> str:
        """What changes when anything about it does."""
        said = (text(self.query), *self.entries)
        return hashlib.sha256("\n".join(said).encode()).hexdigest()


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule, by name."""
    own = [name for name in names() if name.startswith("invalid/")]
    return tuple(read(name.partition("/")[2]) for name in own)


def read(name: str, folder: Path = RULES) -> Rule:
    """Return one rule.

    Raises:
        ValueError: when the comment on top of it lacks something, or says what it does not bind.
    """
    words = (folder / f"{name}.sql").read_text(encoding="utf-8")
    said = dict(_SAYS.findall(words))
    for key in ("version", "since", "reason"):
        if key not in said:
            raise ValueError(f"{folder / name}.sql: no line `-- {key}: ...` in its comment")
    parameters = dict(_parameters(said.get("parameters", "")))
    listed = said.get("list", "")
    version = said["version"]
    entries: tuple[str, ...] = ()
    if listed:
        of_list, entries = _entries(folder / f"{listed}.txt")
        version = f"{version}.{of_list}"
    rule = Rule(
        name=name,
        version=version,
        since=date.fromisoformat(said["since"]),
        parameters=parameters,
        listed=listed,
        entries=entries,
        reason=said["reason"],
    )
    if folder == RULES and (odd := places(rule.query).keys() ^ {*rule.bound, "begin", "end"}):
        raise ValueError(f"{folder / name}.sql: said on top or bound, but not both: {sorted(odd)}")
    return rule


def _parameters(words: str) -> Iterable[tuple[str, float]]:
    for each in filter(None, words.split(", ")):
        key, _, value = each.partition(" = ")
        yield key, float(value) if "." in value else int(value)


def _entries(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return a list's version and what is in it; what follows a tab is a remark."""
    words = path.read_text(encoding="utf-8")
    found = _LISTED.search(words)
    if found is None:
        raise ValueError(f"{path}: no line `# version: ...` on top")
    lines = (line.strip() for line in words.splitlines() if not line.startswith("#"))
    return found[1], tuple(line.partition("\t")[0] for line in lines if line)
