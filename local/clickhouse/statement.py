"""What a statement is, as far as HTTP must know: an insert with data behind it, or text to run.

Only tokens outside quotes, comments and brackets count, so that a column or a string named
FORMAT does not mislead. The engine itself parses everything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    rb"""
      (?P<skip>\s+ | --[^\n]*(?:\n|$) | \#[ !][^\n]*(?:\n|$) | /\*.*?\*/)
    | (?P<quoted>'(?:[^'\\]|\\.)*' | `(?:[^`\\]|\\.)*` | "(?:[^"\\]|\\.)*")
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
    """

    first: str
    format: str | None = None
    file: bool = False
    totals: bool = False


@dataclass(frozen=True)
class Unfinished:
    """The beginning of an INSERT; more bytes are needed to know which kind."""


def read(text: bytes, *, complete: bool) -> DataInsert | Text | Unfinished:
    """Say what `text` is; `complete` when no more bytes follow it."""
    depth, first, before = 0, "", ""
    format_name: str | None = None
    file = totals = False
    format_at = -1
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "skip":
            continue
        if kind in ("open", "close"):
            depth += 1 if kind == "open" else -1
            first, before = first or "(", ""
            continue
        if kind != "word" or depth:
            before = ""
            continue
        word = token[0].decode().upper()
        if before == "FORMAT":
            format_name = token[0].decode()
            if first == "INSERT":
                if token.end() == len(text) and not complete:
                    return Unfinished()
                start = _AFTER_FORMAT.match(text, token.end())
                assert start is not None
                head = text[:format_at].decode(errors="replace")
                return DataInsert(head, format_name, start.end())
        elif word == "FORMAT":
            format_at = token.start()
        elif first == "INSERT" and word in ("VALUES", "SELECT", "WITH"):
            return Text(first)
        file = file or word in ("OUTFILE", "INFILE")
        totals = totals or (before == "WITH" and word == "TOTALS")
        first, before = first or word, word
    if first == "INSERT" and not complete:
        return Unfinished()
    return Text(first, format_name, file, totals)
