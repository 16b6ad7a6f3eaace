-- Fills reach_counts.
CREATE MATERIALIZED VIEW IF NOT EXISTS reach_counts_view TO reach_counts AS
SELECT
    campaign,
    number,
    partition,
    countIf(kind = 'contact') AS contacted,
    countIf(kind = 'exposure' AND NOT paid) AS served,
    countIf(e.viewable AND NOT paid) AS viewable,
    countIf(kind = 'exposure' AND paid) AS served_paid,
    countIf(e.viewable AND paid) AS viewable_paid
FROM reach_events AS e
GROUP BY campaign, number, partition
