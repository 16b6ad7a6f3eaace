"""Reading programs' files: what is wrong with one, where, and what to do about it."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, date, datetime, time
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import click
import msgspec

from flowdrop.wanted import Wanted, wanted
from streams.events import Verified
from streams.events.times import microseconds
from streams.programs.entries import (
    Carrier,
    Entry,
    Later,
    Program,
    Slug,
    Tier,
)
from streams.programs.lines import Keys, line_of

FOLDER = Path(__file__).parents[2] / "programs"
PAGE = "docs/programs.md"
_SHOWN_CHARACTERS_MAX = 80

# What a file holds: values, tables, and tables of tables, by name.
_HINTS = {name: kind for name, kind in get_type_hints(Program).items() if name != "later"}
_ALWAYS = ("coin", "operations")  # what there must be at every time
TIERS = get_args(Verified)


def _entry_of(kind: Any) -> type[Entry] | None:
    """Return the type of table that a field of `Program` holds, None for a plain value."""
    for part in (kind, *get_args(kind)):
        if isinstance(part, type) and issubclass(part, Entry):
            return part
    return None


TABLES = {
    name: entry
    for name, kind in _HINTS.items()
    if get_origin(kind) is not dict and (entry := _entry_of(kind)) is not None
}
TABLES_OF_TABLES = {
    name: entry
    for name, kind in _HINTS.items()
    if get_origin(kind) is dict and (entry := _entry_of(kind)) is not None
}
VALUES = {
    name: kind
    for name, kind in _HINTS.items()
    if name not in TABLES and name not in TABLES_OF_TABLES
}


class ProgramError(click.ClickException):
    """A program's file is wrong; the message names file, line, key, value and remedy."""


class Problem(NamedTuple):
    """One thing that is wrong with a file.

    Attributes:
        file: its path.
        line: from 1.
        key: names of tables and key, with the number of an element from 0; '' for the file.
        value: what stands there, shortened; '' where nothing does.
        what: what is wrong with it.
        remedy: what to do.
    """

    file: str
    line: int
    key: str
    value: str
    what: str
    remedy: str

    def __str__(self) -> str:
        """Return it as one sentence."""
        where = f"{self.file}, line {self.line}: "
        said = f"{self.key} = {self.value}: " if self.value else self.key and f"{self.key}: "
        return f"{where}{said}{self.what}; {self.remedy}"


def load(folder: Path = FOLDER) -> dict[str, Program]:
    """Return every program of `folder` by name.

    Raises:
        ProgramError: when there is none, or the first file that is wrong.
    """
    return {path.stem: read(path) for path in files_of(folder)}


def files_of(folder: Path) -> list[Path]:
    """Return the programs' files of `folder`, in order of their names.

    Raises:
        ProgramError: when there is none.
    """
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise ProgramError(
            f"{folder} holds no programs (*.toml); set FLOWDROP_PROGRAMS to the folder that does"
        )
    return files


def read(path: Path) -> Program:
    """Return the program in the file `path`, from the beginning, with what it became `later`.

    Raises:
        ProgramError: when it can't be read, or a value is not what it must be.
    """
    reader = _Reader(path)
    program = reader.read()
    if program is None:
        raise ProgramError(str(reader.problems[0]))
    return program


def read_values(name: str, values: Any) -> Program:
    """Return the program `name` of a file's values, as they are written there.

    Raises:
        ValueError: when a value is not what it must be.
    """
    reader = _Reader(Path(f"{name}.toml"))
    reader.values = values if isinstance(values, dict) else {}
    program = reader.build()
    if program is None:
        raise ValueError(str(reader.problems[0]))
    return program


def problems_of(path: Path) -> list[Problem]:
    """Return everything that is wrong with the file `path`, by line.

    That includes what has no effect, although it is accepted: limits that bind nobody, fees that
    nothing takes.
    """
    reader = _Reader(path)
    program = reader.read()
    if program is not None:
        reader.check_verification(program)
        reader.check_fees(program)
    return reader.problems


class _Reader:
    """One file: its values, and what is wrong with them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = ""
        self.values: dict[str, Any] = {}
        self.problems: list[Problem] = []

    def read(self) -> Program | None:
        """Return the program, None when there are problems."""
        try:
            self.text = self.path.read_text(encoding="utf-8")
            self.values = with_times(tomllib.loads(self.text))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            found = re.search(r"at line (\d+)", str(error))
            line = int(found[1]) if found else 1
            problem = (
                str(self.path),
                line,
                "",
                "",
                str(error),
                "a program is a TOML file in UTF-8",
            )
            self.problems.append(Problem(*problem))
            return None
        return self.build()

    def build(self) -> Program | None:
        """Return the program of the values, None when there are problems."""
        plain = self._plain_values()
        periods = {
            name: self._periods((name,), self.values.get(name), kind)
            for name, kind in TABLES.items()
        }
        tables = {name: self._tables(name, kind) for name, kind in TABLES_OF_TABLES.items()}
        for name in _ALWAYS:
            self._check_always(name, periods[name])
        program = None if self.problems else _program(plain, periods, tables)
        if program is not None:
            for period in (program, *(later.program for later in program.later)):
                if not self.problems:
                    self._check_deposits(period)
                    self._check_reserve(period)
            if not self.problems:
                self._check_departments(tables)
        self.problems.sort(key=lambda problem: problem.line)
        return None if self.problems else program

    def check_verification(self, program: Program) -> None:
        """Check that verification tiers exist, and that they are in force while they bind."""
        for name in self.values.get("verification", {}):
            if name not in TIERS:
                said = "there is no such tier, so nobody is bound by it"
                self._say(("verification", name), said, f"write one of {', '.join(TIERS)}")
        periods = (program, *(later.program for later in program.later))
        if any(one.verification and "verify" not in one.operations.open for one in periods):
            said = "in force while verify is closed, so nobody is bound by it"
            self._say(("verification",), said, 'add "verify" to operations.open')
        self.problems.sort(key=lambda problem: problem.line)

    # -- parts -------------------------------------------------------------------------------

    def _plain_values(self) -> dict[str, Any]:
        known = ", ".join((*VALUES, *TABLES, *TABLES_OF_TABLES))
        for name in self.values:
            if name not in _HINTS:
                self._say((name,), f"there is no `{name}`", f"a program has {known}")
        plain = {}
        for name, kind in VALUES.items():
            if name in self.values:
                plain[name] = self._convert((name,), self.values[name], kind)
            else:
                self._say((), f"`{name}` is missing", f"write it, as {PAGE} has it")
        if plain.get("name") not in {None, self.path.stem}:
            remedy = f"write {self.path.stem!r}, or rename the file"
            self._say(("name",), "it must be the file's name", remedy)
        return plain

    def _tables(self, section: str, kind: type[Entry]) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        entries = self.values.get(section, {})
        if not isinstance(entries, dict):
            self._say((section,), "it is not a table", f"write [{section}.<name>], see {PAGE}")
            return found
        for name, value in entries.items():
            if (
                self._convert((section, name), name, Slug, "a name consists of a-z, 0-9 and -")
                is not None
            ):
                found[name] = self._periods((section, name), value, kind)
        return found

    def _periods(self, path: tuple[str, ...], value: Any, kind: type[Entry]) -> list[Entry]:
        """Return the entries of a table, or of an array of tables, in order of time."""
        if value is None:
            return []
        if not isinstance(value, list):
            entry = self._entry(path, value, kind)
            return [] if entry is None else [entry]
        found: list[tuple[Any, Keys]] = [
            (entry, (*path, number))
            for number, one in enumerate(value)
            if (entry := self._entry((*path, number), one, kind)) is not None
        ]
        return self._in_order(found)

    def _entry(self, path: Keys, value: Any, kind: type[Entry]) -> Entry | None:
        entry: Entry | None = self._convert(path, value, kind)
        if isinstance(entry, Carrier):
            self._check_tiers(path, entry.tiers)
            self._in_order([(gate, (*path, "gates", n)) for n, gate in enumerate(entry.gates)])
        return entry

    # -- checks ------------------------------------------------------------------------------

    def _in_order(self, found: list[tuple[Any, Keys]]) -> list[Any]:
        """Return the periods of one entry by time; no two may overlap."""
        found.sort(key=lambda one: (one[0].since is not None, one[0].since))
        for (early, _), (late, path) in pairwise(found):
            if early.until is None or late.since is None or late.since < early.until:
                until = "for ever" if early.until is None else f"until {early.until.isoformat()}"
                key = (*path, "from") if late.since is not None else path
                remedy = "end the earlier one with `until` on the day on which this one begins"
                self._say(key, f"the dates overlap: the one before is in force {until}", remedy)
        return [entry for entry, _ in found]

    def _check_tiers(self, path: Keys, tiers: tuple[Tier, ...]) -> None:
        for number, (less, more) in enumerate(pairwise(tiers), 1):
            for field in ("mb", "coins"):
                before, now = getattr(less, field), getattr(more, field)
                if now <= before:
                    what = f"not more than the {before} of the tier before"
                    remedy = "list tiers from small to large; more data costs more coins"
                    self._say((*path, "tiers", number, field), what, remedy)

    def _check_always(self, name: str, periods: list[Entry]) -> None:
        """Check that what every program needs is in force at all times."""
        if name not in self.values:
            self._say((), f"[{name}] is missing", f"write it, as {PAGE} has it")
        if not periods:
            return
        gap = "there must be one at every time"
        if periods[0].since is not None:
            self._say((name,), gap, "leave out `from` of the first")
        if periods[-1].until is not None:
            self._say((name,), gap, "leave out `until` of the last")
        for early, late in pairwise(periods):
            if early.until is not None and late.since is not None and early.until < late.since:
                said = f"nothing is in force from {early.until.isoformat()}"
                self._say((name,), said, f"end the earlier one at {late.since.isoformat()}")

    def _check_deposits(self, period: Program) -> None:
        """Check that the deposits in force at one time have what they need."""
        rule = period.deposits
        if rule is None:
            if any(name.startswith("deposit_") for name in period.operations.open):
                said = "deposit_... are open at a time when no table [deposits] is in force"
                self._say(("operations",), said, f"write that table, as {PAGE} has it")
        elif rule.carrier not in period.carriers:
            said = "the program lacks this carrier at some time"
            self._say(("deposits", "carrier"), said, "name one of its [carriers.<carrier>]")

    def _check_reserve(self, period: Program) -> None:
        """Check that the reserve a program is bound to can be added to."""
        if period.reserve is not None and "reserve_add" not in period.operations.open:
            said = "in force while reserve_add is closed, so nothing could be issued"
            self._say(
                ("reserve",), said, 'add "reserve_add" and "reserve_remove" to operations.open'
            )

    def check_fees(self, program: Program) -> None:
        """Check that fees are ones that are taken: in coins, only those of deposits."""
        periods = (program, *(later.program for later in program.later))
        for name in self.values.get("fees", {}):
            if any(name in one.fees and one.fees[name].coins for one in periods):
                said = "a fee in coins, which only deposits have"
                self._say(("fees", name), said, "write coins = 0, or the fee in cents")

    def _check_departments(self, tables: dict[str, dict[str, list[Entry]]]) -> None:
        """Check that departments' activities exist, and that each belongs to one department."""
        owner: dict[str, str] = {}
        for name, periods in tables["departments"].items():
            for number, activity in enumerate(periods[0].activities):  # type: ignore[attr-defined]
                key = ("departments", name, "activities", number)
                if activity not in tables["earn"]:
                    remedy = "name one of its [earn.<activity>]"
                    self._say(key, "the program has no such activity", remedy)
                elif owner.setdefault(activity, name) != name:
                    said = f"the department {owner[activity]!r} answers for it"
                    self._say(key, said, "leave it out of one of the two")

    def _convert(self, path: Keys, value: Any, kind: Any, remedy: str = "") -> Any:
        """Return `value` as a `kind`; None, and note a problem, when it is not one."""
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            found = wanted(str(error), kind)
            inner = [int(step) if step.isdecimal() else step for step in found.place]
            self._say((*path, *inner), found.words, remedy or _remedy(found, kind))
            return None

    def _say(self, path: Keys, what: str, remedy: str) -> None:
        found: Any = self.values if path else ""
        for step in path:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                found = ""
        value = _shown(found) if found != "" else ""
        key = ".".join(map(str, path))
        line = line_of(self.text, path)
        self.problems.append(Problem(str(self.path), line, key, value, what, remedy))


def _program(
    plain: dict[str, Any],
    periods: dict[str, list[Entry]],
    tables: dict[str, dict[str, list[Entry]]],
) -> Program:
    """Return the program from the beginning, and what it became at every date of its file."""
    entries = [entry for one in periods.values() for entry in one]
    entries += [entry for table in tables.values() for one in table.values() for entry in one]
    dates = sorted({date for entry in entries for date in entry.dates()})

    def at(moment: datetime) -> Program:
        fields: dict[str, Any] = dict(plain)
        for name, one in periods.items():
            if found := _in_force(one, moment):
                fields[name] = found[0]
        for name, table in tables.items():
            fields[name] = {
                entry: found[0] for entry, one in table.items() if (found := _in_force(one, moment))
            }
        return Program(**fields)

    later = tuple(Later(microseconds(date), at(date)) for date in dates)
    return msgspec.structs.replace(at(_BEGINNING), later=later)


_BEGINNING = datetime.min.replace(tzinfo=UTC)


def _in_force(entries: list[Entry], moment: datetime) -> list[Entry]:
    return [entry.at(moment) for entry in entries if entry.is_in_force(moment)]


def with_times(value: Any) -> Any:
    """Return TOML's values with each date as the moment, in UTC, at which it begins."""
    if isinstance(value, dict):
        return {key: with_times(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_times(inner) for inner in value]
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value


def _remedy(found: Wanted, kind: Any) -> str:
    if found.is_unknown and len(found.place) == 1 and isinstance(kind, type):
        names = msgspec.structs.fields(kind)
        return f"leave it out, or write one of {', '.join(field.encode_name for field in names)}"
    return f"see {PAGE}"


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS_MAX else text[:_SHOWN_CHARACTERS_MAX] + "…"
