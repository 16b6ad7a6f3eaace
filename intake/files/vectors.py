"""Expressions over whole columns: the same values as one row at a time, or a row is marked odd.

A row that is marked is judged by itself (`intake/mapping/values.py`), so this need only be right
about the rows that it does not mark.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from intake.files.columns import Plain, is_plain, true_in
from intake.mapping.expressions import Call, Column, Constant, Lookup, Node, Operation
from intake.mapping.values import ELSE, FALSE, TRUE
from intake.mapping.values import NUMBER as ANY_NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from intake.files.columns import Bools

# Digits enough for nearly all there is, and few enough to be multiplied twice.
NUMBER = r"^(-?[1-9][0-9]{0,8}|0)(\.[0-9]{1,4})?$"
BEGINS_WITH_YEAR = r"^[12][0-9]{3}([^0-9][^0-9]?[0-9]{1,2}){0,2}[^0-9]?$"
BLANK_AT_AN_END = r"^\s|\s$"
DECIMAL = pa.decimal128(13, 4)
NO_TEXT, NO_TRUTH = pa.scalar(None, pa.string()), pa.scalar(None, pa.bool_())
Kind = Literal["text", "number", "truth"]


class UnsupportedError(Exception):
    """An expression that is computed one row at a time only."""


class Vector(NamedTuple):
    """Values of a kind: an Arrow array, `(n,)`, or one Arrow scalar for all rows."""

    kind: Kind
    values: Any


class Vectors:
    """Computes expressions over the columns of some rows.

    Attributes:
        odd: rows that have to be judged by themselves, `(n,)`.
        is_typed: whether a text of a column may be a number's.
    """

    def __init__(
        self,
        count: int,
        columns: Callable[[str], Plain],
        tables: Mapping[str, Mapping[str, object]],
        *,
        is_typed: bool = False,
    ) -> None:
        self.count = count
        self.is_typed = is_typed
        self.odd: Bools = np.zeros(count, np.bool_)
        self._columns = columns
        self._tables = tables
        self._numbers: dict[str, Vector] = {}

    def of(self, node: Node) -> Vector:
        """Return what an expression is worth.

        Raises:
            UnsupportedError: when it is not computed by columns.
        """
        match node:
            case Column(name):
                return self._column(name)
            case Constant(value):
                return _constant(value)
            case Lookup(table, key):
                return self._lookup(self._tables[table], self.of(key))
            case Call(name, arguments):
                return self._call(name, arguments)
            case Operation(sign, left, right):
                return self._operation(sign, left, right)

    def text(self, node: Node) -> Vector:
        """Return the texts of an expression that gives texts."""
        found = self.of(node)
        if found.kind != "text":
            raise UnsupportedError
        return found

    def number(self, node: Node) -> Vector:
        """Return the numbers of an expression; a row whose text is not plainly one is odd."""
        match node:
            case Column(name):
                if name not in self._numbers:
                    self._numbers[name] = self.as_number(self.of(node))
                return self._numbers[name]
            case _:
                return self.as_number(self.of(node))

    def truth(self, node: Node) -> Bools:
        """Return the truths of an expression; a row whose text is not plainly one is odd."""
        return self.as_truth(self.of(node))

    def as_truth(self, found: Vector) -> Bools:
        """Return the truths that values say, `(n,)`; nothing is false."""
        if found.kind == "number":
            raise UnsupportedError
        values = self.array(found.values)
        if found.kind == "truth":
            return true_in(values)
        is_true = true_in(pc.is_in(values, value_set=pa.array(sorted(TRUE))))
        is_false = true_in(pc.is_in(values, value_set=pa.array(sorted(FALSE))))
        self.odd |= ~is_true & ~is_false & values.is_valid().to_numpy(zero_copy_only=False)
        return is_true

    def array(self, values: Any) -> Any:
        """Return values as an array, `(n,)`."""
        if isinstance(values, pa.Scalar):
            return pa.repeat(values, self.count)
        return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values

    # -- its parts ---------------------------------------------------------------------------------

    def _column(self, name: str) -> Vector:
        column = self._columns(name)
        self.odd |= column.odd
        return Vector("text", column.texts)

    def as_number(self, found: Vector) -> Vector:
        """Return values as numbers; a row whose text is not plainly one is odd."""
        if found.kind == "number":
            return found
        if found.kind == "truth" or isinstance(found.values, pa.Scalar):
            raise UnsupportedError
        texts = found.values
        fits = pc.match_substring_regex(texts, NUMBER)
        wrong = true_in(pc.invert(fits))
        if wrong.any():
            self.odd |= wrong
            texts = pc.if_else(fits, texts, NO_TEXT)
        return Vector("number", texts.cast(DECIMAL))

    def _lookup(self, entries: Mapping[str, object], key: Vector) -> Vector:
        if key.kind != "text" or not all(isinstance(one, str) for one in entries.values()):
            raise UnsupportedError
        known = [name for name in entries if name != ELSE]
        values = pa.array([entries[name] for name in known], pa.string())
        places = pc.index_in(self.array(key.values), value_set=pa.array(known, pa.string()))
        found = values.take(places)
        strange = [place for place, name in enumerate(known) if not is_plain(str(entries[name]))]
        if strange:
            self.odd |= true_in(pc.is_in(places, value_set=pa.array(strange, pa.int32())))
        other = entries.get(ELSE)
        if other is not None:
            return self._filled(found, str(other))
        asked = self.array(key.values).is_valid().to_numpy(zero_copy_only=False)
        self.odd |= asked & places.is_null().to_numpy(zero_copy_only=False)
        return Vector("text", found)

    def _operation(self, sign: str, left: Node, right: Node) -> Vector:
        if sign == "/":
            sign, right = "*", Constant(_reciprocal(right))
        if sign in _ARITHMETIC:
            first, second = self.number(left), self.number(right)
            return Vector("number", _ARITHMETIC[sign](first.values, second.values))
        if sign == "&":
            return Vector("text", joined(self.text(left).values, self.text(right).values))
        if sign in {"and", "or"}:
            both = self.truth(left), self.truth(right)
            compute = np.logical_and if sign == "and" else np.logical_or
            return Vector("truth", pa.array(compute(*both)))
        return Vector("truth", self._compared(sign, left, right))

    def _call(self, name: str, arguments: tuple[Node, ...]) -> Vector:
        if name not in _CALLS:
            raise UnsupportedError
        return _CALLS[name](self, *arguments)

    def _default(self, value: Node, other: Node) -> Vector:
        found, instead = self.of(value), self.of(other)
        if found.kind != instead.kind or found.kind == "number":
            raise UnsupportedError
        if isinstance(instead.values, pa.Scalar) and found.kind == "text":
            return self._filled(self.array(found.values), instead.values.as_py())
        return Vector(found.kind, pc.coalesce(found.values, instead.values))

    def _filled(self, texts: Any, instead: str) -> Vector:
        """Return texts with another one where there is nothing; such a row may be odd by that."""
        if not is_plain(instead):
            self.odd |= true_in(texts.is_null())
        return Vector("text", pc.fill_null(texts, instead))

    def _truth(self, node: Node) -> Vector:
        found = self.of(node)
        truths = pa.array(self.as_truth(found))
        return Vector("truth", pc.if_else(self.array(found.values).is_valid(), truths, NO_TRUTH))

    def _round(self, node: Node) -> Vector:
        numbers = self.array(self.number(node).values)
        return Vector("number", pc.round(numbers, 0, round_mode="half_towards_infinity"))

    def _replace(self, node: Node, old: Node, new: Node) -> Vector:
        signs = [one.value if isinstance(one, Constant) else None for one in (old, new)]
        if self.is_typed or not all(isinstance(sign, str) for sign in signs) or not signs[0]:
            raise UnsupportedError
        if signs[1] and not is_plain(str(signs[1])):
            raise UnsupportedError
        texts = pc.replace_substring(self.array(self.text(node).values), *signs)
        self.odd |= true_in(pc.match_substring_regex(texts, BLANK_AT_AN_END))
        return Vector("text", pc.if_else(pc.equal(texts, ""), NO_TEXT, texts))

    def _year(self, node: Node) -> Vector:
        texts = self.array(self.text(node).values)
        fits = pc.match_substring_regex(texts, BEGINS_WITH_YEAR)
        self.odd |= true_in(pc.invert(fits))
        years = pc.if_else(fits, pc.utf8_slice_codeunits(texts, 0, len("1990")), NO_TEXT)
        return Vector("number", years.cast(DECIMAL))

    def _present(self, node: Node) -> Vector:
        return Vector("truth", self.array(self.of(node).values).is_valid())

    def _compared(self, sign: str, left: Node, right: Node) -> pa.Array:
        first, second = self.of(left), self.of(right)
        if sign in _ORDERS or "number" in {first.kind, second.kind}:
            first, second = self.as_number(first), self.as_number(second)
        elif "truth" in {first.kind, second.kind}:
            found = self._same_truth(first, second)
            return pa.array(~found if sign == "!=" else found)
        elif self.is_typed and any(_may_be_number(one) for one in (first, second)):
            raise UnsupportedError
        if isinstance(first.values, pa.Scalar) and isinstance(second.values, pa.Scalar):
            raise UnsupportedError
        if sign == "!=":
            return pa.array(~true_in(pc.equal(first.values, second.values)))
        compare = pc.equal if sign == "==" else _ORDERS[sign]
        return pa.array(true_in(compare(first.values, second.values)))

    def _same_truth(self, first: Vector, second: Vector) -> Bools:
        valid = self.array(first.values).is_valid(), self.array(second.values).is_valid()
        found: Bools = self.as_truth(first) == self.as_truth(second)
        return found & true_in(valid[0]) & true_in(valid[1])


def joined(*parts: Any) -> Any:
    """Return texts one after the other, `(n,)`; nothing where one of them is nothing."""
    if all(isinstance(part, pa.Scalar | str) for part in parts):
        texts = [part if isinstance(part, str) else part.as_py() for part in parts]
        return pa.scalar(None if None in texts else "".join(texts), pa.string())
    return pc.binary_join_element_wise(*parts, "")


def _may_be_number(found: Vector) -> bool:
    """Return whether a constant says a number, beside which a column's text may be one."""
    return isinstance(found.values, pa.Scalar) and bool(ANY_NUMBER.fullmatch(found.values.as_py()))


def _reciprocal(node: Node) -> Decimal:
    """Return what to multiply by instead of dividing: of ten, a hundred and so on it is exact."""
    match node:
        case Constant(Decimal() as value) if value.normalize().as_tuple()[:2] == (0, (1,)):
            return Decimal(1).scaleb(-value.adjusted())
    raise UnsupportedError


def _constant(value: object) -> Vector:
    match value:
        case bool():
            return Vector("truth", pa.scalar(value))
        case str():
            return Vector("text", pa.scalar(value))
        case Decimal():
            return Vector("number", pa.scalar(value))
    raise UnsupportedError


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": pc.add,
    "-": pc.subtract,
    "*": pc.multiply,
}
_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}
_CALLS: dict[str, Callable[..., Vector]] = {
    "-": lambda vectors, node: Vector("number", pc.negate(vectors.number(node).values)),
    "default": Vectors._default,  # noqa: SLF001
    "not": lambda vectors, node: Vector("truth", pa.array(~vectors.truth(node))),
    "number": Vectors.number,
    "present": Vectors._present,  # noqa: SLF001
    "replace": Vectors._replace,
    "round": Vectors._round,  # noqa: SLF001
    "text": Vectors.text,
    "truth": Vectors._truth,  # noqa: SLF001
    "year": Vectors._year,  # noqa: SLF001
}
