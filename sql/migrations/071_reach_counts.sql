-- One row per campaign and person: how many contacts and exposures, over all days.
CREATE TABLE IF NOT EXISTS reach_counts
(
    campaign LowCardinality(String),
    number UInt32,
    partition UInt16,
    contacted Int32,
    served Int32,
    viewable Int32,
    served_paid Int32, -- exposures that the person was paid for are counted here alone
    viewable_paid Int32
)
ENGINE = SummingMergeTree
ORDER BY (campaign, number, partition)
SETTINGS non_replicated_deduplication_window = 10000
