"""The types of events that a mapping may name, and what each of their fields takes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import inspect

from intake.mapping.refusals import ValueRefusedError
from intake.mapping.values import as_number, as_text, as_truth
from streams.events import (
    OPERATION,
    CampaignEvent,
    ClientEvent,
    Opened,
    Reverse,
    data_of,
    kinds_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_FORMS: dict[type, str] = {
    inspect.IntType: "int",
    inspect.FloatType: "float",
    inspect.BoolType: "bool",
    inspect.DateTimeType: "time",
    inspect.StrType: "text",
    inspect.LiteralType: "text",
    inspect.ListType: "list",
    inspect.VarTupleType: "list",
}

# By the words after `flowdrop.`: what clients may send; what takes back holds a whole event.
KINDS: dict[str, type] = {
    str(kind.__struct_config__.tag).removeprefix("flowdrop."): kind
    for base in (ClientEvent, CampaignEvent)
    for kind in kinds_of(base)
    if kind not in {Opened, Reverse}
}


def kind_named(name: str) -> type:
    """Return the type of event of a name: `flowdrop.wallet.earn`, `wallet.earn` or `earn`.

    Raises:
        ValueError: when there is none, or several.
    """
    found = KINDS.get(name.removeprefix("flowdrop."))
    if found is not None:
        return found
    alike = [kind for kind in KINDS.values() if OPERATION[kind] == name]
    if len(alike) == 1:
        return alike[0]
    raise ValueError(f"{name!r} is no type of event; there are {', '.join(sorted(KINDS))}")


def tag_of(kind: type) -> str:
    """Return the whole name of a type of event."""
    tag: str = kind.__struct_config__.tag  # type: ignore[attr-defined]
    return tag


@cache
def fields_of(kind: type) -> dict[str, inspect.Field]:
    """Return the fields of `data` of a type, in their order."""
    info: Any = inspect.type_info(data_of(kind))
    return {field.encode_name: field for field in info.fields}


def form_of(target: inspect.Type) -> str:
    """Return what a field takes: `int`, `float`, `bool`, `time`, `text`, `list` or `any`."""
    if isinstance(target, inspect.Metadata):
        return form_of(target.type)
    if isinstance(target, inspect.UnionType):
        others = [one for one in target.types if not isinstance(one, inspect.NoneType)]
        return form_of(others[0]) if len(others) == 1 else "any"
    return _FORMS.get(type(target), "any")


def converter(form: str, read_time: Callable[[object], datetime | None]) -> Callable[..., object]:
    """Return the function that makes of an expression's value what a field of that form takes."""
    return {**_CONVERTERS, "time": read_time}[form]


def _whole(value: object) -> int | None:
    number = as_number(value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise ValueRefusedError(
            f"comes to {number:f}, which is no whole number",
            "multiply it into the smallest unit (`price * 100`), or `round(...)` it",
        )
    return int(number)


def _real(value: object) -> float | None:
    number = as_number(value)
    return None if number is None else float(number)


def _any(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value


_CONVERTERS: dict[str, Callable[..., object]] = {
    "int": _whole,
    "float": _real,
    "bool": as_truth,
    "text": as_text,
    "list": lambda value: [value] if isinstance(value, str) else value,
    "any": _any,
}
