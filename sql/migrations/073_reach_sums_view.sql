-- Fills reach_sums.
CREATE MATERIALIZED VIEW IF NOT EXISTS reach_sums_view TO reach_sums AS
SELECT
    campaign,
    kind,
    paid,
    day,
    channel,
    format,
    creative,
    partition,
    count() AS events,
    countIf(e.measurable) AS measurable,
    countIf(e.viewable) AS viewable,
    sum(ifNull(e.cents, 0)) AS cents,
    countIf(isNotNull(e.cents)) AS priced
FROM reach_events AS e
GROUP BY campaign, kind, paid, day, channel, format, creative, partition
