"""The expressions of a mapping: columns, texts, numbers, arithmetic, joining, tables, comparing.

    or       := and ("or" and)*
    and      := not ("and" not)*
    not      := "not" not | compared
    compared := joined (("==" | "!=" | "<" | "<=" | ">" | ">=") joined)?
    joined   := sum ("&" sum)*
    sum      := product (("+" | "-") product)*
    product  := factor (("*" | "/") factor)*
    factor   := "-" factor | number | text | name | name "(" or, ... ")" | name "[" or "]"
              | "(" or ")"

A text is in quotes; `true` and `false` stand for themselves. A name is a column, with
dots for what is nested; one with other signs is in backquotes. `channels[code]` looks
up in the mapping's table `channels`.
Nothing is ever evaluated as Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

LENGTH_MAX = 2_000
DEPTH_MAX = 50

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?)
      | (?P<text>'[^']*'|"[^"]*")
      | (?P<column>`[^`]+`)
      | (?P<name>[^\W\d][\w]*(?:\.\w+)*)
      | (?P<sign>==|!=|<=|>=|[-+*/&()<>,\[\]])
    )""",
    re.VERBOSE,
)
_COMPARING = frozenset({"==", "!=", "<", "<=", ">", ">="})
TRUTHS = {"true": True, "false": False}
_WORDS = frozenset({"and", "or", "not"})
RESERVED = _WORDS | TRUTHS.keys()  # what is no column as it stands

# How many arguments each function takes.
FUNCTIONS: dict[str, tuple[int, int]] = {
    "default": (2, 2),
    "list": (2, 2),
    "lower": (1, 1),
    "network": (1, 1),
    "number": (1, 1),
    "present": (1, 1),
    "replace": (3, 3),
    "round": (1, 1),
    "text": (1, 1),
    "truth": (1, 1),
    "upper": (1, 1),
    "year": (1, 1),
}


class ExpressionError(ValueError):
    """An expression that can't be read; the sentence gives the place."""


@dataclass(frozen=True)
class Constant:
    """A text, number or truth that the mapping gives."""

    value: object


@dataclass(frozen=True)
class Column:
    """What a row has in a column."""

    name: str


@dataclass(frozen=True)
class Operation:
    """A sign between two: arithmetic, `&`, a comparison, `and` or `or`."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Call:
    """One of `FUNCTIONS`, or `-` or `not` of one argument."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Lookup:
    """What a table of the mapping has under a key."""

    table: str
    key: Node


Node: TypeAlias = "Constant | Column | Operation | Call | Lookup"


def parse(text: str) -> Node:
    """Return what an expression says.

    Raises:
        ExpressionError: when it says nothing that can be read.
    """
    if len(text) > LENGTH_MAX:
        raise ExpressionError(f"{len(text):,} characters; at most {LENGTH_MAX:,} are read")
    return _Parser(text).whole()


def columns_of(node: Node) -> tuple[str, ...]:
    """Return the columns that an expression reads, each once, in the order of their places."""
    return tuple(dict.fromkeys(_columns(node)))


def _columns(node: Node) -> Iterator[str]:
    match node:
        case Column(name):
            yield name
        case Operation(_, left, right):
            yield from _columns(left)
            yield from _columns(right)
        case Call(_, arguments):
            for argument in arguments:
                yield from _columns(argument)
        case Lookup(_, key):
            yield from _columns(key)
        case _:
            pass


def tables_of(node: Node) -> set[str]:
    """Return the lookup tables that an expression names."""
    match node:
        case Operation(_, left, right):
            return tables_of(left) | tables_of(right)
        case Call(_, arguments):
            return {table for argument in arguments for table in tables_of(argument)}
        case Lookup(table, key):
            return {table, *tables_of(key)}
        case _:
            return set()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        found = self._either()
        if self._at < len(self._tokens):
            raise self._error("nothing may follow here")
        return found

    # -- from the loosest to the tightest ----------------------------------------------------------

    def _either(self) -> Node:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise self._error(f"more than {DEPTH_MAX} brackets in each other")
        found = self._both()
        while self._take("or"):
            found = Operation("or", found, self._both())
        self._depth -= 1
        return found

    def _both(self) -> Node:
        found = self._negated()
        while self._take("and"):
            found = Operation("and", found, self._negated())
        return found

    def _negated(self) -> Node:
        negations = 0
        while self._take("not"):
            negations += 1
        found = self._compared()
        return Call("not", (found,)) if negations % 2 else found

    def _compared(self) -> Node:
        found = self._joined()
        if sign := self._take(*_COMPARING):
            return Operation(sign, found, self._joined())
        return found

    def _joined(self) -> Node:
        found = self._sum()
        while self._take("&"):
            found = Operation("&", found, self._sum())
        return found

    def _sum(self) -> Node:
        found = self._product()
        while sign := self._take("+", "-"):
            found = Operation(sign, found, self._product())
        return found

    def _product(self) -> Node:
        found = self._factor()
        while sign := self._take("*", "/"):
            found = Operation(sign, found, self._factor())
        return found

    def _factor(self) -> Node:
        negative = False
        while self._take("-"):
            negative = not negative
        found = self._single()
        return Call("-", (found,)) if negative else found

    def _single(self) -> Node:
        if self._take("("):
            found = self._either()
            self._expect(")")
            return found
        kind, value, _ = self._peek()
        self._at += 1
        if kind == "number":
            return Constant(Decimal(value))
        if kind == "text":
            return Constant(value[1:-1])
        if kind == "column":
            return Column(value[1:-1])
        if kind == "name" and value not in _WORDS:
            return self._named(value)
        self._at -= 1
        raise self._error("a column, text, number or bracket must stand here")

    def _named(self, name: str) -> Node:
        if name in TRUTHS:
            return Constant(TRUTHS[name])
        if self._take("["):
            key = self._either()
            self._expect("]")
            return Lookup(name, key)
        if not self._take("("):
            return Column(name)
        if name not in FUNCTIONS:
            raise ExpressionError(f"{name!r} is no function; there are {', '.join(FUNCTIONS)}")
        arguments = [self._either()]
        while self._take(","):
            arguments.append(self._either())
        self._expect(")")
        least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            raise ExpressionError(f"{name} takes {most} arguments, not {len(arguments)}")
        return Call(name, tuple(arguments))

    # -- tokens ------------------------------------------------------------------------------------

    def _peek(self) -> tuple[str, str, int]:
        if self._at < len(self._tokens):
            return self._tokens[self._at]
        return "end", "", len(self._text)

    def _take(self, *wanted: str) -> str:
        kind, value, _ = self._peek()
        if kind in {"sign", "name"} and value in wanted:
            self._at += 1
            return value
        return ""

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise self._error(f"{sign!r} is missing")

    def _error(self, what: str) -> ExpressionError:
        place = self._peek()[2]
        rest = self._text[place:].strip()
        where = f"before {rest[:20]!r}" if rest else "at the end"
        return ExpressionError(f"{where}: {what}")


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    place = 0
    end = len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None:
            rest = text[place:].lstrip()
            raise ExpressionError(f"{rest[:20]!r} is no part of an expression")
        kind = found.lastgroup or ""
        yield kind, found[kind], found.start(kind)
        place = found.end()
