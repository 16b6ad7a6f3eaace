"""Targeted drops: who gets a budget of coins, who is held out, and what became of it.

`selection` chooses and randomises (pure), `tables` keeps what was decided, `register` creates,
previews and cancels, `launch` publishes, `outcome` reads back what the ledger did.
"""
