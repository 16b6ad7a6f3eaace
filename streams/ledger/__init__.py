"""The ledger as a pure fold: no clock, no randomness, no I/O; see docs/ledger.md."""
