"""`flowdrop people`: what is known of a person, as of any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flowdrop.options import as_json_option
from flowdrop.output import json_text, print_json, print_rows, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.inspect.people import Person


@click.group(epilog="Example: flowdrop people show cj:17 --as-of 2017-06-01")
def people() -> None:
    """Show what is known of a person, as of any time."""


@people.command("show")
@click.argument("id", metavar="ID")
@click.option(
    "--as-of",
    help="Count events up to this time of theirs (ISO 8601, UTC unless it has an offset).",
)
@click.option("--known-at", help="Count events that had arrived by this time.")
@click.option("--history", is_flag=True, help="Show every value that was given or taken back, too.")
@as_json_option()
def show(
    id: str,  # noqa: A002 - as the events call it
    *,
    as_of: str | None,
    known_at: str | None,
    history: bool,
    as_json: bool,
) -> None:
    """Show the person of ID: number, linked ids, attributes by source.

    An id that is linked is shown as its person. --as-of goes by the times that events have,
    --known-at by when they arrived: with both it is what could be known at a moment, without what
    was reported late. Personal attributes are marked as such.

    Example: flowdrop people show cj:17 --as-of 2017-06-01 --history
    """
    from datetime import UTC, datetime

    import msgspec

    from flowdrop.settings import Addresses, load
    from sql.client import connect
    from streams.inspect.history import parse_time
    from streams.inspect.people import Moment
    from streams.inspect.people import show as find
    from streams.people import load as load_catalogue
    from streams.settings import StreamSettings

    moment = Moment.of(
        None if as_of is None else parse_time(as_of, "as-of"),
        None if known_at is None else parse_time(known_at, "known-at"),
        datetime.now(UTC),
    )
    catalogue = load_catalogue(load(StreamSettings).attributes)
    client = connect(load(Addresses).clickhouse)
    found = find(client, id, moment, catalogue, with_history=history)
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    _print(found)


def _print(found: Person) -> None:
    """Print a person as tables."""
    number = None if found.number is None else str(found.number)
    print_rows([{"person": found.person, "number": number, "since": found.since.isoformat()}])
    if found.id != found.person:
        say(f"{found.id} counts as {found.person}, whom it is linked to")
    if found.ids:
        print_rows(_shown(found.ids), title="Ids linked to the person")
    print_rows(_shown(found.attributes, leave_out="arrived"), title="Attributes")
    if found.history is not None:
        print_rows(_shown(found.history, leave_out="latest"), title="History, by time")
    if any(own.personal for own in (*found.attributes, *(found.history or ()))):
        say("attributes marked as personal are protected by law: pass them on only to who may know")


def _shown(found: Iterable[Any], leave_out: str = "") -> list[dict[str, Any]]:
    """Return rows for a table; numbers of ids and values are texts, which get no commas."""
    import msgspec

    rows: list[dict[str, Any]] = [msgspec.to_builtins(own) for own in found]
    for row in rows:
        row.pop(leave_out, None)
        if row.get("number") is not None:
            row["number"] = str(row["number"])
        if "value" in row:
            row["value"] = _written(row["value"])
    return rows


def _written(value: Any) -> str | None:
    """Return a value as it is shown: tags as words, anything else as in its event."""
    if isinstance(value, list):
        return ", ".join(value)
    return value if value is None or isinstance(value, str) else json_text(value)
