"""Proof that the log, its fold, the Faust table, the changelog and the warehouse agree.

Each partition is folded again from its log by the same code that a worker runs. What comes out is
compared with the changelog (byte for byte), the live table (account by account) and ClickHouse
(result by result, posting by posting); what needs no fold is asked of ClickHouse in SQL. Two
processes share the partitions. A process keeps the accounts of one partition and one section of its
log, nothing that grows with the number of events. See docs/reconcile.md.
"""
