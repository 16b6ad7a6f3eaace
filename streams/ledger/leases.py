"""Leases: coins that a reserve hands out in parts, so that a partition can spend without asking.

A campaign's budget leases to its shards, what backs a program's coins to its issuers. What a
reserve leases has left it, so that all together never spend more than it had. A borrower that runs
low asks for more, once until it gets an answer; a lease of 0 says that there is no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ledger.payees import send_money
from streams.ledger.terms import packed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.ledger.accounts import Account
    from streams.ledger.terms import Lease
    from streams.ledger.turn import Turn


def lease_to_all(
    turn: Turn, reserve: Account, borrowers: Iterable[str], added: int, campaign: str = ""
) -> None:
    """Lease half of what was `added` to a reserve, in equal parts, one for each partition.

    A lease of 0 tells its borrower that there is a reserve.
    """
    book = turn.book
    amount = added // (2 * book.partitions)
    total = amount * book.partitions
    if total:
        clearing = book.clearing(reserve.program)
        clearing.pending += total
        book.move(reserve, clearing, total)
    for name in borrowers:
        turn.send("lease", name, reserve.name, amount, campaign)


def ask_when_low(
    turn: Turn, borrower: Account, lease: Lease, reserve: str, campaign: str = "", lacks: int = 0
) -> None:
    """Ask for another lease if the borrower `lacks` coins or has under half of its last one."""
    if not lease.leased or lease.asked or lease.dry:
        return
    if lacks or borrower.available < max(1, lease.chunk // 2):
        lease.asked = True
        borrower.terms = packed(lease)
        turn.book.keep(borrower)
        turn.send("lease_ask", reserve, borrower.name, lacks, campaign)


def take_back(turn: Turn, borrower: Account, reserve: str, amount: int, campaign: str = "") -> str:
    """Give coins back to a reserve, which may live elsewhere."""
    here = turn.book[reserve]
    if here is not None and here.takes(borrower.program):
        return turn.book.pay(borrower, here, amount)
    send_money(turn, "return", borrower, reserve, amount, campaign)
    return ""
