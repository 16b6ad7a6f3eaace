"""`flowdrop settlement`: what a party had, what moved in a month, what is owed, at a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from console.reporting.answer import Answer
from console.reporting.shape import Shape, shape_options, show, tell_freshness
from console.reporting.viewer import STAFF
from console.settlement.postings import ANY_PRICE, delivered_postings, line_postings
from console.settlement.statement import Statement
from console.warehouse import Warehouse

if TYPE_CHECKING:
    from console.reporting.report import Rows
    from console.settlement.everyone import Everyone


@click.command(
    "settlement",
    epilog="Example: flowdrop settlement --party carrier:unicom --month 2026-10 --line redeem",
)
@click.option(
    "--party",
    metavar="PARTY",
    help="carrier:NAME, advertiser:CAMPAIGN, partner:NAME, department:NAME; --all lists them.",
)
@click.option(
    "--all", "of_all", is_flag=True, help="Every party, and whether they add up to the ledger."
)
@click.option("--month", required=True, metavar="YYYY-MM", help="A calendar month, UTC.")
@click.option("--program", default="", help="Only coins of this program.")
@click.option("--line", default="", metavar="OPERATION", help="The postings behind one line.")
@click.option("--postings", is_flag=True, help="The postings behind every line.")
@click.option(
    "--network", default="", help="The postings of what a carrier delivered to its users."
)
@click.option(
    "--price", type=float, help="Only those at this many coins per MB; 0: without a price."
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Maximum number of postings to list.",
)
@shape_options("one row per line, party or posting")
def settlement(  # noqa: PLR0913 - an option each
    *,
    party: str | None,
    of_all: bool,
    month: str,
    program: str,
    line: str,
    postings: bool,
    network: str,
    price: float | None,
    limit: int,
    **shape: Any,
) -> None:
    """Show opening, movements by operation, closing and what is owed.

    With --all it exits with status 1 if the parties' coins do not add up to the ledger's, and names
    the difference.
    """
    if (party is None) != of_all:
        raise click.UsageError("name one party with --party, or use --all")
    if of_all and (line or postings or network):
        raise click.UsageError(
            "--line, --postings and --network need one party; name it with --party"
        )
    if network and (line or postings):
        raise click.UsageError(
            "--network lists postings by itself: leave out --line and --postings"
        )
    if price is not None and not network:
        raise click.UsageError("--price applies to what went to a network; name it with --network")
    from console.reports.settlement import POSTINGS, REPORT
    from console.settings import ConsoleSettings
    from console.settlement.month import month as month_of
    from flowdrop.settings import load

    to, settings = Shape(**shape), load(ConsoleSettings)
    asked = {"party": party or "", "month": month, "program": program}
    with Warehouse().client() as client:
        answer = REPORT.find(client, asked, settings, viewer=STAFF)
        found = answer.found
        if not isinstance(found, Statement):
            show(REPORT, tell_freshness(client, REPORT, asked, answer, to), to)
            _judge(found, to)
            return
        if not (line or postings or network):
            show(REPORT, tell_freshness(client, REPORT, asked, answer, to), to)
            return
        when = month_of(month)
        of: dict[str, Any] = {"program": program, "limit": limit}
        at = ANY_PRICE if price is None else price
        rows = (
            delivered_postings(client, found, when, network=network, price=at, **of)
            if network
            else line_postings(client, found, when, operation=line, **of)
        )
    listed: Answer[Rows] = Answer(found=rows, viewer=STAFF)
    show(POSTINGS, listed, to)
    _say_of_postings(found, rows, limit, to)


def _judge(found: Everyone, to: Shape) -> None:
    """Report whether the parties add up to the ledger; exit with status 1 if they do not."""
    from console.i18n import translator
    from flowdrop.output import say

    speak = translator(to.lang)
    if found.differences:
        say([speak.said(difference) for difference in found.differences])
        sys.exit(1)
    if to.for_a_person and found.parties:
        say(speak.gettext("all parties of a program sum to 0, as the ledger's accounts do"))


def _say_of_postings(found: Statement, rows: Rows, limit: int, to: Shape) -> None:
    from console.i18n import translator
    from flowdrop.output import say

    speak = translator(to.lang)
    if not rows and not to.as_json:
        say(speak.said(found.empty))
    if len(rows) == limit:
        say(
            speak.gettext(
                "only the first {limit:,} are listed, and there may be more; raise --limit",
                limit=limit,
            )
        )
