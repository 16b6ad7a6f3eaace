"""`flowdrop report`: the reports at a terminal, as JSON, as CSV, or as a file."""

from __future__ import annotations

import click

from console.reporting.command import command
from console.reporting.found import reports


@click.group("report", epilog="Example: flowdrop report lift hillstrom --json")
def report() -> None:
    """Show reach, lift and overlap of campaigns."""


for each in reports().values():
    if not each.command:
        report.add_command(command(each))
