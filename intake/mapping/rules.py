"""What a mapping says of one type of event, made ready: expressions read, names checked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING, Any

from msgspec import NODEFAULT

from intake.mapping import targets
from intake.mapping.expressions import (
    Call,
    Column,
    Constant,
    ExpressionError,
    Node,
    Operation,
    columns_of,
    parse,
    tables_of,
)
from intake.mapping.file import Event, File, Moment, Person
from intake.mapping.ids import id_of
from intake.mapping.refusals import MappingError, shown
from intake.mapping.times import ISO, check_format, reader, zone_named
from intake.mapping.values import compiled
from streams.events import CAMPAIGN_TOPIC, OPERATION, TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from intake.mapping.values import Evaluate, Row


@dataclass(frozen=True)
class Field:
    """A field of `data`: its place, the expression, what the field takes, and what it is without.

    msgspec leaves out a default text only if it is the very same object, so who gives one says
    nothing: the content of an event is the same however its row was read.
    """

    path: tuple[str, ...]
    node: Node
    form: str
    evaluate: Evaluate
    convert: Callable[[Any], object]
    default: object


@dataclass(frozen=True)
class Rule:
    """One type of event: for which rows, and of what its parts are made."""

    kind: type
    topic: str
    name: str
    when: Node | None
    meets: Evaluate | None
    make_id: Callable[[Row], str]
    person: Node
    evaluate_person: Evaluate
    time_column: str
    time_format: str
    evaluate_time: Evaluate
    read_time: Callable[[object], datetime | None]
    fields: tuple[Field, ...]

    @property
    def operation(self) -> str:
        """The last word of the type's name."""
        return OPERATION[self.kind]

    @property
    def is_of_wallets(self) -> bool:
        """Whether such events move coins, or may."""
        return self.topic != CAMPAIGN_TOPIC

    def columns(self) -> Iterator[str]:
        """Yield the columns that it reads beside those of the id."""
        yield from columns_of(self.when) if self.when is not None else ()
        yield from columns_of(self.person)
        yield self.time_column
        for field in self.fields:
            yield from columns_of(field.node)


class Maker:
    """Makes the rules of a mapping file; `place` is what errors call the file."""

    def __init__(self, file: File, place: str) -> None:
        self._file = file
        self._place = place
        self.missing = frozenset(file.missing)
        self.zone = self._time_zone()
        self.id_columns = (file.id,) if isinstance(file.id, str) else tuple(file.id)

    def rules(self) -> tuple[Rule, ...]:
        """Return a rule for each `[[event]]`.

        Raises:
            MappingError: when one can't be.
        """
        made = tuple(self._rule(n, event) for n, event in enumerate(self._file.event))
        names = [rule.name for rule in made]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise self._fault(
                    f"event[{number}].name",
                    f"{name!r} is the name of an earlier event of the same row, so both would "
                    'have one id; give this one a `name = "..."` of its own',
                )
        return made

    def compiled(self, node: Node) -> Evaluate:
        """Return the function that computes an expression."""
        return compiled(node, self._file.lookup, self.missing)

    def _rule(self, number: int, event: Event) -> Rule:
        key = f"event[{number}]"
        kind = self._kind(key, event.type)
        name = event.name
        if name is None:
            name = OPERATION[kind] if number else ""
        when = self._condition(f"{key}.when", event.when)
        person = self._person(f"{key}.person", event.person or self._file.person)
        moment = event.time or self._file.time
        moment = Moment(column=moment) if isinstance(moment, str) else moment
        read_time = self._reader(moment.format)
        columns = [(column, self.compiled(Column(column))) for column in self.id_columns]
        return Rule(
            kind=kind,
            topic=TYPES[targets.tag_of(kind)][0],
            name=name,
            when=when,
            meets=None if when is None else self.compiled(when),
            make_id=id_of(columns, name),
            person=person,
            evaluate_person=self.compiled(person),
            time_column=moment.column,
            time_format=moment.format,
            evaluate_time=self.compiled(Column(moment.column)),
            read_time=read_time,
            fields=tuple(self._fields(key, kind, event.fields, reader(ISO, self.zone))),
        )

    def _kind(self, key: str, name: str) -> type:
        try:
            return targets.kind_named(name)
        except ValueError as error:
            raise self._fault(f"{key}.type", str(error)) from error

    def _reader(self, form: str) -> Callable[[object], datetime | None]:
        try:
            check_format(form)
        except ValueError as error:
            raise self._fault("time.format", str(error)) from error
        return reader(form, self.zone)

    # -- expressions -------------------------------------------------------------------------------

    def _node(self, key: str, value: object) -> Node:
        """Return an expression, or a constant that is no text."""
        if isinstance(value, bool):
            return Constant(value)
        if isinstance(value, int | float):
            return Constant(Decimal(str(value)))
        if not isinstance(value, str):
            return Constant(value)
        try:
            node = parse(value)
        except ExpressionError as error:
            raise self._fault(key, f"{shown(value)!r}: {error}") from error
        if unknown := sorted(tables_of(node) - self._file.lookup.keys()):
            raise self._fault(key, f"there is no table {unknown[0]!r}; add [lookup.{unknown[0]}]")
        return node

    def _condition(self, key: str, when: str | dict[str, Any]) -> Node | None:
        if isinstance(when, str):
            return self._node(key, when)
        found = [
            _any_of(
                [Operation("==", Column(column), _constant(value)) for value in _several(values)]
            )
            for column, values in when.items()
            if self._has_any(f"{key}.{column}", values)
        ]
        return reduce(lambda left, right: Operation("and", left, right), found) if found else None

    def _has_any(self, key: str, values: object) -> bool:
        if values == []:
            raise self._fault(key, "an empty list, which no row meets; name a value")
        return True

    def _person(self, key: str, person: str | Person) -> Node:
        if isinstance(person, str):
            return self._node(key, person)
        column = Column(person.column)
        if person.type is None:
            return Call("text", (column,))
        return Operation("&", Constant(f"{person.type}:"), column)

    # -- fields ------------------------------------------------------------------------------------

    def _fields(
        self,
        key: str,
        kind: type,
        given: Mapping[str, object],
        read_time: Callable[[object], datetime | None],
    ) -> Iterator[Field]:
        known = targets.fields_of(kind)
        for name in given:
            if name not in known:
                raise self._fault(
                    f"{key}.fields",
                    f"{targets.tag_of(kind)} has no field {name!r}; it has {', '.join(known)}",
                )
        for name, field in known.items():
            if name not in given:
                if field.required:
                    raise self._fault(
                        f"{key}.fields", f"{targets.tag_of(kind)} needs `{name}`; add it"
                    )
                continue
            form = targets.form_of(field.type)
            for path, value in _leaves((name,), given[name]):
                own = form if len(path) == 1 else "any"
                node = self._node(f"{key}.fields.{'.'.join(path)}", value)
                yield Field(
                    path=path,
                    node=node,
                    form=own,
                    evaluate=self.compiled(node),
                    convert=targets.converter(own, read_time),
                    default=field.default if len(path) == 1 else NODEFAULT,
                )

    def _time_zone(self) -> ZoneInfo:
        try:
            return zone_named(self._file.time_zone)
        except ValueError as error:
            raise self._fault("time_zone", str(error)) from error

    def _fault(self, key: str, what: str) -> MappingError:
        return MappingError(f"mapping {self._place}: {key}: {what}")


def _any_of(nodes: Sequence[Node]) -> Node:
    """Return whether any of several holds: a tree no deeper than it must be."""
    if len(nodes) == 1:
        return nodes[0]
    half = len(nodes) // 2
    return Operation("or", _any_of(nodes[:half]), _any_of(nodes[half:]))


def _constant(value: object) -> Constant:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Constant(Decimal(str(value)))
    return Constant(value)


def _several(values: object) -> list[object]:
    return values if isinstance(values, list) else [values]


def _leaves(path: tuple[str, ...], value: object) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield what a table of fields says, each with its place."""
    if isinstance(value, dict):
        for name, own in value.items():
            yield from _leaves((*path, name), own)
    else:
        yield path, value
