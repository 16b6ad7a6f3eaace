"""`flowdrop settlement`: what a party had, what moved in a month, what is owed, at a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from console.exports import caused_rows, delivered_rows, settlement_rows, settlements_rows
from console.reporting.report import plain
from console.settings import ConsoleSettings
from console.settlement.everyone import everyone
from console.settlement.month import month as month_of
from console.settlement.postings import (
    ANY_PRICE,
    POSTING_COLUMNS,
    delivered_postings,
    line_postings,
)
from console.settlement.statement import FATES, PLACES, statement
from console.warehouse import Warehouse
from console.web.language import phrases
from flowdrop.output import counted, echo, print_csv, print_json, print_rows, say
from flowdrop.settings import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.settlement.everyone import Everyone, Row
    from console.settlement.statement import Account, Budget, Statement


@click.command(
    "settlement",
    epilog="Example: flowdrop settlement --party carrier:unicom --month 2026-10 --line redeem",
)
@click.option(
    "--party",
    metavar="PARTY",
    help="carrier:NAME, advertiser:CAMPAIGN, partner:NAME, department:NAME; --all lists them.",
)
@click.option("--all", "of_all", is_flag=True, help="Every party, and whether they are the ledger.")
@click.option("--month", required=True, metavar="YYYY-MM", help="A calendar month, UTC.")
@click.option("--program", default="", help="Coins of this program only.")
@click.option("--line", default="", metavar="OPERATION", help="The postings behind one line.")
@click.option("--postings", is_flag=True, help="The postings behind every line.")
@click.option(
    "--network", default="", help="The postings of what a carrier delivered to its users."
)
@click.option("--price", type=float, help="Of those at so many coins a MB only; 0: without price.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Postings to list at most.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV: one row a line, party or posting.")
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
    **shape: bool,
) -> None:
    """Show opening, movements by operation, closing and what is owed.

    With --all it ends with status 1 when the parties' coins are not the ledger's, and names the
    difference.
    """
    if (party is None) != of_all:
        raise click.UsageError("name one party by --party, or ask for --all")
    if of_all and (line or postings or network):
        raise click.UsageError(
            "--line, --postings and --network are of one party; name it by --party"
        )
    if network and (line or postings):
        raise click.UsageError("--network opens postings by itself: leave out --line, --postings")
    if price is not None and not network:
        raise click.UsageError("--price is of what went to a network; name it by --network")
    asked, programs = month_of(month), load(ConsoleSettings).programs
    with Warehouse().client() as client:
        if party is None:
            _print_all(everyone(client, asked, program, programs), **shape)
            return
        found = statement(client, party, asked, program, programs)
        if line or postings or network:
            rows = (
                delivered_postings(
                    client,
                    found,
                    asked,
                    network=network,
                    price=ANY_PRICE if price is None else price,
                    program=program,
                    limit=limit,
                )
                if network
                else line_postings(
                    client, found, asked, operation=line, program=program, limit=limit
                )
            )
            _print_postings(rows, found, limit, **shape)
            return
    if shape["as_json"]:
        print_json(plain(found))
    elif shape["as_csv"]:
        print_csv(settlement_rows(found))
    else:
        _print_statement(found)


def _print_all(found: Everyone, *, as_json: bool, as_csv: bool) -> None:
    if as_json:
        print_json(plain(found))
    elif as_csv:
        print_csv(settlements_rows(found))
    else:
        for name in dict.fromkeys(row.program for row in found.parties):
            for is_own in (False, True):
                mine = [r for r in found.parties if (r.program, r.is_own) == (name, is_own)]
                title = f"{name}{', its own accounts' * is_own}, {found.month} {found.zone}"
                print_rows([_short(row) for row in mine], title=title)
        if found.empty:
            say(found.empty)
    if found.differences:
        say(found.differences)
        sys.exit(1)
    if not as_json and not as_csv and found.parties:
        say("all parties of a program sum to 0, as the ledger's accounts do")


def _short(row: Row) -> dict[str, Any]:
    """Return a row of the table: no number or name of it is ever cut short."""
    return {
        "party": row.party,
        "opening": row.opening,
        "moved": row.moved,
        "closing": row.closing,
        "owes": row.owed.coins if row.owed.by == row.party else None,
        "is owed": row.owed.coins if row.owed.to == row.party else None,
    }


def _posting(row: dict[str, Any]) -> str:
    event = _named(row["event_id"], row["event_source"])
    of = f" (of {_named(row['cause'], row['cause_source'])})" if row["cause"] else ""
    return (
        f"{row['time']:%Y-%m-%d %H:%M:%S}  {row['program']}  {row['operation']}  "
        f"{row['amount']:+,}  {row['account']}  {event}{of}  "
        f"wallet.events {row['partition']}:{row['offset']}{_bought(row)}"
    )


def _named(event_id: str, source: str) -> str:
    return f"{event_id} from {source}" if source else event_id


def _bought(row: dict[str, Any]) -> str:
    """Return the data that a posting paid for, where that is known."""
    return f"  {row['mb']:+,} MB at {row['price']:g}" if row.get("price") else ""


def _print_postings(
    rows: list[dict[str, Any]], found: Statement, limit: int, *, as_json: bool, as_csv: bool
) -> None:
    if as_json:
        print_json(rows)
    elif as_csv:
        print_csv(rows, POSTING_COLUMNS)
    else:
        for row in rows:
            echo(_posting(row))
    if not rows and not as_json:
        say(found.empty)
    if len(rows) == limit:
        say(f"the first {limit:,}; there may be more, ask with --limit")


def _print_statement(found: Statement) -> None:
    if not found.programs:
        say(f"{found.party}, {found.month} {found.zone}: {found.empty}")
    for own in found.programs:
        title = f"{found.party}, {own.program}, {found.month} {found.zone}"
        if own.budget is not None and own.before is not None:
            print_rows(_sums(own.before, own.budget, found.month), title=title)
            title = phrases("en")("settlement.technical")
        print_rows(settlement_rows(found, own.program, short=True), title=title)
        if own.budget is not None:
            print_rows(_parts(own.budget, PLACES), title=phrases("en")("settlement.places"))
        echo(_owed(own))
        if own.delivered:
            print_rows(_delivered(own), title=f"Delivered in {found.month}")
        if own.caused:
            rows = [{"for": row.pop("line"), **row} for row in caused_rows(own)]
            print_rows(rows, title=f"Got for them by the end of {found.month}")
        if own.budget is not None:
            title = phrases("en")("settlement.budget", month=found.month)
            print_rows([*_parts(own.budget, FATES), *_spent(own.budget)], title=title)
    if found.programs and found.empty:
        say(found.empty)
    for words in (found.basis, *found.notes):
        say(words.en)


def _delivered(own: Account) -> list[dict[str, Any]]:
    """Return a row of the table a network and price; the least prices have many digits."""
    return [
        {
            "to users of": row["network"],
            "events": row["events"],
            "MB": row["mb"],
            "coins": row["coins"],
            "coins a MB": None if row["price"] is None else f"{row['price']:g}",
        }
        for row in delivered_rows(own)
    ]


def _sums(before: dict[str, int], budget: Budget, month: str) -> list[dict[str, Any]]:
    """Return a row of the table a sum of the budget: before the month, in it, and by its end."""
    return [
        {
            "coins of the budget": _called(key),
            "before": then,
            f"in {month}": getattr(budget, key) - then,
            "by its end": getattr(budget, key),
        }
        for key, then in before.items()
        if key != "other" or then or budget.other
    ]


def _parts(budget: Budget, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row of the table for each of these figures of the budget."""
    return [
        {"coins of the budget": _called(name), "coins": getattr(budget, name)} for name in names
    ]


def _spent(budget: Budget) -> list[dict[str, Any]]:
    return [
        {"coins of the budget": f"spent by {operation}", "coins": coins}
        for operation, coins in budget.spent.items()
    ]


def _called(name: str) -> str:
    """Return what the page calls a figure of the budget."""
    return phrases("en").label("budget", name).lower()


def _owed(own: Account) -> str:
    if not own.owed.coins:
        return "nothing is owed"
    return f"{own.owed.by} owes {own.owed.to} {counted(own.owed.coins, 'coin')}"
