-- One row each time the days of reach_days and reach_sums were decided: the latest says whose days they
-- hold. No row: what was stored before these tables existed is not in them yet, and `flowdrop warehouse
-- rebuild reach_days` puts it there.
CREATE TABLE IF NOT EXISTS reach_zone
(
    zone String,
    is_complete Bool, -- false while they are being filled again
    since DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY since;
INSERT INTO reach_zone (zone, is_complete)
SELECT 'UTC', true
WHERE (SELECT count() FROM campaign_events) = 0 AND (SELECT count() FROM reach_zone) = 0;
