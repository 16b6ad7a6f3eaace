"""Looking into the ledger from outside: balances, histories, traces, what is due, dead letters."""
