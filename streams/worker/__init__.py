"""The workers: what they receive, how it is decoded and folded, and the live balances."""
