"""`flowdrop sql`: bring the warehouse up to date, show its schema; list, show, run queries."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import click

from flowdrop.options import as_csv_option, as_json_option
from flowdrop.output import print_csv, print_json, print_rows

if TYPE_CHECKING:
    from collections.abc import Collection


@click.group("sql", epilog="Example: flowdrop sql run reports/campaign_names --csv")
def sql() -> None:
    """Apply migrations, show the schema; list, show and run the queries."""


@sql.command("migrate", epilog="Example: flowdrop sql migrate")
@as_json_option("Print JSON: a list of version, name.")
def migrate_command(*, as_json: bool) -> None:
    """Create what the warehouse lacks; run again, it changes nothing."""
    from flowdrop.settings import Addresses, load
    from sql.client import connect
    from sql.migrate import migrate

    applied = [migration._asdict() for migration in migrate(connect(load(Addresses).changing))]
    if as_json:
        print_json(applied)
    else:
        print_rows(applied, title="Migrations applied", empty="none, the warehouse is up to date")


@sql.command("list", epilog="Example: flowdrop sql list")
@as_json_option("Print JSON: name, description, parameters.")
def list_command(*, as_json: bool) -> None:
    """List every query, what a row of its result is, and its parameters."""
    from sql.client import description, names, places

    queries: list[dict[str, Any]] = [
        {"name": name, "description": description(name), "parameters": places(name)}
        for name in names()
    ]
    if as_json:
        print_json(queries)
        return
    for query in queries:
        query["parameters"] = _listed(query["parameters"])
    print_rows(queries, title="Queries")


@sql.command("schema", epilog="Example: flowdrop sql schema > schema.sql")
def schema_command() -> None:
    """Print the statements that would recreate the warehouse as it stands, without its rows."""
    from sql.client import connect
    from sql.schema import schema

    click.echo(schema(connect()), nl=False)


@sql.command("show", epilog="Example: flowdrop sql show reports/contacts")
@click.argument("name")
def show_command(name: str) -> None:
    """Print the text of the query NAME."""
    from sql.client import text

    click.echo(text(name), nl=False)


@sql.command(
    "run", epilog="Example: flowdrop sql run reports/contacts --param campaigns=cj-8 --json"
)
@click.argument("name")
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="Bind VALUE; give it again for each element of an Array, and `NAME=` for an empty one.",
)
@as_json_option("Print JSON: a list of rows.")
@as_csv_option()
def run_command(name: str, params: tuple[str, ...], *, as_json: bool, as_csv: bool) -> None:
    """Run the query NAME and print its rows."""
    from clickhouse_connect.driver.exceptions import ClickHouseError

    from sql.client import connect, places, rows

    values = _bound(name, places(name), params)
    try:
        found = rows(connect(), name, **values)
    except ClickHouseError as error:
        raise click.ClickException(f"query {name}: {error}") from error
    if as_json:
        print_json(found)
    elif as_csv:
        print_csv(found)
    else:
        print_rows(found, title=name, empty="no rows")


def _bound(name: str, wanted: dict[str, str], params: tuple[str, ...]) -> dict[str, Any]:
    """Return the values of `--param`, one for each place of the query, arrays as lists."""
    given: dict[str, list[str]] = {}
    for param in params:
        key, equals, value = param.partition("=")
        if not equals:
            raise click.ClickException(f"--param {param}: write it as NAME=VALUE")
        given.setdefault(key, []).append(value)
    if given.keys() != wanted.keys():
        raise click.ClickException(
            f"query {name} takes {_listed(wanted) or 'no parameters'}, "
            f"got {', '.join(given) or 'none'}{_nearest(given, wanted)}; "
            "give each as --param NAME=VALUE"
        )
    values: dict[str, Any] = {}
    for key, found in given.items():
        if wanted[key].startswith("Array("):
            values[key] = [_element(wanted[key], value) for value in found if found != [""]]
        elif len(found) > 1:
            raise click.ClickException(f"--param {key} is one {wanted[key]}, got {len(found)}")
        else:
            values[key] = found[0]
    return values


def _nearest(given: Collection[str], wanted: Collection[str]) -> str:
    """Return what a name that the query does not have may have been meant as."""
    lacking = [key for key in wanted if key not in given]
    for key in given:
        if key not in wanted and (close := difflib.get_close_matches(key, lacking)):
            return f" (did you mean {close[0]}?)"
    return ""


def _element(array: str, value: str) -> str | int:
    """Return an element of an array as the client writes it: numbers without quotes."""
    whole = array.startswith(("Array(UInt", "Array(Int")) and value.lstrip("-").isdecimal()
    return int(value) if whole else value


def _listed(places: dict[str, str]) -> str:
    return ", ".join(f"{key}: {kind}" for key, kind in places.items())
