"""A mapping made ready: rows go in, events or refusals come out, one row at a time and exactly.

Files of many rows have a quicker way for those that are plainly right (`intake/files/columns.py`);
whatever it is not sure of is judged here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from flowdrop.settings import load as load_settings
from flowdrop.wanted import value_at, wanted
from intake.mapping.expressions import columns_of
from intake.mapping.file import parsed, read
from intake.mapping.refusals import MappingError, RowRefusal, ValueRefusedError
from intake.mapping.rules import Field, Maker, Rule
from intake.mapping.values import as_text, as_truth, blame, cell
from streams.events import RECORD_BYTES_MAX, Earn, Event, Profile, encode, partition_of
from streams.events.naming import are_clean, names_of, odd_in, odd_name
from streams.events.person import OURS
from streams.people import Attributes
from streams.settings import StreamSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from intake.mapping.expressions import Node
    from intake.mapping.file import Late
    from intake.mapping.values import Row
    from streams.kafka.publish import Record


@dataclass(frozen=True)
class Opening:
    """What is older than `since` is brought as an opening balance, dated `at`."""

    at: datetime
    since: datetime
    activity: str | None

    @classmethod
    def of(cls, late: Late, zone: ZoneInfo) -> Opening:
        """Return what a mapping says of it; a local time is in the mapping's time zone."""
        at = late.at if late.at.tzinfo is not None else late.at.replace(tzinfo=zone)
        at = at.astimezone(UTC)
        return cls(at, at - timedelta(days=late.days), late.activity)

    def brings(self, rule: Rule, time: datetime) -> bool:
        """Return whether an event of that time is brought so."""
        return rule.is_of_wallets and time < self.since


EXTRA = "extra"  # the extension attribute that keeps what the mapping does not name


class Mapped(NamedTuple):
    """An event, the row it is of, and what else of the row is kept with it."""

    row: int
    rule: Rule
    event: Event
    extra: dict[str, object] | None = None

    def value(self) -> bytes:
        """Return the bytes of its record."""
        plain = encode(self.event)
        if not self.extra:
            return plain
        return b'%b,"%b":%b}' % (plain[:-1], EXTRA.encode(), _json(self.extra))


_json = msgspec.json.Encoder(decimal_format="number").encode


class Mapping:
    """Makes events of rows; `load` gives one.

    Attributes:
        text: the mapping file's own.
        file: what it says.
        rules: one for each `[[event]]`.
        columns: every column that the mapping reads, each once.
        attributes: what people's attributes are held to.
    """

    def __init__(self, text: str, place: str) -> None:
        file = parsed(text, place)
        maker = Maker(file, place)
        self.late = Opening.of(file.late, maker.zone) if file.late is not None else None
        settings = load_settings(StreamSettings)
        self.attributes = Attributes.of(settings.attributes, settings.unknown_attributes)
        self.text = text
        self.file = file
        self.id_columns = maker.id_columns
        self.zone = maker.zone
        self.missing = maker.missing
        self.rules = maker.rules()
        own = (column for rule in self.rules for column in rule.columns())
        self.columns = tuple(dict.fromkeys((*self.id_columns, *own)))
        self._named = {column.partition(".")[0] for column in self.columns} | set(self.columns)
        if odd := odd_in(file.feed):
            raise MappingError(f"mapping {place}: feed: {file.feed!r} holds {odd}; leave it out")
        if file.feed.startswith(OURS):
            raise MappingError(
                f"mapping {place}: feed: {file.feed!r} is a name of flowdrop's own; choose another"
            )

    def events_of(self, rows: Iterable[Row], first_row: int = 1) -> list[Event | RowRefusal]:
        """Return the events of rows, in their order, and what is wrong with each other row.

        A row gives an event for each `[[event]]` whose `when` it meets, or none, or one refusal.

        Args:
            rows: dictionaries, as JSON objects are read; a column `a.b` is `b` within `a`.
            first_row: the number of the first row, in refusals.
        """
        return [
            found if isinstance(found, RowRefusal) else found.event
            for found in self.mapped(rows, first_row)
        ]

    def records_of(
        self, rows: Iterable[Row], partitions: int, first_row: int = 1
    ) -> list[Record | RowRefusal]:
        """Return the same as records for Kafka, with what `unknown = "keep"` keeps."""
        return [
            found if isinstance(found, RowRefusal) else record_of(found, partitions)
            for found in self.mapped(rows, first_row)
        ]

    def mapped(self, rows: Iterable[Row], first_row: int = 1) -> Iterator[Mapped | RowRefusal]:
        """Yield the same as `events_of`, each event with its row."""
        for number, row in enumerate(rows, first_row):
            yield from self.of_row(row, number)

    def of_row(
        self, row: Row, number: int, latest: datetime | None = None
    ) -> list[Mapped | RowRefusal]:
        """Return the events of one row, or its one refusal, or nothing.

        An event after `latest` is refused, as a worker would set it aside.
        """
        try:
            extra = self._extra(row)
            return [
                self._fitting(Mapped(number, rule, self._event(rule, row, latest), extra))
                for rule in self.rules
                if rule.meets is None or _meets(rule, row)
            ]
        except ValueRefusedError as error:
            return [error.of_row(number)]

    def _fitting(self, mapped: Mapped) -> Mapped:
        """Return an event whose record has no more bytes than is read."""
        if len(mapped.value()) > RECORD_BYTES_MAX:
            raise ValueRefusedError(
                f"the event has more than {RECORD_BYTES_MAX:,} bytes",
                'shorten its texts, or set unknown = "drop" if these are in other columns',
            )
        return mapped

    def unknown(self, columns: Iterable[str]) -> list[str]:
        """Return those columns that the mapping does not name."""
        return [column for column in columns if column not in self._named]

    def _extra(self, row: Row) -> dict[str, object] | None:
        if self.file.unknown == "drop" or not (unknown := self.unknown(row)):
            return None
        if self.file.unknown == "keep":
            return {column: row[column] for column in unknown if not _is_nothing(row[column])}
        raise ValueRefusedError(
            "is a column that the mapping does not name",
            'name it in an event, or set unknown = "keep" or "drop"',
            unknown[0],
            row[unknown[0]],
        )

    def _event(self, rule: Rule, row: Row, latest: datetime | None) -> Event:
        time, data = _time(rule, row), _data(rule, row)
        if latest is not None and time > latest:
            raise _ahead(rule, row, latest)
        if self.late is not None and self.late.brings(rule, time):
            time = self.late.at
            if rule.kind is Earn and self.late.activity is not None:
                data["activity"] = self.late.activity
        content: dict[str, Any] = {
            "source": self.file.feed,
            "id": rule.make_id(row),
            "time": time,
            "subject": _subject(rule, row),
            "data": data,
        }
        try:
            event: Event = msgspec.convert(content, rule.kind)
        except msgspec.ValidationError as error:
            raise self._explained(rule, row, str(error), content) from error
        if not are_clean(names_of(event)) and (odd := odd_name(event)):
            place, value, what = odd
            raise self._refused(rule, row, place, f"a name may not hold {what}", value)
        if isinstance(event, Profile) and (fault := self.attributes.fault(event)):
            name, rejection = fault
            what = rejection.detail.partition(": ")[2]
            attribute = event.data.attributes[name]
            raise self._refused(rule, row, f"data.attributes.{name}", what, attribute)
        return event

    # -- whose fault it is -------------------------------------------------------------------------

    def _explained(
        self, rule: Rule, row: Row, error: str, content: dict[str, Any]
    ) -> ValueRefusedError:
        """Return what msgspec found wrong as a refusal that names the column."""
        found = wanted(error, rule.kind)
        said = error.partition("`$")[2].strip("`.")
        place = _whole(said, rule.kind, content)
        place = found.key if place == said else place
        what = "is missing, and is needed" if found.is_missing else found.words
        value = value_at(content, re.findall(r"\w+", place))
        return self._refused(rule, row, place, what, value)

    def _refused(
        self, rule: Rule, row: Row, place: str, what: str, value: object = None
    ) -> ValueRefusedError:
        """Return a refusal of a part of an event, by the columns that it is made of."""
        path = tuple(re.findall(r"\w+", place))
        columns: tuple[str, ...] = ()
        if path[:1] == ("id",):
            columns = self.id_columns
        elif path[:1] == ("subject",):
            columns = columns_of(rule.person)
        elif path[:1] == ("time",):
            columns = (rule.time_column,)
        elif field := _field_at(rule, path[1:]):
            columns = columns_of(field.node)
        written = cell(row, columns[0]) if len(columns) == 1 else value
        name = place.replace("data.", "", 1)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        is_other = is_number and isinstance(written, str) and str(value) != written
        return ValueRefusedError(
            (f"the event's {name}: {what}" if name else f"the event: {what}")
            + (f", not {value}" if is_other else ""),
            "correct it, or this field in the mapping",
            ", ".join(columns),
            value if written is None or isinstance(written, dict) else written,
        )


def _whole(place: str, kind: type, content: dict[str, Any]) -> str:
    """Return a place with the name that msgspec leaves out: `attributes[...]` is `attributes.city`.

    Args:
        place: where in the event it found a fault.
        kind: of the event.
        content: which is no such event.
    """
    above, _, below = place.partition("[...]")
    field = above.removeprefix("data.")
    named = content["data"].get(field)
    for name, value in named.items() if isinstance(named, dict) else ():
        try:
            msgspec.convert(content | {"data": content["data"] | {field: {name: value}}}, kind)
        except msgspec.ValidationError:
            return f"{above}.{name}{below}"
    return place


def _is_nothing(value: object) -> bool:
    return value is None or value == ""


def load(path: Path) -> Mapping:
    """Return the mapping of a file.

    Raises:
        MappingError: when it can't be read, or says what no mapping may: key, value, remedy.
    """
    return loads(read(path), str(path))


def loads(text: str, name: str = "mapping") -> Mapping:
    """Return the mapping that a text says; `name` is what errors call it."""
    try:
        return Mapping(text, name)
    except RecursionError as error:
        raise MappingError(
            f"mapping {name}: an expression is nested too deeply; use a [lookup] or simplify it"
        ) from error
    except OverflowError as error:
        raise MappingError(f"mapping {name}: a number is not finite: {error}") from error


def record_of(mapped: Mapped, partitions: int) -> Record:
    """Return an event's record for Kafka."""
    subject = mapped.event.subject
    return mapped.rule.topic, partition_of(subject, partitions), subject.encode(), mapped.value()


def _meets(rule: Rule, row: Row) -> bool:
    assert rule.meets is not None
    try:
        return bool(as_truth(rule.meets(row)))
    except ValueRefusedError as error:
        raise _blamed(error, rule.when, row) from error


def _subject(rule: Rule, row: Row) -> str:
    try:
        found = as_text(rule.evaluate_person(row))
    except ValueRefusedError as error:
        raise _blamed(error, rule.person, row) from error
    if found is None:
        empty = ValueRefusedError(
            "is empty, and says whose it is", "fill it in: nothing can be counted without"
        )
        raise _blamed(empty, rule.person, row)
    return found


def _time(rule: Rule, row: Row) -> datetime:
    column = rule.time_column
    try:
        found = rule.read_time(rule.evaluate_time(row))
    except ValueRefusedError as error:
        error.column, error.value = column, cell(row, column)
        raise
    if found is None:
        raise ValueRefusedError("is empty, and says when it was", "fill it in", column)
    return found


def _ahead(rule: Rule, row: Row, latest: datetime) -> ValueRefusedError:
    return ValueRefusedError(
        f"is in the future: it may be at most {latest:%Y-%m-%d %H:%M:%S} UTC now",
        "correct it, or the `time_zone` of the mapping; what is yet to come can't be sent",
        rule.time_column,
        cell(row, rule.time_column),
    )


def _data(rule: Rule, row: Row) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for field in rule.fields:
        try:
            value = field.evaluate(row)
            if value is not None:
                value = field.convert(value)
        except ValueRefusedError as error:
            raise _blamed(error, field.node, row) from error
        if value is not None and value != field.default:
            _put(data, field.path, value)
    return data


def _put(data: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    for name in path[:-1]:
        data = data.setdefault(name, {})
    data[path[-1]] = value


def _blamed(error: ValueRefusedError, node: Node | None, row: Row) -> ValueRefusedError:
    """Return a refusal that names the columns of its expression, if it names none yet."""
    if not error.column and node is not None:
        blame(error, (node,), row)
    return error


def _field_at(rule: Rule, path: tuple[str, ...]) -> Field | None:
    """Return the field of a place in `data`, or the nearest above or below it."""
    for field in rule.fields:
        length = min(len(path), len(field.path))
        if length and field.path[:length] == path[:length]:
            return field
    return None
