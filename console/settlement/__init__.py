"""Settlement: what each party of the ledger had, what moved in a month, and what is owed."""
