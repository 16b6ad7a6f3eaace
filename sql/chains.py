"""The tables that the feed fills, each with what views fill behind it."""

from __future__ import annotations

# What the feed fills, with what views fill behind it: they are rebuilt together.
CHAINS = {
    "ledger_results": ("ledger_results", "postings"),
    "campaign_events": ("campaign_events",),
    "deadletters": ("deadletters",),
}
TABLES = tuple(table for chain in CHAINS.values() for table in chain)
