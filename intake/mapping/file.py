"""What a mapping file may say: TOML, one file a feed; every fault is named with key and remedy."""

from __future__ import annotations

import tomllib
from datetime import datetime  # noqa: TC003 - read by msgspec
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from flowdrop.wanted import key_of, value_at, wanted
from intake.mapping.refusals import MappingError, shown

if TYPE_CHECKING:
    from pathlib import Path

BYTES_MAX = 1_000_000
KEY_HINT = ": a name with other signs than A-Z, a-z, 0-9, _ and - stands in quotes before the ="
Text = Annotated[str, Meta(min_length=1, max_length=2_000)]
Entry = str | int | float | bool
Value = Any  # an expression, a constant, or a table of such


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what stands in a mapping file: an unknown key is an error."""


class Person(_Table, frozen=True, kw_only=True):
    """Whose row it is: a column, and what it is an id of, which then stands before it."""

    column: Text
    type: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class Moment(_Table, frozen=True, kw_only=True):
    """When it happened: a column, and how times are written there.

    `iso` is `2026-03-01 09:30:00` or with `T`, a fraction, an offset, or a day alone; `epoch` and
    `epoch_ms` count from 1970; anything else is strptime's, such as `%d.%m.%Y %H:%M`.
    """

    column: Text
    format: Text = "iso"


class Late(_Table, frozen=True, kw_only=True):
    """Wallet events that the ledger would refuse for their age are sent as opening balances.

    Whatever is more than `days` older than `at` is dated `at`: a fixed time, so that importing
    again sends the same events. With `activity`, coins that were earned are earned by it.
    """

    at: datetime
    days: Annotated[int, Meta(ge=0, le=400)] = 10
    activity: Annotated[str, Meta(min_length=1, max_length=128)] | None = None


class Event(_Table, frozen=True, kw_only=True):
    """One type of event, made of each row that meets `when`.

    `name` tells it from the others that are made of the same row: it ends their ids.
    """

    type: Text
    when: Text | dict[Text, Entry | list[Entry]] = {}
    fields: dict[Text, Value] = {}
    name: Annotated[str, Meta(max_length=32, pattern="^[a-z0-9_-]*$")] | None = None
    person: Text | Person | None = None
    time: Text | Moment | None = None


class Written(_Table, frozen=True, kw_only=True):
    """How a file is written; `columns` names those of a CSV file that has no header."""

    format: Literal["csv", "jsonl", "parquet", "webhook"] | None = None
    encoding: Literal["auto", "utf-8", "gb18030"] = "auto"
    columns: Annotated[list[Text], Meta(min_length=1, max_length=10_000)] | None = None
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] | None = None


class File(Written, frozen=True, kw_only=True):
    """A mapping file."""

    feed: Annotated[str, Meta(min_length=1, max_length=128)]
    time_zone: Text = "UTC"
    id: Text | Annotated[list[Text], Meta(min_length=1, max_length=20)]
    person: Text | Person
    time: Text | Moment
    unknown: Literal["keep", "drop", "refuse"] = "drop"
    missing: list[str] = []
    lookup: dict[Text, dict[str, Entry]] = {}
    late: Late | None = None
    event: Annotated[list[Event], Meta(min_length=1, max_length=100)]


def read(path: Path) -> str:
    """Return the text of a mapping file.

    Raises:
        MappingError: when it can't be read.
    """
    try:
        return path.read_bytes()[: BYTES_MAX + 1].decode()
    except OSError as error:
        raise MappingError(f"mapping {path}: {error.strerror}; name a file that exists") from error
    except UnicodeDecodeError as error:
        raise MappingError(f"mapping {path}: it is not UTF-8; save it as UTF-8") from error


def parsed(text: str, name: str) -> File:
    """Return what the text of a mapping file says; `name` is what errors call it.

    Raises:
        MappingError: when it says what no mapping may.
    """
    if len(text) > BYTES_MAX:
        raise MappingError(f"mapping {name}: more than {BYTES_MAX:,} characters; shorten it")
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        hint = KEY_HINT if "key part" in str(error) else ""
        raise MappingError(f"mapping {name}: {error}; mend the TOML there{hint}") from error
    try:
        return msgspec.convert(content, File)
    except msgspec.ValidationError as error:
        raise MappingError(f"mapping {name}: {_told(str(error), content)}") from error


def _told(error: str, content: object) -> str:
    """Return what msgspec found wrong, with the key, its value and a remedy."""
    found = wanted(error, File)
    *before, last = found.place or ("the file",)
    key = key_of(before) or "the file"
    if found.is_unknown:
        hint = "leave it out"
        if key.startswith("event") and last in File.__struct_fields__:
            hint = "it is said of the whole file: write it above the first [[event]]"
        return f"{key} has no `{last}`; {hint}"
    if found.is_missing:
        return f"{key} has no `{last}`; add it, see docs/importing.md"
    value = shown(value_at(content, found.place))
    return f"{found.key} = {value!r}: {found.words}; see docs/importing.md"
