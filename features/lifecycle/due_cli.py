"""`flowdrop models due`: whether a model is to be trained on a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from features.options import as_of_option, program_option
from flowdrop.options import as_json_option

if TYPE_CHECKING:
    from datetime import date

NOT_DUE = 99  # what a schedule takes as: leave out what comes after


@click.command("due", epilog="Example: flowdrop models due --as-of 2017-10-30")
@as_of_option()
@program_option()
@as_json_option()
def due_command(as_of: date, program: str, *, as_json: bool) -> None:
    """Say whether a model of who redeems is to be trained on a day; exit with status 99 if not.

    It is on Mondays, while there is no champion, and when people are no longer as they were on the
    champion's date: when the population stability index of a feature of some days is .25 or more.
    """
    from dataclasses import asdict

    from features.lifecycle.due import due
    from flowdrop.output import echo, print_json
    from sql.client import connect

    found = due(connect(), as_of, program)
    if as_json:
        print_json(asdict(found) | {"as_of": as_of, "program": program})
    else:
        echo(f"a model is {'due' if found.is_due else 'not due'}: {found.why}")
    if not found.is_due:
        raise click.exceptions.Exit(NOT_DUE)
