"""What the layer reports to Prometheus: one call per batch or transaction, never per record."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from flowdrop.places import told

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)

BATCH_RECORDS = Histogram(
    "flowdrop_batch_records",
    "Records of a batch, as folded.",
    ["topic"],
    buckets=(1, 10, 100, 1_000, 10_000, 100_000),
)
TRANSACTION_SECONDS = Histogram(
    "flowdrop_transaction_seconds",
    "Time from the first produce of a transaction to its commit.",
    ["table"],
    buckets=_SECONDS,
)
ACKNOWLEDGEMENT_SECONDS = Histogram(
    "flowdrop_acknowledgement_seconds",
    "Time from the fold of a transaction's first batch to the acknowledgement of its source.",
    ["table"],
    buckets=_SECONDS,
)
TRANSACTIONS_REPEATED = Counter(
    "flowdrop_transactions_repeated", "Transactions that were aborted and repeated."
)
HANGING_ENDED = Counter(
    "flowdrop_hanging_transactions_ended",
    "Partitions in which the marker of a transaction was missing and was written.",
)
LAG_RECORDS = Gauge(
    "flowdrop_lag_records",
    "Offsets between what is committed and the last stable offset of the source.",
    ["topic", "partition"],
)
OPEN_TRANSACTION_RECORDS = Gauge(
    "flowdrop_open_transaction_records",
    "Offsets behind the first open transaction in the log, which nobody can read yet.",
    ["topic", "partition"],
)
STALLED_SECONDS = Gauge(
    "flowdrop_stalled_by_open_transaction_seconds",
    "How long the same open transaction has held the log's readers back.",
    ["topic", "partition"],
)
READY_PARTITIONS = Gauge(
    "flowdrop_ready_partitions", "Partitions whose state is complete.", ["table"]
)
RECOVERY_REMAINING_OFFSETS = Gauge(
    "flowdrop_recovery_remaining_offsets", "Offsets of the changelogs still to be read."
)
RESTARTS = Gauge("flowdrop_restarts", "How often supervision has started this process again.")
RESTARTS.set(int(told("FLOWDROP_RESTARTS") or "0"))
