"""How fast the city is made ready for Kafka: `python -m benchmarks.city`.

CPU time of one process, the best of several runs taken in turn, so that a busy machine affects both
alike. Beside it the same city whose events are made the usual way, from the same columns but one
after the other: a datetime, the structs, `encode`, the key and its partition. Both must give the
same bytes. `writing` is that part alone, without drawing who does what.

    python -m benchmarks.city --people 50000 --days 6 --json
"""

from __future__ import annotations

import hashlib
import re
import resource
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from unittest import mock

import click
import msgspec

from flowdrop.output import print_json, print_rows
from scenarios.city import city, records
from scenarios.city.plan import PROGRAM, Plan
from scenarios.source import EPOCH
from streams import events
from streams.kafka.publish import record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from scenarios.city.outbox import Columns
    from scenarios.city.records import Chunk
    from scenarios.spoil import Record

PARTITIONS = 8
_FIELD = re.compile(r'"(\w+)":("[^"]*"|%\w)|%s')
_NETWORKS = (None, *records.NETWORKS)
_OPTIONAL: dict[str, Callable[[dict[str, Any]], Any]] = {
    "paid": lambda values: values["paid"] == 1,
    "quantity": lambda values: values["quantity"],
    "network": lambda values: _NETWORKS[values["network"]],
}
"""Columns whose text is the field's name too, or nothing: a template has just `%s` for them."""


def moment(time_us: int) -> Any:
    """Return a datetime, with a microsecond so that it is not a whole second."""
    return EPOCH + timedelta(microseconds=time_us + (time_us % 1_000_000 == 0))


class Timed(records.Writer):
    """The city's writer, whose seconds are counted."""

    seconds: ClassVar[float] = 0.0

    def chunk(self, found: Iterable[tuple[str, Columns]]) -> Chunk:
        """Write, and count."""
        due = list(found)
        began = time.process_time()
        chunk = super().chunk(due)
        Timed.seconds += time.process_time() - began
        return chunk


class OneByOne(Timed):
    """Writes the same events by their structs, one after the other."""

    def _records(self, name: str, columns: Columns) -> list[Record]:
        kind = records.KINDS[name]
        tag = f"flowdrop.{kind.type}"
        struct = events.TYPES[tag][1]
        data = events.data_of(struct)
        nested = {"describe": self._describe, "profile": self._profile}
        fields_of = nested.get(name) or self._flat(name)
        subject = kind.subject.replace("SEED", self._seed)
        lists = {column: values.tolist() for column, values in columns.items()}
        found: list[Record] = []
        for row in zip(*lists.values(), strict=True):
            values = dict(zip(lists, row, strict=True))
            event = struct(
                id=f"{self._seed}/{name}/{values['number']}",
                source=records.SOURCE,
                time=moment(values["time"]),
                subject=subject % tuple(values[column] for column in kind.subject_columns),
                data=data(**fields_of(values)),
            )
            found.append(record_of(event, self._partitions))
        return found

    def _flat(self, name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        fields = list(self._fields(name))
        return lambda values: {field: of(values) for field, of in fields}

    def _profile(self, values: dict[str, Any]) -> dict[str, Any]:
        attributes = {
            "carrier": records.NETWORKS[values["carrier"]],
            "birth_year": values["birth_year"],
            "device": records.TEXTS["device"][values["device"]],
        }
        return {"attributes": attributes}

    def _describe(self, values: dict[str, Any]) -> dict[str, Any]:
        creatives = zip(records.TEXTS["creative"], records.TEXTS["format"], strict=True)
        same = ("advertiser", "title_en", "title_zh", "goal", "coin_microcents")
        return {name: values[name] for name in same} | {
            "campaign": f"city-{self._seed}-{values['campaign']}",
            "begin": EPOCH + timedelta(microseconds=values["begin"]),
            "end": EPOCH + timedelta(microseconds=values["end"]),
            "budget": values["budget"] or None,
            "channels": (records.TEXTS["channel"][values["channel"]],),
            "creatives": tuple(
                msgspec.convert({"name": name, "format": shape}, events.Creative)
                for name, shape in creatives
            ),
        }

    def _fields(self, name: str) -> Iterator[tuple[str, Callable[[dict[str, Any]], Any]]]:
        """Yield the fields of a kind's data, and how each comes from the columns."""
        kind = records.KINDS[name]
        columns = list(kind.data_columns)
        if kind.type.startswith("wallet."):
            yield "program", lambda _: PROGRAM
        for field, text in _FIELD.findall(kind.data.replace("SEED", self._seed)):
            count = text.count("%") if field else 1
            own, columns = columns[:count], columns[count:]
            if field:
                yield field, self._value(field, text.strip('"'), own)
            else:
                yield own[0], _OPTIONAL[own[0]]

    def _value(self, field: str, text: str, own: list[str]) -> Callable[[dict[str, Any]], Any]:
        if not own:
            return lambda _: text
        first = own[0]
        if field == "granted":
            return lambda values: values[first] == 1
        if first in records.TIMES:
            return lambda values: moment(values[first])
        if first in records.TEXTS:
            texts = records.TEXTS[first]
            return lambda values: texts[values[first]]
        if text.startswith("%"):
            return lambda values: values[first]
        return lambda values: text % tuple(values[column] for column in own)


class Run(NamedTuple):
    """One city generated: how many events, in how many CPU seconds, and those for writing."""

    events: int
    seconds: float
    writing: float


def run(plan: Plan, writer: type[Timed]) -> Run:
    """Let the city live, with a writer."""
    Timed.seconds = 0.0
    with mock.patch.object(city, "Writer", writer):
        began = time.process_time()
        count = sum(len(chunk.records) for chunk in city.chunks(plan))
        return Run(count, time.process_time() - began, Timed.seconds)


def digest(plan: Plan, writer: type[Timed]) -> str:
    """Return a hash over every record of a city, with a writer."""
    found = hashlib.sha256()
    with mock.patch.object(city, "Writer", writer):
        for record in city.records(plan):
            found.update(repr(record).encode())
    return found.hexdigest()


@click.command(help=__doc__)
@click.option("--people", default=20_000, show_default=True)
@click.option("--days", default=18, show_default=True)
@click.option("--seed", default=7, show_default=True)
@click.option("--runs", default=3, show_default=True, help="Of which the best counts.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(*, people: int, days: int, seed: int, runs: int, as_json: bool) -> None:
    """Print events per second, by columns and one by one, and their ratio."""
    small = Plan(500, 18, seed, PARTITIONS)
    if digest(small, Timed) != digest(small, OneByOne):
        raise click.ClickException("the two ways do not give the same bytes")
    plan = Plan(people, days, seed, PARTITIONS)
    found: dict[str, list[Run]] = {"by columns": [], "one by one": []}
    for _ in range(runs):
        found["by columns"].append(run(plan, Timed))
        found["one by one"].append(run(plan, OneByOne))
    whole = {made: max(one.events / one.seconds for one in each) for made, each in found.items()}
    writing = {made: max(one.events / one.writing for one in each) for made, each in found.items()}
    rows = [
        {"made": made, "events_per_s": round(whole[made]), "written_per_s": round(writing[made])}
        for made in found
    ]
    ratios = {
        "ratio": whole["by columns"] / whole["one by one"],
        "ratio_writing": writing["by columns"] / writing["one by one"],
    }
    count = found["by columns"][0].events
    if as_json:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        facts = {"people": people, "days": days, "events": count, "peak_rss_kb": peak}
        print_json({**facts, **ratios, "python": sys.version.split()[0], "rows": rows})
    else:
        print_rows(rows, title=f"{count:,} events of {people:,} people in {days} days")
        print(
            f"by columns is {ratios['ratio']:.2f} times one by one; in writing alone "
            f"{ratios['ratio_writing']:.2f} times"
        )


if __name__ == "__main__":
    main()
