"""What the feed reports to Prometheus: one call per insert, never one per row."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

ROWS = Counter("flowdrop_feed_rows", "Rows that ClickHouse has acknowledged.", ["table"])
INSERT_SECONDS = Histogram(
    "flowdrop_feed_insert_seconds",
    "Time from sending an insert to its answer.",
    ["table"],
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300),
)
FAILURES = Counter(
    "flowdrop_feed_failures", "Times ClickHouse was asked again: down, slow, refusing.", ["topic"]
)
REPAIRS = Counter(
    "flowdrop_feed_repairs", "Ranges found stored in part or twice, and inserted again.", ["table"]
)
BAD_ROWS = Counter(
    "flowdrop_feed_bad_rows", "Records that became dead letters here.", ["topic", "reason"]
)
