"""What a statement is, as far as HTTP must know: an insert followed by data, or text to run.

Only tokens outside quotes, comments and brackets count, so that a column or a string named
FORMAT does not mislead. The engine itself parses everything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    rb"""
      (?P<skip>\s+ | --[^\n]*(?:\n|$) | \#[ !][^\n]*(?:\n|$) | /\*.*?\*/)
    | (?P<quoted>'(?:[^'\\]|\\.)*' | `(?:[^`\\]|\\.)*` | "(?:[^"\\]|\\.)*"
        | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<open>[(\[{]) | (?P<close>[)\]}])
    | (?P<other>[0-9][\w.]* | .)
    """,
    re.VERBOSE | re.DOTALL,
)
_AFTER_FORMAT = re.compile(rb"[ \t\f]*\r?\n?")


@dataclass(frozen=True)
class DataInsert:
    """INSERT ... FORMAT x, whose data follow: `head` ends before FORMAT, data begin at `start`."""

    head: str
    format: str
    start: int


@dataclass(frozen=True)
class Text:
    """Any other statement.

    Attributes:
        first: its first word in capitals, "(" or "".
        format: what its own FORMAT clause names, or None.
        file: it has INTO OUTFILE or FROM INFILE, which a server refuses.
        totals: it has WITH TOTALS.
        values: where the data of an INSERT ... VALUES begin, 0 if there are none.
    """

    first: str
    format: str | None = None
    file: bool = False
    totals: bool = False
    values: int = 0


@dataclass(frozen=True)
class Unfinished:
    """The beginning of an INSERT; more bytes are needed to know which kind."""


def read(text: bytes, *, complete: bool) -> DataInsert | Text | Unfinished:
    """Say what `text` is; `complete` when no more bytes follow it."""
    first = before = ""
    format_name: str | None = None
    file = totals = False
    head = 0  # where FORMAT stands
    for word, token in _words(text):
        named = before == "FORMAT" and word[:1].isalpha()
        if named and first == "INSERT":
            if token.end() == len(text) and not complete:
                return Unfinished()  # the rest of the name may follow
            return _data_insert(text, head, token)
        if named:
            format_name = token[0].decode()
        elif format_name and before == format_name.upper() and word not in ("SETTINGS", ""):
            format_name = None  # it was a column, after all
        elif word == "FORMAT":
            head = token.start()
        elif first == "INSERT" and word in ("SELECT", "WITH"):
            return Text(first)
        elif first == "INSERT" and word == "VALUES" and before != "INTO":
            return Text(first, values=token.end())
        file = file or word in ("OUTFILE", "INFILE")
        totals = totals or (before == "WITH" and word == "TOTALS")
        first, before = first or word, word
    if first == "INSERT" and not complete:
        return Unfinished()
    return Text(first, format_name, file, totals)


def settings(text: bytes) -> dict[str, str]:
    """Return the SETTINGS clause at the end of a statement, without what is not a plain value."""
    found: dict[str, str] = {}
    inside = False
    name = equals = ""
    for word, token in _words(text):
        piece = token[0].decode(errors="replace")
        if inside and name and equals:
            found[name] = piece[1:-1] if piece[:1] == "'" else piece
            name = equals = ""
        elif inside and piece == "=":
            equals = piece
        elif inside and word not in ("", "("):
            name = piece
        inside = (inside and word != "FORMAT") or word == "SETTINGS"
    return found


def names(text: bytes) -> Iterator[str]:
    """Yield every word and quoted name, in brackets too."""
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "word" or token[0][:1] in b'`"':
            yield token[0].decode(errors="replace").strip('`"')


def split_settings(head: str) -> tuple[str, str]:
    """Cut the head of an INSERT before its SETTINGS clause, '' if it has none."""
    text = head.encode()
    before, last = "", b""
    for word, token in _words(text):
        if word == "SETTINGS" and before not in ("INTO", "TABLE") and last != b".":
            return text[: token.start()].decode(), text[token.start() :].decode()
        before, last = word, token[0]
    return head, ""


def _words(text: bytes) -> Iterator[tuple[str, re.Match[bytes]]]:
    """Yield the words outside brackets, in capitals; "(" for a bracket, "" for anything else."""
    depth = 0
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "skip":
            continue
        if kind == "open" and not depth:
            yield "(", token
        elif kind == "word" and not depth:
            yield token[0].decode().upper(), token
        elif not depth and kind != "close":
            yield "", token
        depth += (kind == "open") - (kind == "close")


def _data_insert(text: bytes, head: int, name: re.Match[bytes]) -> DataInsert:
    start = _AFTER_FORMAT.match(text, name.end())
    assert start is not None  # it matches nothing, too
    return DataInsert(text[:head].decode(errors="replace"), name[0].decode(), start.end())
