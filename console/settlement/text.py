"""Settlement printed for a person: a party's statement, everybody's balances, postings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.i18n import translator
from console.i18n.labels import label
from console.settlement.rows import caused_rows, delivered_rows, statement_rows
from console.settlement.statement import FATES, PLACES
from flowdrop.output import counted, echo, print_rows, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from console.settlement.everyone import Everyone, Row
    from console.settlement.statement import Account, Budget, Statement


def print_everyone(found: Everyone) -> None:
    """Print every party's balances by program, its own accounts apart."""
    for name in dict.fromkeys(row.program for row in found.parties):
        for is_own in (False, True):
            mine = [r for r in found.parties if (r.program, r.is_own) == (name, is_own)]
            title = f"{name}{', its own accounts' * is_own}, {found.month} {found.zone}"
            print_rows([_short(row) for row in mine], title=title)
    if found.empty:
        say(found.empty)


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


def print_postings(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a posting a line."""
    for row in rows:
        echo(_posting(row))


def _posting(row: Mapping[str, Any]) -> str:
    event = _named(row["event_id"], row["event_source"])
    of = f" (of {_named(row['cause'], row['cause_source'])})" if row["cause"] else ""
    return (
        f"{row['time']:%Y-%m-%d %H:%M:%S}  {row['program']}  {row['operation']}  "
        f"{row['amount']:+,}  {row['account']}  {event}{of}  "
        f"wallet.events {row['partition']}:{row['offset']}{_bought(row)}"
    )


def _named(event_id: str, source: str) -> str:
    return f"{event_id} from {source}" if source else event_id


def _bought(row: Mapping[str, Any]) -> str:
    """Return the data that a posting paid for, where that is known."""
    return f"  {row['mb']:+,} MB at {row['price']:g}" if row.get("price") else ""


def print_statement(found: Statement) -> None:
    """Print a party's month."""
    if not found.programs:
        say(f"{found.party}, {found.month} {found.zone}: {found.empty}")
    for own in found.programs:
        title = f"{found.party}, {own.program}, {found.month} {found.zone}"
        if own.budget is not None and own.before is not None:
            print_rows(_sums(own.before, own.budget, found.month), title=title)
            title = "Technical details: every operation that moved its coins"
        print_rows(statement_rows(found, own.program, short=True), title=title)
        if own.budget is not None:
            print_rows(_parts(own.budget, PLACES), title="Where the unspent coins are")
        echo(_owed(own))
        if own.delivered:
            print_rows(_delivered(own), title=f"Delivered in {found.month}")
        if own.caused:
            rows = [{"for": row.pop("line"), **row} for row in caused_rows(own)]
            print_rows(rows, title=f"Got for them by the end of {found.month}")
        if own.budget is not None:
            title = f"What became of the coins by the end of {found.month}"
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
    return label(translator("en"), "budget", name).lower()


def _owed(own: Account) -> str:
    if not own.owed.coins:
        return "nothing is owed"
    return f"{own.owed.by} owes {own.owed.to} {counted(own.owed.coins, 'coin')}"
