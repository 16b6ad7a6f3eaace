-- One row per campaign and partition of campaign.accepted: its latest event, by its own time and by when it
-- arrived, and the highest offset stored. Inserting an event again changes nothing.
CREATE TABLE IF NOT EXISTS campaign_latest
(
    campaign LowCardinality(String), -- '' for events of people
    partition UInt16,
    time SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    arrived SimpleAggregateFunction(max, DateTime64(3, 'UTC')), -- 1970 where nobody recorded it
    offset SimpleAggregateFunction(max, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (campaign, partition)
SETTINGS non_replicated_deduplication_window = 10000
