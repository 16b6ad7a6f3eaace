"""`flowdrop report`: reach, lift and overlap of campaigns at a terminal, as JSON or as CSV."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import click

from console import report_text
from console.exports import campaign_rows, lift_rows, overlap_rows, reach_rows
from console.reports.basis import as_json as report_json
from console.reports.campaigns import campaigns as list_campaigns
from console.reports.lift import lift
from console.reports.overlap import overlap
from console.reports.reach import reach
from flowdrop.output import print_csv, print_json
from sql.client import connect

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")


def _output(csv_rows: str) -> Callable[[F], F]:
    """Give a command `--json`, `--csv` (whose rows are `csv_rows`) and `--lang`."""

    def add(command: F) -> F:
        command = click.option(
            "--lang",
            type=click.Choice(["en", "zh"]),
            default="en",
            show_default=True,
            help="Language of the tables.",
        )(command)
        command = click.option("--csv", "as_csv", is_flag=True, help=f"Print CSV: {csv_rows}.")(
            command
        )
        return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)

    return add


@click.group("report", epilog="Example: flowdrop report lift hillstrom --json")
def report() -> None:
    """Show reach, lift and overlap of campaigns."""


@report.command("campaigns", epilog="Example: flowdrop report campaigns --csv")
@_output("one row a campaign")
def campaigns_command(*, as_json: bool, as_csv: bool, lang: str) -> None:
    """List the campaigns: when they ran, whom they reached, which arms they have."""
    found = list_campaigns(connect())
    if as_json:
        print_json([asdict(campaign) for campaign in found])
    elif as_csv:
        print_csv(campaign_rows(found))
    else:
        report_text.campaigns_text(found, lang)


@report.command("reach", epilog="Example: flowdrop report reach cj-8 cj-13 cj-18 --json")
@click.argument("campaigns", nargs=-1, required=True, metavar="CAMPAIGN...")
@_output("one row a day")
def reach_command(campaigns: tuple[str, ...], *, as_json: bool, as_csv: bool, lang: str) -> None:
    """Show whom campaigns contacted, by day; what those people did; what it cost.

    Several campaigns give their union, each person once, and each one's own numbers.
    """
    found = reach(connect(), campaigns)
    if as_json:
        print_json(report_json(found))
    elif as_csv:
        print_csv(reach_rows(found))
    else:
        report_text.reach_text(found, lang)


@report.command("lift", epilog="Example: flowdrop report lift hillstrom --json")
@click.argument("campaign")
@click.option(
    "--control", metavar="ARM", help="Compare with ARM (default: none, control, holdout)."
)
@_output("one row an arm and metric")
def lift_command(
    campaign: str, control: str | None, *, as_json: bool, as_csv: bool, lang: str
) -> None:
    """Show what a randomised CAMPAIGN caused: each treated arm against the control arm."""
    found = lift(connect(), campaign, control)
    if as_json:
        print_json(report_json(found))
    elif as_csv:
        print_csv(lift_rows(found))
    else:
        report_text.lift_text(found, lang)


@report.command("overlap", epilog="Example: flowdrop report overlap cj-8 cj-13 --json")
@click.argument("a", metavar="CAMPAIGN")
@click.argument("b", metavar="CAMPAIGN")
@_output("one row")
def overlap_command(a: str, b: str, *, as_json: bool, as_csv: bool, lang: str) -> None:
    """Show whom two campaigns both contacted, and what each adds to the other."""
    found = overlap(connect(), a, b)
    if as_json:
        print_json(report_json(found))
    elif as_csv:
        print_csv(overlap_rows(found))
    else:
        report_text.overlap_text(found, lang)
