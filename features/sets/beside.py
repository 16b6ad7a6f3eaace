"""What is known of a set, in files beside it, and the exact query that made it.

Beside `x.parquet` are `x.parquet.json` (rows, time, SHA-256, moments, features) and
`x.parquet.sql`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from features.sets.compose import slices
from flowdrop.output import json_text
from sql.client import rows

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from features.sets.files import Feature, Label

FORMAT = 1  # of the file that says what a set is
NOWHERE = datetime(1970, 1, 1)  # noqa: DTZ001 - the engine's answer where there is no event


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A set that was written."""

    path: str
    rows: int
    rows_by_date: dict[str, int]
    sha256: str
    seconds: float
    query: str  # the file that holds it
    facts: str  # the file that holds these


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def definition(one: Feature | Label) -> dict[str, Any]:
    """Return a definition's fields, but where its file is."""
    return {key: value for key, value in one.__dict__.items() if key != "file"}


def freshness(client: Client, at: str, known: str) -> list[dict[str, Any]]:
    """Return for each table that features are made of how late it was at a moment.

    Keys: `source`; `latest_before`, the time of the latest event before the moment; `latest`, of
    the latest at all; `stored_until`, before which everything that arrived is stored, on every
    partition. Times are none where there is no event.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in rows(client, "features/arrivals", at=at, known=known):
        one = found.setdefault(row["name"], dict(row))
        for name in ("latest_before", "latest"):
            one[name] = max(one[name], row[name])
        one["stored_until"] = min(one["stored_until"], row["stored_until"])
    names = ("latest_before", "latest", "stored_until")
    return [
        {"source": source} | {name: _time(one[name]) for name in names}
        for source, one in sorted(found.items())
    ]


def _time(value: datetime) -> str | None:
    """Return a time in ISO form; the engine's answer where there is none is 1970."""
    bare = value.replace(tzinfo=None)
    return bare.replace(tzinfo=UTC).isoformat() if bare > NOWHERE else None


def write(to: Path, facts: dict[str, Any], query: str, places: list[dict[str, Any]]) -> Exported:
    """Write what is known of a set, and the query that made it, beside it."""
    beside, asked = to.with_name(f"{to.name}.json"), to.with_name(f"{to.name}.sql")
    beside.write_text(json_text(facts, indent=2) + "\n", encoding="utf-8")
    asked.write_text(_runnable(query, places), encoding="utf-8")
    return Exported(
        path=str(to),
        rows=facts["rows"],
        rows_by_date=facts["rows_by_date"],
        sha256=facts["sha256"],
        seconds=facts["seconds"],
        query=str(asked),
        facts=str(beside),
    )


def _runnable(query: str, places: list[dict[str, Any]]) -> str:
    """Return the query as any ClickHouse client runs it, with everyone in one slice."""
    [everyone] = slices(1)
    parts = []
    for place in places:
        lines = [
            f"SET param_{name} = {_quoted(value)};" for name, value in (place | everyone).items()
        ]
        parts.append(
            "\n".join([f"-- One row per person of the set as of {place['at'][:10]}.", *lines])
        )
        parts.append(f"{query.strip()};\n")
    return "\n".join(parts)


def _quoted(value: object) -> str:
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def facts_of(path: Path) -> dict[str, Any]:
    """Return what the JSON file beside a set says, after holding the set's bytes to its SHA-256.

    Raises:
        click.ClickException: when there is no such set, or it is not what was written.
    """
    beside = path.with_name(f"{path.name}.json")
    remedy = "make it with `flowdrop features export`"
    for needed in (path, beside):
        if not needed.is_file():
            raise click.ClickException(f"there is no {needed}; {remedy}")
    try:
        facts: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{beside}: {error}; {remedy} again") from error
    if facts.get("format") != FORMAT:
        raise click.ClickException(f"{beside} is not of format {FORMAT}; {remedy} again")
    if (found := sha256_of(path)) != facts["sha256"]:
        raise click.ClickException(
            f"{path} is not the set that {beside.name} tells of: its SHA-256 is {found}, not "
            f"{facts['sha256']}; {remedy} again"
        )
    return facts
