"""The ledger's operations, collected from the files of their families."""

from __future__ import annotations

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
    waiting,
    wallets,
)

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

# What adds to a result what only events of its type tell.
FACTS = {row.event: row.facts for row in (*OPERATIONS, *OURS)}
