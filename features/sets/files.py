"""The files of definitions: a header of named lines, then one SQL expression.

A definition's expression aggregates the rows of its source, of one person; `at` is the moment that
the set is as of. A source is a query of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn, TypeAlias

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Kind: TypeAlias = Literal["category", "count", "amount", "days", "share"]

KINDS = ("category", "count", "amount", "days", "share")
SENSITIVITIES = ("behaviour", "network", "identity", "personal")
TYPES = (
    *("UInt8", "UInt32", "Int64", "Float64", "String"),
    *("Nullable(UInt8)", "Nullable(Int64)", "Nullable(Float64)"),
)
EVERYONE = "everyone"
PAGE = "docs/features.md"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LINE = re.compile(r"--\s*([a-z]+):\s*(\S.*?)\s*")
_WINDOW = re.compile(r"ever|([1-9]\d{0,3}) days")
_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)?\.\.(-?\d+(?:\.\d+)?)?")


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One feature of a person as of a moment.

    Attributes:
        name: its column; the name of the file.
        meaning: what it is, in words, with its unit.
        entity: whose it is; a person.
        grain: what a row is.
        source: the query whose rows it aggregates.
        window_days: how far back it looks; none for ever.
        dtype: of its column in ClickHouse; one that is Nullable has none where nothing is known.
        kind: how a linear learner reads it.
        low, high: what it may be, if that is limited.
        owner: who answers for it.
        sensitivity: behaviour, network, identity or personal.
        targeting: whether targeting may use it.
        expression: SQL, an aggregate over the source's rows of one person.
        file: where it is defined.
    """

    name: str
    meaning: str
    entity: str
    grain: str
    source: str
    window_days: int | None
    dtype: str
    kind: Kind
    low: float | None
    high: float | None
    owner: str
    sensitivity: str
    targeting: bool
    expression: str
    file: str


@dataclass(frozen=True, kw_only=True)
class Label:
    """One outcome to predict: what happens to a person within a window from a moment on.

    Attributes:
        window_days: for how long from the moment on.
        eligible: a condition on the source's rows of the window; people for whom it does not hold
            are not in the set. `everyone` for none.

    The others are a feature's.
    """

    name: str
    meaning: str
    entity: str
    grain: str
    source: str
    window_days: int
    eligible: str
    dtype: str
    owner: str
    expression: str
    file: str


def read_feature(path: Path) -> Feature:
    """Return the feature that a file defines.

    Raises:
        click.ClickException: naming file, line, field and remedy.
    """
    header = _Header(path)
    window, low_high = header.window(), header.range()
    feature = Feature(
        name=header.name,
        meaning=header.text("meaning"),
        entity=header.choice("entity", ("person",)),
        grain=header.text("grain"),
        source=header.text("source"),
        window_days=window,
        dtype=header.choice("type", TYPES),
        kind=header.choice("kind", KINDS),  # type: ignore[arg-type]
        low=low_high[0],
        high=low_high[1],
        owner=header.text("owner"),
        sensitivity=header.choice("sensitivity", SENSITIVITIES),
        targeting=header.choice("targeting", ("yes", "no")) == "yes",
        expression=header.expression,
        file=str(path),
    )
    header.require_all_read()
    return feature


def read_label(path: Path) -> Label:
    """Return the label that a file defines.

    Raises:
        click.ClickException: naming file, line, field and remedy.
    """
    header = _Header(path)
    window = header.window()
    if window is None:
        header.fail("window", "must be some days: an outcome has to be over at some time")
    label = Label(
        name=header.name,
        meaning=header.text("meaning"),
        entity=header.choice("entity", ("person",)),
        grain=header.text("grain"),
        source=header.text("source"),
        window_days=window,
        eligible=header.text("eligible"),
        dtype=header.choice("type", TYPES),
        owner=header.text("owner"),
        expression=header.expression,
        file=str(path),
    )
    header.require_all_read()
    return label


class _Header:
    """The fields on top of a file by name, each with its line; what has been read of them."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.stem
        if not _NAME.fullmatch(self.name):
            raise click.ClickException(
                f"{path}: the file's name is the column's: small letters, digits and _, at most "
                "64, beginning with a letter"
            )
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise click.ClickException(f"{path}: {error}; it must be text in UTF-8") from error
        self._fields: dict[str, tuple[int, str]] = {}
        self._unread: set[str] = set()
        top = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
        for number, line in enumerate(lines[:top], 1):
            self._keep(number, line)
        self.expression = "\n".join(lines[top:]).strip()
        if not self.expression:
            raise click.ClickException(
                f"{path}: line {top + 1}: there is no expression below the header; see {PAGE}"
            )
        if self.expression.endswith(";"):
            raise click.ClickException(
                f"{path}: line {len(lines)}: an expression ends without a semicolon"
            )

    def _keep(self, number: int, line: str) -> None:
        found = _LINE.fullmatch(line)
        if found is None:
            raise click.ClickException(
                f"{self.path}: line {number}: {line!r} is no field of a header; write it as "
                f"`-- name: value`, see {PAGE}"
            )
        name, value = found.groups()
        if name in self._fields:
            raise click.ClickException(
                f"{self.path}: line {number}: {name} is given twice; the first is in line "
                f"{self._fields[name][0]}"
            )
        self._fields[name] = (number, value)
        self._unread.add(name)

    def text(self, name: str) -> str:
        """Return a field that must be there."""
        if name not in self._fields:
            raise click.ClickException(
                f"{self.path}: the field {name} is missing in the header; write `-- {name}: ...` "
                f"on top, see {PAGE}"
            )
        self._unread.discard(name)
        return self._fields[name][1]

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """Return a field that must be one of `allowed`."""
        if (value := self.text(name)) not in allowed:
            self.fail(name, f"must be one of {', '.join(allowed)}")
        return value

    def window(self) -> int | None:
        """Return the days of the field window, none for ever."""
        found = _WINDOW.fullmatch(self.text("window"))
        if found is None:
            self.fail("window", "must be `ever` or a number of days, such as `28 days`")
        return int(found[1]) if found[1] else None

    def range(self) -> tuple[float | None, float | None]:
        """Return the limits of the field range, if there is one."""
        if "range" not in self._fields:
            return None, None
        found = _RANGE.fullmatch(self.text("range"))
        if found is None:
            self.fail("range", "must be two numbers such as `0..1`, or one such as `0..`")
        as_number: Callable[[str | None], float | None] = lambda text: float(text) if text else None  # noqa: E731
        return as_number(found[1]), as_number(found[2])

    def require_all_read(self) -> None:
        """Refuse fields that nothing reads, such as a misspelt one."""
        for name in sorted(self._unread):
            self.fail(name, f"is not a field that is known; see {PAGE}")

    def fail(self, name: str, what: str) -> NoReturn:
        """Raise what is wrong with a field."""
        number, value = self._fields[name]
        raise click.ClickException(f"{self.path}: line {number}: {name} {value!r} {what}")
