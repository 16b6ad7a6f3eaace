"""The catalogue of attributes: what each is called, of what type it is and who may use it."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import click
import msgspec
from typing_extensions import TypeIs

from flowdrop.wanted import key_of, value_at, wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from streams.events import AttributeValue

CATALOGUE = Path(__file__).parent / "attributes.toml"
Kind: TypeAlias = Literal["text", "choice", "integer", "number", "boolean", "date", "tags"]
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Titles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people call an attribute, by language."""

    en: str
    zh: str


class Attribute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One attribute of people, a table of the catalogue's file.

    Attributes:
        values: of a `choice`, what it may be.
        min: of a number, the least it may be.
        max: of a number, the most it may be.
        personal: whether it says something of a person that the law protects.
        targeting: whether models and audiences may use it.
    """

    title: Titles
    type: Kind
    personal: bool
    targeting: bool
    values: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None

    def __post_init__(self) -> None:
        """Hold limits to the types that have them.

        Raises:
            ValueError: naming the field.
        """
        if (self.type == "choice") is not bool(self.values):
            raise ValueError("`values` belongs to the type choice, which needs it")
        if self.type not in {"integer", "number"} and (self.min, self.max) != (None, None):
            raise ValueError("`min` and `max` belong to the types integer and number")

    def wanted(self) -> str:
        """Return in words what a value must be."""
        if self.type == "choice":
            return f"one of {', '.join(self.values)}"
        limits = [
            f"{word} {limit:g}"
            for word, limit in (("at least", self.min), ("at most", self.max))
            if limit is not None
        ]
        return ", ".join([_WORDS[self.type], *([" and ".join(limits)] if limits else [])])

    def takes(self, value: AttributeValue) -> bool:
        """Return whether a value is of the type and within the limits; None takes one back."""
        if value is None:
            return True
        if self.type in {"integer", "number"}:
            return _is_number(value, self.type) and _within(value, self.min, self.max)
        if self.type == "choice":
            return value in self.values
        return _TAKES[self.type](value)


_WORDS: dict[Kind, str] = {
    "text": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date as YYYY-MM-DD",
    "tags": "a list of texts",
}


class Catalogue(msgspec.Struct, frozen=True):
    """All attributes by name, in the order of the file."""

    attributes: dict[str, Attribute]

    def faults(self, values: dict[str, AttributeValue]) -> Iterator[tuple[str, str]]:
        """Yield the name of each known attribute whose value can't be, and what it must be."""
        for name, value in values.items():
            attribute = self.attributes.get(name)
            if attribute is not None and not attribute.takes(value):
                yield name, attribute.wanted()

    def unknown(self, values: dict[str, AttributeValue]) -> list[str]:
        """Return the names that the catalogue does not have, in the order given."""
        return [name for name in values if name not in self.attributes]


def load(path: Path = CATALOGUE) -> Catalogue:
    """Return the catalogue that a file holds.

    Raises:
        click.ClickException: naming file, attribute and field of what can't be.
    """
    try:
        tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.ClickException(
            f"{path}: {error}; a catalogue of attributes is a TOML file in UTF-8, see {CATALOGUE}"
        ) from error
    return Catalogue({name: _attribute(path, name, table) for name, table in tables.items()})


def _attribute(path: Path, name: str, table: object) -> Attribute:
    if not _NAME.fullmatch(name):
        raise click.ClickException(
            f"{path}: [{name}]: the name of an attribute is of small letters, digits and _, at "
            "most 64, and begins with a letter"
        )
    try:
        return msgspec.convert(table, Attribute)
    except msgspec.ValidationError as error:
        found = wanted(str(error), Attribute)
        key = key_of([name, *found.place])
        said = value_at(table, found.place)
        shown = "" if said is None else f" = {said!r}"
        raise click.ClickException(
            f"{path}: [{key}]{shown}: {found.words}; see {CATALOGUE}"
        ) from error


def _is_number(value: object, kind: Kind) -> TypeIs[float]:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (kind == "number" and isinstance(value, float))


def _within(value: float, least: float | None, most: float | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)


def _is_date(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


_TAKES: dict[Kind, Callable[[object], bool]] = {
    "text": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "date": _is_date,
    "tags": lambda value: isinstance(value, list),
}
