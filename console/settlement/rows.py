"""Settlement as rows of a file, the same for a command's options and for a page's download."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from console.settlement.statement import FATES, SUMS

if TYPE_CHECKING:
    from console.settlement.everyone import Everyone
    from console.settlement.statement import Account, Statement

Rows = list[dict[str, Any]]


def statement_rows(found: Statement, program: str = "", *, short: bool = False) -> Rows:
    """Return one row per line of a statement, including its opening and closing balance.

    A carrier's has columns and, after each program's lines, rows for what it delivered; a
    department's for what it got for its coins, an advertiser's for the sums of its budget.

    Args:
        found: the statement.
        program: only this one's; '' for all.
        short: leave out what is the same in every row.
    """
    rows: Rows = []
    for own in found.programs:
        if program and own.program != program:
            continue
        same = {} if short else {"party": found.party, "month": found.month, "program": own.program}
        none = {"events": None, "coins_in": None, "coins_out": None}
        first = len(rows)
        rows += [
            {**same, "line": "opening", **none, "coins": own.opening},
            *(
                {
                    **same,
                    **{
                        "line" if key == "operation" else key: value
                        for key, value in asdict(line).items()
                    },
                }
                for line in own.lines
            ),
            {**same, "line": "closing", **none, "coins": own.closing},
        ]
        if own.delivered is not None and not short:
            nowhere = dict.fromkeys(("network", "price", "mb"))
            rows[first:] = [row | nowhere for row in rows[first:]]
            rows += [{**same, "line": "delivered", **none, **each} for each in delivered_rows(own)]
        if own.caused is not None and not short:
            nowhere = dict.fromkeys(("name", "people", "in_hand", "redeemed", "bought", "else"))
            rows[first:] = [row | nowhere for row in rows[first:]]
            rows += [{**same, **none, **each} for each in caused_rows(own)]
        if own.budget is not None and not short:
            rows[first:] = [row | dict.fromkeys(("name", "before")) for row in rows[first:]]
            rows += [{**same, "line": "budget", **none, **each} for each in budget_rows(own)]
    return rows


def budget_rows(own: Account) -> Rows:
    """Return one row per sum of an advertiser's budget: by the month's end, and before it."""
    if own.budget is None:
        return []
    sums = {name: getattr(own.budget, name) for name in (*SUMS, *FATES)}
    sums |= {f"spent:{operation}": coins for operation, coins in own.budget.spent.items()}
    before = own.before or {}
    return [
        {"coins": coins, "name": name, "before": before.get(name)} for name, coins in sums.items()
    ]


def caused_rows(own: Account) -> Rows:
    """Return one row per activity or campaign of a department: what people got, and did with it."""
    return [
        {
            "line": line.kind,
            "name": line.name,
            "people": line.people,
            "coins": line.coins,
            "in_hand": line.in_hand,
            "redeemed": line.redeemed,
            "bought": line.bought,
            "else": line.otherwise,
        }
        for line in own.caused or ()
    ]


def delivered_rows(own: Account) -> Rows:
    """Return one row per network and price of what a carrier delivered."""
    return [
        {key: value for key, value in asdict(line).items() if key != "own"}
        for line in own.delivered or ()
    ]


def everyone_rows(found: Everyone) -> Rows:
    """Return one row per party and program."""
    return [
        {
            **{key: value for key, value in asdict(row).items() if key != "owed"},
            "owed_coins": row.owed.coins,
            "owed_by": row.owed.by,
            "owed_to": row.owed.to,
        }
        for row in found.parties
    ]
