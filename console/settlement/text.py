"""Settlement printed for people: a party's statement, everyone's balances, postings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.i18n import N_, Translator
from console.i18n.labels import label
from console.settlement.rows import caused_rows, delivered_rows, statement_rows
from console.settlement.statement import FATES, PLACES
from flowdrop.output import echo, print_rows, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from console.settlement.everyone import Everyone, Row
    from console.settlement.statement import Account, Budget, Statement

HEADS = {
    "line": N_("line"),
    "events": N_("events"),
    "coins_in": N_("coins in"),
    "coins_out": N_("coins out"),
    "coins": N_("coins"),
    "for": N_("for"),
    "name": N_("name"),
    "people": N_("people"),
    "in_hand": N_("still in wallets"),
    "redeemed": N_("redeemed"),
    "bought": N_("spent on goods"),
    "else": N_("gifts and other uses"),
}


def print_everyone(found: Everyone, to: Translator) -> None:
    """Print every party's balances by program, its own accounts separately."""
    _ = to.gettext
    for name in dict.fromkeys(row.program for row in found.parties):
        for is_own in (False, True):
            mine = [r for r in found.parties if (r.program, r.is_own) == (name, is_own)]
            of = {"program": name, "month": found.month, "zone": found.zone}
            title = (
                _("{program}, its own accounts, {month} {zone}", **of)
                if is_own
                else _("{program}, {month} {zone}", **of)
            )
            print_rows([_short(row, to) for row in mine], title=title, empty=_("none"))
    if found.empty:
        say(to.said(found.empty))


def _short(row: Row, to: Translator) -> dict[str, Any]:
    """Return a row of the table: none of its numbers or names is ever truncated."""
    _ = to.gettext
    return {
        _("party"): row.party,
        _("opening"): row.opening,
        _("moved"): row.moved,
        _("closing"): row.closing,
        _("owes"): row.owed.coins if row.owed.by == row.party else None,
        _("is owed"): row.owed.coins if row.owed.to == row.party else None,
    }


def print_postings(rows: Sequence[Mapping[str, Any]], to: Translator) -> None:
    """Print one posting per line."""
    for row in rows:
        echo(_posting(row, to))


def _posting(row: Mapping[str, Any], to: Translator) -> str:
    event = _named(row["event_id"], row["event_source"], to)
    of = (
        to.gettext(" (of {cause})", cause=_named(row["cause"], row["cause_source"], to))
        if row["cause"]
        else ""
    )
    return (
        f"{row['time']:%Y-%m-%d %H:%M:%S}  {row['program']}  {row['operation']}  "
        f"{row['amount']:+,}  {row['account']}  {event}{of}  "
        f"wallet.events {row['partition']}:{row['offset']}{_bought(row, to)}"
    )


def _named(event_id: str, source: str, to: Translator) -> str:
    return to.gettext("{id} from {source}", id=event_id, source=source) if source else event_id


def _bought(row: Mapping[str, Any], to: Translator) -> str:
    """Return the data that a posting paid for, where that is known."""
    if not row.get("price"):
        return ""
    return "  " + to.gettext("{mb:+,} MB at {price:g}", mb=row["mb"], price=row["price"])


def print_statement(found: Statement, to: Translator) -> None:
    """Print a party's month."""
    _ = to.gettext
    of = {"party": found.party, "month": found.month, "zone": found.zone}
    if not found.programs:
        say(_("{party}, {month} {zone}: {why}", why=found.empty, **of))
    for own in found.programs:
        title = _("{party}, {program}, {month} {zone}", program=own.program, **of)
        if own.budget is not None and own.before is not None:
            print_rows(_sums(own.before, own.budget, found.month, to), title=title)
            title = _("Technical details: every operation that moved its coins")
        lines = statement_rows(found, own.program, short=True)
        balances = {"opening": _("opening"), "closing": _("closing")}
        rows = [{**row, "line": balances.get(row["line"], row["line"])} for row in lines]
        print_rows(_headed(rows, to), title=title)
        if own.budget is not None:
            title = _("Where the unspent coins are")
            print_rows(_parts(own.budget, PLACES, to), title=title)
        echo(_owed(own, to))
        if own.delivered:
            title = _("Delivered in {month}", month=found.month)
            print_rows(_delivered(own, to), title=title)
        if own.caused:
            rows = [{"for": row.pop("line"), **row} for row in caused_rows(own)]
            title = _(
                "What it gained by the end of {month}, first in, first out", month=found.month
            )
            print_rows(_headed(rows, to), title=title)
        if own.budget is not None:
            title = _("What became of the coins by the end of {month}", month=found.month)
            print_rows([*_parts(own.budget, FATES, to), *_spent(own.budget, to)], title=title)
    if found.programs and found.empty:
        say(to.said(found.empty))
    for text in (found.basis, *found.notes):
        say(text.of(to.lang))


def _headed(rows: Sequence[Mapping[str, Any]], to: Translator) -> list[dict[str, Any]]:
    """Return rows under their display headings."""
    return [{to.gettext(HEADS[key]): value for key, value in row.items()} for row in rows]


def _delivered(own: Account, to: Translator) -> list[dict[str, Any]]:
    """Return a row of the table per network and price; the least prices have many digits."""
    _ = to.gettext
    return [
        {
            _("users of"): row["network"],
            _("events"): row["events"],
            _("MB"): row["mb"],
            _("coins"): row["coins"],
            _("coins per MB"): None if row["price"] is None else f"{row['price']:g}",
        }
        for row in delivered_rows(own)
    ]


def _sums(
    before: dict[str, int], budget: Budget, month: str, to: Translator
) -> list[dict[str, Any]]:
    """Return a row of the table per sum of the budget: before the month, in it, and by its end."""
    _ = to.gettext
    return [
        {
            _("coins of the budget"): _called(key, to),
            _("before"): then,
            _("in {month}", month=month): getattr(budget, key) - then,
            _("by its end"): getattr(budget, key),
        }
        for key, then in before.items()
        if key != "other" or then or budget.other
    ]


def _parts(budget: Budget, names: Sequence[str], to: Translator) -> list[dict[str, Any]]:
    """Return a row of the table for each of these figures of the budget."""
    _ = to.gettext
    return [
        {_("coins of the budget"): _called(name, to), _("coins"): getattr(budget, name)}
        for name in names
    ]


def _spent(budget: Budget, to: Translator) -> list[dict[str, Any]]:
    _ = to.gettext
    return [
        {
            _("coins of the budget"): _("spent by {operation}", operation=operation),
            _("coins"): coins,
        }
        for operation, coins in budget.spent.items()
    ]


def _called(name: str, to: Translator) -> str:
    """Return the page's name for a figure of the budget."""
    return label(to, "budget", name).lower()


def _owed(own: Account, to: Translator) -> str:
    if not own.owed.coins:
        return to.gettext("nothing is owed")
    return to.ngettext(
        "{by} owes {to} {n} coin",
        "{by} owes {to} {n} coins",
        own.owed.coins,
        by=own.owed.by,
        to=own.owed.to,
    )
