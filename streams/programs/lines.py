"""On which line of a TOML file a key is; the parser does not say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Names of tables and keys, and numbers of elements, from 0.
Keys: TypeAlias = "tuple[str | int, ...]"

_HEADER = re.compile(r"^\s*(\[{1,2})\s*([^\[\]]+?)\s*\]{1,2}\s*(#.*)?$")
_KEY = re.compile(r"^\s*([\w-]+)\s*=")
_ELEMENT = re.compile(r"^\s*\{")


def line_of(text: str, path: Sequence[str | int]) -> int:
    """Return the line, from 1, where the value at `path` stands, or as much of it as is written.

    An element of an array is found when it is an inline table on a line of its own; otherwise it is
    the line of the array.
    """
    best, line = 0, 1
    for number, found in _places(text):
        alike = _common(found, path)
        if alike > best and alike == len(found):
            best, line = alike, number
    return line


def _places(text: str) -> Iterator[tuple[int, Keys]]:
    """Yield each line that begins a table, a key or an element, and the path of that."""
    counts: dict[tuple[str, ...], int] = {}
    table: Keys = ()
    key: Keys = ()
    elements = 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            names = tuple(name.strip().strip("\"'") for name in header[2].split("."))
            if header[1] == "[[":
                counts[names] = counts.get(names, -1) + 1
                yield number, (*_numbered(names[:-1], counts), names[-1])
            table = key = _numbered(names, counts)
        elif word := _KEY.match(line):
            key, elements = (*table, word[1]), 0
        elif _ELEMENT.match(line):
            yield number, (*key, elements)
            elements += 1
            continue
        else:
            continue
        yield number, key


def _numbered(names: tuple[str, ...], counts: dict[tuple[str, ...], int]) -> Keys:
    """Return the path of a table, with the number of the last element of each array in it."""
    path: list[str | int] = []
    for end in range(1, len(names) + 1):
        path.append(names[end - 1])
        if names[:end] in counts:
            path.append(counts[names[:end]])
    return tuple(path)


def _common(found: Keys, path: Sequence[str | int]) -> int:
    """Return how many steps two paths have in common at their beginning."""
    alike = 0
    for one, other in zip(found, path, strict=False):
        if one != other:
            break
        alike += 1
    return alike
