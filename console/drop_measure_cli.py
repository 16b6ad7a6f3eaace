"""`flowdrop drop measure` and `flowdrop drop stops`: what running drops cause, day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flowdrop.options import as_json_option

if TYPE_CHECKING:
    from datetime import date, datetime

    from console.drops.measuring import Measured

SHOWN = ("drop", "day", "metric", "difference", "low", "high", "words", "rule")


def _date(_: click.Context, __: click.Parameter, value: datetime) -> date:
    return value.date()


_as_of = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_date,
    required=True,
    metavar="DATE",
    help="The date partition; nothing that happened on or after it (UTC) is known.",
)


@click.command("measure", epilog="Example: flowdrop drop measure --as-of 2026-12-01")
@_as_of
@as_json_option(
    "Print JSON: a list of drop, as_of, metric, difference, low, high, words, stop, ..."
)
def measure_command(as_of: date, *, as_json: bool) -> None:
    """Measure the drops that run on a day, and store a row for each, replacing any there is.

    A row has the effect on the goal, its interval by the design that was recorded before launch,
    what may be said of it, and which rule to stop holds. Only whole days since the first assignment
    count. A drop is measured for the last time on the first day after its planned end.
    """
    from datetime import UTC, datetime

    from sqlalchemy.orm import Session

    from console.database import open_database
    from console.drops import measuring, register
    from console.settings import ConsoleSettings
    from console.warehouse import Warehouse
    from flowdrop.output import say
    from flowdrop.settings import Addresses, load

    with Session(open_database(load(ConsoleSettings).database)) as session:
        names = [one.name for one in register.every(session) if measuring.is_running(one, as_of)]
    found, waiting = [], []
    with Warehouse(load(Addresses).feeding).client() as client:
        for name in names:
            one = measuring.measure(client, name, as_of, datetime.now(UTC))
            if one is None:
                waiting.append(name)
            else:
                found.append(one)
        measuring.keep(client, found)
    _print(found, as_of, as_json=as_json)
    if waiting:
        say(f"no whole day of theirs was over by {as_of}: {', '.join(waiting)}")


@click.command("stops", epilog="Example: flowdrop drop stops --as-of 2026-12-01")
@_as_of
@as_json_option("Print JSON: a list of drop, as_of, rule, reason, words, ...")
def stops_command(as_of: date, *, as_json: bool) -> None:
    """Show the drops of which a rule to stop held when they were measured on a day.

    Exits with status 1 if one does harm, or its arms are not as they were drawn.
    """
    from console.drops import measuring
    from console.warehouse import Warehouse

    with Warehouse().client() as client:
        found = [one for one in measuring.kept(client, as_of) if one.stop]
    _print(found, as_of, as_json=as_json)
    unsafe = [one for one in found if one.rule in measuring.UNSAFE]
    if unsafe:
        raise click.ClickException(
            "; ".join(f"drop {one.drop}: {one.reason.rstrip('.')}" for one in unsafe)
            + f"; look at it with `flowdrop report lift {unsafe[0].drop}`, and launch no more of it"
        )


def _print(found: list[Measured], as_of: date, *, as_json: bool) -> None:
    import json
    from dataclasses import asdict

    from flowdrop.output import print_json, print_rows

    rows: list[dict[str, Any]] = [asdict(one) for one in found]
    if as_json:
        print_json([row | {"effects": json.loads(row["effects"])} for row in rows])
    else:
        few = [{key: row[key] for key in SHOWN} for row in rows]
        print_rows(few, title=f"Drops by {as_of}")
