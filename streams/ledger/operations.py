"""The ledger's operations, collected from the files of their families."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ledger import (
    arrivals,
    budgets,
    corrections,
    deposits,
    keys,
    orders,
    packets,
    points,
    published,
    redemptions,
    reserves,
    reversals,
    rewards,
    subjects,
    waiting,
    wallets,
)
from streams.ledger.refusals import REFUSALS

if TYPE_CHECKING:
    from streams.ledger.operation import Operation

# What clients may ask for; its order means nothing.
OPERATIONS = (
    *wallets.OPERATIONS,
    *budgets.OPERATIONS,
    *rewards.OPERATIONS,
    *reserves.OPERATIONS,
    *redemptions.OPERATIONS,
    *orders.OPERATIONS,
    *points.OPERATIONS,
    *deposits.OPERATIONS,
    *packets.OPERATIONS,
    *reversals.OPERATIONS,
    *waiting.OPERATIONS,
)

# What only the ledger and its operators write.
OURS = (*arrivals.OURS, *published.OURS, *keys.OURS, *corrections.OURS)

# What adds to a result what only events of its type report.
FACTS = {row.event: row.facts for row in (*OPERATIONS, *OURS)}


def refusals_of(row: Operation) -> tuple[str, ...]:
    """Return what an operation may be refused for, in the order in which it is checked."""
    names = {*subjects.REFUSALS[row.subject], *row.refusals}
    return tuple(refusal.name for refusal in REFUSALS if refusal.name in names)
