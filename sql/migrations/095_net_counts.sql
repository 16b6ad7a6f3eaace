-- What reach_counts holds of some campaigns, and what was judged invalid of it, negative: their sums by
-- person are net.
CREATE VIEW IF NOT EXISTS net_counts AS
SELECT
    campaign,
    number,
    toInt64(r.contacted) AS contacted,
    toInt64(r.served) AS served,
    toInt64(r.viewable) AS viewable,
    toInt64(r.served_paid) AS served_paid,
    toInt64(r.viewable_paid) AS viewable_paid
FROM reach_counts AS r
WHERE empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)}
UNION ALL
SELECT
    campaign,
    number,
    if(kind = 'contact', -toInt64(counted), 0) AS contacted,
    if(kind = 'exposure' AND NOT paid, -toInt64(counted), 0) AS served,
    if(i.viewable AND NOT paid, -toInt64(counted), 0) AS viewable,
    if(kind = 'exposure' AND paid, -toInt64(counted), 0) AS served_paid,
    if(i.viewable AND paid, -toInt64(counted), 0) AS viewable_paid
FROM invalid_events AS i
WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
    AND kind != 'click' AND counted != 0
