"""What a name may hold: an id, source, subject, program, campaign and whatever identifies things.

A name is shown in tables, terminals, links and exports, and two names that look the same must be
the same. So no name holds a control character (C0, DEL, C1), a directional mark, a zero-width
character, a line or paragraph separator or half a surrogate pair, and none begins or ends with a
space. Titles and messages may: there a joiner makes one character of several.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect

from streams.events import Data, data_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from streams.events import CampaignEvent, WalletEvent

_REFUSED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Zero-width or blank, though they are letters, marks or symbols; variation selectors; and what
# Unicode says is not a character.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U0001d159\U000e0100-\U000e01ef\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_SEVERAL = (inspect.DictType, inspect.ListType, inspect.VarTupleType)
# Fields of `data` that are not names.
TEXTS = frozenset({"message", "reason", "rules", "signature", "title_en", "title_zh"})


def odd_in(name: str) -> str:
    """Return what a name holds that it may not, in words; '' for nothing."""
    for character in name:
        if unicodedata.category(character) in _REFUSED or _INVISIBLE.match(character):
            unnamed = "no character"
            if unicodedata.category(character) == "Cc":
                unnamed = "a control character"
            told = unicodedata.name(character, unnamed)
            return f"U+{ord(character):04X} ({told.lower()})"
    return "a space at its beginning or end" if name != name.strip() else ""


def names_of(event: WalletEvent | CampaignEvent) -> tuple[Any, ...]:
    """Return the values of all fields of an event that may hold a name."""
    return (event.id, event.source, event.subject, *_named(type(event))(event.data))


def odd_name(event: WalletEvent | CampaignEvent) -> tuple[str, str, str] | None:
    """Return field, value and problem of the first invalid name; None if there is none."""
    fields: dict[str, object] = {"id": event.id, "source": event.source, "subject": event.subject}
    for field in event.data.__struct_fields__:
        if field not in TEXTS:
            fields.update(_within(f"data.{field}", getattr(event.data, field)))
    for field, name in fields.items():
        if isinstance(name, str) and (odd := odd_in(name)):
            return field, name, odd
    return None


def are_clean(names: Iterable[Any]) -> bool:
    """Return whether clearly none of many names is odd; for the odd ones see `odd_in`."""
    known = [name for name in names if type(name) is str]
    text = "\n".join(known)
    return (
        text.count("\n") == len(known) - 1
        and text.replace("\n", "").isprintable()
        and _INVISIBLE.search(text) is None
        and not ("\n " in text or " \n" in text)
        and text == text.strip()
    )


def _within(field: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield what a value holds, itself or in it, each with its place."""
    if isinstance(value, (list, tuple)):
        for number, own in enumerate(value):
            yield from _within(f"{field}[{number}]", own)
    elif isinstance(value, dict):
        for key, own in value.items():
            yield field, key
            yield from _within(f"{field}.{key}", own)
    elif isinstance(value, Data):
        for name in set(value.__struct_fields__) - TEXTS:
            yield from _within(f"{field}.{name}", getattr(value, name))
    else:
        yield field, value


@cache
def _named(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    fields = [own.name for own in msgspec.structs.fields(data_of(kind)) if own.name not in TEXTS]
    if any(isinstance(own.type, _SEVERAL) for own in inspect.type_info(data_of(kind)).fields):  # type: ignore[attr-defined]
        return lambda data: tuple(value for _, value in _within("", data))
    if len(fields) == 1:
        only = attrgetter(fields[0])
        return lambda data: (only(data),)
    return attrgetter(*fields)
