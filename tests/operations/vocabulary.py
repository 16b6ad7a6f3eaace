"""All that clients may ask of the ledger: for each operation how an event of it comes about.

A function gets `Clients` and returns an event, of values that it chooses by their `random`. The
simulator and the faults' traffic send these in proportion to their weights; the machine of the
invariants has a rule for each, with numbers that Hypothesis draws. A new operation needs one
function, in the file of its family.
"""

from __future__ import annotations

from tests.operations import campaigns, endings, gifts, reserves, spending, tiers, wallets

# A seed of the simulator depends on the order of these and of the functions in each.
FAMILIES = (wallets, campaigns, reserves, tiers, spending, gifts, endings)
MAKERS = tuple(
    make
    for family in FAMILIES
    for make in vars(family).values()
    if hasattr(make, "weight") and make.__module__ == family.__name__
)
