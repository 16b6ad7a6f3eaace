"""The tables that the feed fills, each with what views fill behind it."""

from __future__ import annotations

# What is counted of contacts and exposures; made from campaign_events alone (docs/reach.md).
REACH = (
    *("people_numbers", "people_bitmaps"),
    *("reach_days", "reach_by_day", "reach_campaigns", "reach_sums", "reach_counts"),
)

# What the feed fills, with what views fill behind it: they are rebuilt together.
CHAINS = {
    "ledger_results": ("ledger_results", "postings"),
    "campaign_events": ("campaign_events", *REACH),
    "deadletters": ("deadletters",),
}
TABLES = tuple(table for chain in CHAINS.values() for table in chain)

# Of each chain, what a range is deleted from before it is inserted again: the last first.
CLEARED = {
    "ledger_results": ("postings", "ledger_results"),
    "campaign_events": ("reach_counts", "reach_sums", "campaign_events"),
    "deadletters": ("deadletters",),
}
