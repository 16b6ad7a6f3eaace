"""What an expression is worth for one row: texts, exact decimal numbers, truths, nothing.

A cell that is empty, blank or one of the mapping's words for nothing is `None`, and so is whatever
is computed from it. Blanks around a text are not part of it.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from typing import TYPE_CHECKING, Any, TypeAlias

from intake.mapping.expressions import (
    Call,
    Column,
    Constant,
    Lookup,
    Node,
    Operation,
    columns_of,
)
from intake.mapping.refusals import ValueRefusedError
from streams.events.network import network_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Row: TypeAlias = "Mapping[str, object]"
    Evaluate: TypeAlias = "Callable[[Row], object]"
    Tables: TypeAlias = "Mapping[str, Mapping[str, object]]"

NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?|[+-]?\.[0-9]+")
DAY = re.compile(r"([12][0-9]{3})[0-9]{4}$")
LONE_YEAR = re.compile(r"(?:.*[^0-9])?([12][0-9]{3})(?![0-9]).*", re.DOTALL)
DIGITS_MAX = 38
ELSE = "*"  # the key of a table under which stands what holds for all other keys
UNREADABLE = "\ufffd"  # what stands where bytes were no text
TRUE = frozenset({"true", "yes", "y", "t", "1", "是", "真"})
FALSE = frozenset({"false", "no", "n", "f", "0", "否", "假"})


def compiled(node: Node, tables: Tables, missing: frozenset[str]) -> Evaluate:
    """Return the function that computes an expression from a row.

    The function raises `ValueRefusedError`, which names column, value and remedy.
    """
    match node:
        case Constant(value):
            return lambda _row: value
        case Column(name):
            return _column(name, missing)
        case Lookup(table, key):
            return _computed(_lookup(table, tables[table]), (key,), tables, missing)
        case Call(name, arguments):
            function = _CALLS[name]
            return _computed(function, arguments, tables, missing)
        case Operation("and" | "or" as sign, left, right):
            first = _computed(as_truth, (left,), tables, missing)
            return _logic(sign, first, _computed(as_truth, (right,), tables, missing))
        case Operation(sign, left, right):
            return _computed(_OPERATIONS[sign], (left, right), tables, missing)


def cell(row: Row, name: str) -> object:
    """Return what a row holds under a name; with dots in it, nested: `properties.order_id`."""
    if name in row or "." not in name:
        return row.get(name)
    found: object = row
    for part in name.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(part)
    return found


def _column(name: str, missing: frozenset[str]) -> Evaluate:
    def evaluate(row: Row) -> object:
        value = cell(row, name)
        if isinstance(value, str):
            value = value.strip()
            if UNREADABLE in value:
                raise ValueRefusedError(
                    "holds bytes that are no text",
                    "write it in UTF-8, or name the `encoding` of the file in the mapping",
                    name,
                    value,
                )
            return value if value and value not in missing else None
        if isinstance(value, float | int) and not isinstance(value, bool):
            return _finite(value)
        return value

    def named(row: Row) -> object:
        try:
            return evaluate(row)
        except ValueRefusedError as error:
            error.column, error.value = name, cell(row, name)
            raise

    return named


def _finite(value: Any) -> Decimal | None:
    """Return a number as it is written, 17.0 as 17; what is no number (NaN) is nothing."""
    if isinstance(value, float) and value.is_integer():
        return Decimal(int(value))
    number = Decimal(str(value))
    return number if number.is_finite() else None


def _computed(
    function: Callable[..., object],
    arguments: Sequence[Node],
    tables: Tables,
    missing: frozenset[str],
) -> Evaluate:
    """Return what computes a function of expressions; a refusal names the cell that is to blame."""
    inner = [compiled(argument, tables, missing) for argument in arguments]

    def evaluate(row: Row) -> object:
        values = [one(row) for one in inner]
        try:
            return function(*values)
        except ValueRefusedError as error:
            if not error.column:
                own = [
                    one
                    for one, value in zip(arguments, values, strict=True)
                    if value is error.value is not None
                ]
                blame(error, own or arguments, row)
            raise

    return evaluate


def blame(error: ValueRefusedError, nodes: Sequence[Node], row: Row) -> None:
    """Name the columns of expressions in a refusal, and what stands in the cell if it is one."""
    columns = list(dict.fromkeys(column for node in nodes for column in columns_of(node)))
    error.column = ", ".join(columns)
    if len(columns) == 1:
        error.value = cell(row, columns[0])


def _lookup(table: str, entries: Mapping[str, object]) -> Callable[[object], object]:
    def evaluate(key: object) -> object:
        found = as_text(key)
        if found is None:
            return entries.get(ELSE)
        if found in entries:
            return entries[found]
        if ELSE in entries:
            return entries[ELSE]
        raise ValueRefusedError(
            f"the table {table} has no {found!r}",
            f"add it to [lookup.{table}], or '{ELSE}' for all that it does not name",
        )

    return evaluate


# -- what values are taken for -------------------------------------------------------------------


def as_text(value: object) -> str | None:
    """Return a value as a text; a number as it is written, without an exponent."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case int() | float():
            return str(value)
        case date():
            return _dated(value)
    raise ValueRefusedError(
        "is neither a text nor a number", "name a part of it, with a dot", value=value
    )


def _dated(value: date) -> str:
    """Return a day or time as texts of such are written, with a Z if it has a time zone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return f"{value.astimezone(UTC).replace(tzinfo=None)}Z"
    return str(value)


def as_number(value: object) -> Decimal | None:
    """Return a value as an exact number.

    Raises:
        ValueRefusedError: when it is none, or has too many digits.
    """
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _finite(value)
    if isinstance(value, str) and len(value) <= DIGITS_MAX and NUMBER.fullmatch(value):
        return Decimal(value)
    raise ValueRefusedError(
        "is no number",
        "write digits and a point; `replace` takes other signs out: replace(price, ',', '')",
        value=value,
    )


def as_truth(value: object) -> bool | None:
    """Return a value as true or false.

    Raises:
        ValueRefusedError: when it says neither.
    """
    if value is None or isinstance(value, bool):
        return value
    word = (as_text(value) or "").lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise ValueRefusedError(
        "says neither yes nor no", "compare it, as in `answer == 'agreed'`", value=value
    )


# -- what expressions do -------------------------------------------------------------------------


def _arithmetic(compute: Callable[[Decimal, Decimal], Decimal]) -> Callable[..., object]:
    def operate(left: object, right: object) -> Decimal | None:
        first, second = as_number(left), as_number(right)
        if first is None or second is None:
            return None
        try:
            with localcontext(prec=DIGITS_MAX):
                return compute(first, second)
        except (InvalidOperation, ZeroDivisionError) as error:
            raise ValueRefusedError("can't be computed", "divide by no zero") from error

    return operate


def _join(left: object, right: object) -> str | None:
    first, second = as_text(left), as_text(right)
    return None if first is None or second is None else first + second


def equal(left: object, right: object) -> bool:
    """Return whether two values are the same: as numbers or truths where one of them is one."""
    if left is None or right is None:
        return False
    try:
        if isinstance(left, bool) or isinstance(right, bool):
            return as_truth(left) == as_truth(right)
        if isinstance(left, Decimal) or isinstance(right, Decimal):
            return as_number(left) == as_number(right)
    except ValueRefusedError:
        return False
    return as_text(left) == as_text(right)


def _ordered(compare: Callable[[Decimal, Decimal], bool]) -> Callable[..., object]:
    def operate(left: object, right: object) -> bool:
        first, second = as_number(left), as_number(right)
        return first is not None and second is not None and compare(first, second)

    return operate


def _logic(sign: str, left: Evaluate, right: Evaluate) -> Evaluate:
    if sign == "and":
        return lambda row: bool(left(row)) and bool(right(row))
    return lambda row: bool(left(row)) or bool(right(row))


def _rounded(value: object) -> Decimal | None:
    number = as_number(value)
    return None if number is None else number.to_integral_value(ROUND_HALF_UP)


def _negative(value: object) -> Decimal | None:
    number = as_number(value)
    return None if number is None else -number


def _replaced(value: object, old: object, new: object) -> str | None:
    text = as_text(value)
    return None if text is None else text.replace(as_text(old) or "", as_text(new) or "") or None


def _year(value: object) -> Decimal | None:
    """Return the year of a day: the only four digits that stand by themselves, or YYYYMMDD's."""
    if value is None:
        return None
    if isinstance(value, date):
        return Decimal(value.year)
    text = as_text(value) or ""
    found = DAY.match(text) or LONE_YEAR.fullmatch(text)
    if found is None:
        raise ValueRefusedError(
            "names no year", "write a day as 1990-05-17, or a year of four digits", value=value
        )
    return Decimal(found[1])


def _network(value: object) -> str | None:
    """Return the network of an address: IPv4 cut to /24, IPv6 to /48."""
    text = as_text(value)
    if text is None:
        return None
    try:
        return network_of(text)
    except ValueError:
        raise ValueRefusedError(
            "is no network address",
            "write it as 203.0.113.7 or 2001:db8:1::7",
            value=value,
        ) from None


def _listed(value: object, sign: object) -> object:
    if isinstance(value, list):
        return value
    text = as_text(value)
    if text is None:
        return None
    return [part.strip() for part in text.split(as_text(sign) or ",") if part.strip()]


_OPERATIONS: dict[str, Callable[..., object]] = {
    "+": _arithmetic(lambda a, b: a + b),
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "/": _arithmetic(lambda a, b: a / b),
    "&": _join,
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": _ordered(lambda a, b: a < b),
    "<=": _ordered(lambda a, b: a <= b),
    ">": _ordered(lambda a, b: a > b),
    ">=": _ordered(lambda a, b: a >= b),
}
_CALLS: dict[str, Callable[..., object]] = {
    "-": _negative,
    "default": lambda value, other: other if value is None else value,
    "list": _listed,
    "lower": lambda value: value if (text := as_text(value)) is None else text.lower(),
    "network": _network,
    "not": lambda value: not as_truth(value),
    "number": as_number,
    "present": lambda value: value is not None,
    "replace": _replaced,
    "round": _rounded,
    "text": as_text,
    "truth": as_truth,
    "upper": lambda value: value if (text := as_text(value)) is None else text.upper(),
    "year": _year,
}
