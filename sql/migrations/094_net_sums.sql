-- What reach_sums holds of some campaigns in a window of days, and what was judged invalid of it, negative:
-- their sums are net.
CREATE VIEW IF NOT EXISTS net_sums AS
WITH ifNull(nullIf((SELECT argMax(zone, since) FROM reach_zone), ''), 'UTC') AS zone
SELECT
    campaign,
    kind,
    paid,
    day,
    channel,
    format,
    creative,
    s.events AS events,
    s.measurable AS measurable,
    s.viewable AS viewable,
    s.cents AS cents,
    s.priced AS priced
FROM reach_sums AS s
WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
    AND day BETWEEN {begin:Date} AND {end:Date}
UNION ALL
SELECT
    campaign,
    kind,
    paid,
    toDate(i.time, zone) AS day,
    channel,
    format,
    creative,
    -toInt64(i.counted) AS events,
    if(i.measurable, -toInt64(i.counted), 0) AS measurable,
    if(i.viewable, -toInt64(i.counted), 0) AS viewable,
    -toInt64(i.counted) * ifNull(i.cents, 0) AS cents,
    if(isNull(i.cents), 0, -toInt64(i.counted)) AS priced
FROM invalid_events AS i
WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
    AND kind != 'click'
    AND counted != 0
    AND toDate(i.time, zone) BETWEEN {begin:Date} AND {end:Date}
