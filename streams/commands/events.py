"""`flowdrop events`: list event types and attributes, print JSON Schemas, check a file."""

from __future__ import annotations

import click

from flowdrop.options import as_json_option
from flowdrop.output import print_json, print_rows, say


@click.group(epilog="Example: flowdrop events list")
def events() -> None:
    """List event types, print their JSON Schemas, check a file."""


@events.command("list")
@as_json_option()
def events_list(*, as_json: bool) -> None:
    """List every event type with its meaning.

    Example: flowdrop events list
    """
    from streams.events.schemas import schemas

    rows = [
        {"type": name, "description": schema["description"]} for name, schema in schemas().items()
    ]
    print_json(rows) if as_json else print_rows(rows, title="Events")


@events.command("schema")
@click.argument("name", required=False)
@click.option("--write", type=click.Path(file_okay=False), help="Write one file per type there.")
def events_schema(name: str | None, write: str | None) -> None:
    """Print the JSON Schema of the event type NAME, or of all.

    Example: flowdrop events schema flowdrop.wallet.grant
    """
    from pathlib import Path

    from streams.events.schemas import schemas
    from streams.events.schemas import write as write_schemas

    known = schemas()
    if write:
        say(f"{len(write_schemas(Path(write)))} schemas written to {write}")
    elif name is None:
        print_json(known)
    elif found := known.get(name) or known.get(f"flowdrop.{name}"):
        print_json(found)
    else:
        raise click.ClickException(f"no event type {name}; see `flowdrop events list`")


@events.command("attributes")
@as_json_option()
def events_attributes(*, as_json: bool) -> None:
    """List the attributes that profiles of people may have, by the catalogue in force.

    Example: flowdrop events attributes
    """
    from flowdrop.settings import load as load_settings
    from streams.people import load
    from streams.settings import StreamSettings

    catalogue = load(load_settings(StreamSettings).attributes)
    rows = [
        {
            "attribute": name,
            "title": own.title.en,
            "title_zh": own.title.zh,
            "value": own.wanted(),
            "personal": own.personal,
            "targeting": own.targeting,
        }
        for name, own in catalogue.attributes.items()
    ]
    print_json(rows) if as_json else print_rows(rows, title="Attributes of people")


@events.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@as_json_option()
def events_check(file: str, *, as_json: bool) -> None:
    """Check a FILE of events, one JSON object per line, as a worker would.

    Exits with status 1 if any line would go to the dead letters.

    Example: flowdrop events check my-events.jsonl
    """
    from datetime import UTC, datetime

    from flowdrop.settings import load
    from streams.events import CampaignEvent
    from streams.events.decoding import Rejection, read_event
    from streams.events.times import microseconds
    from streams.settings import StreamSettings
    from streams.worker.checks import checks_of

    checks, now_us = checks_of(load(StreamSettings)), microseconds(datetime.now(UTC))
    faults = []
    with click.open_file(file, "rb") as lines:
        count = 0
        for count, line in enumerate(lines, start=1):
            found = read_event(line.rstrip(b"\r\n"))
            rejection = checks.reject(found, now_us) if isinstance(found, CampaignEvent) else found
            if isinstance(rejection, Rejection):
                faults.append(
                    {"line": count, "reason": rejection.reason, "detail": rejection.detail}
                )
    if as_json:
        print_json({"lines": count, "faults": faults})
    else:
        print_rows(faults, title=f"{count:,} lines", empty="all are valid events")
    if faults:
        raise SystemExit(1)
