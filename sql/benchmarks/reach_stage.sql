-- No row: makes exposures of 200 campaigns over 28 days, of which each has 0.87 times as many as the next;
-- block by block of as many as the feed inserts at once.
INSERT INTO staged_events
WITH sipHash64(number, 1) / 18446744073709551616. AS u, sipHash64(number, 2) AS h, sipHash64(number, 3) AS g
SELECT
    intDiv(number, {block:UInt64}) AS block,
    toString(number) AS id,
    'exposure' AS type,
    toDateTime64('2026-03-01 00:00:00', 6, 'UTC')
        + toIntervalSecond(intDiv(number * 28 * 86400, {rows:UInt64}) + h % 3600) AS time,
    concat('u:', toString(h % {people:UInt64})) AS person,
    'ads' AS source,
    concat('campaign-', toString(least(199, toUInt32(-log(u) / 0.1392621)))) AS campaign,
    ['app', 'web', 'screen'][1 + g % 3] AS channel,
    ['display', 'large_display', 'video'][1 + intDiv(g, 3) % 3] AS format,
    (intDiv(g, 9) % 101) / 100 AS pixels,
    (intDiv(g, 1009) % 60) / 10 AS seconds,
    5 AS cost,
    intDiv(g, 7) % 20 = 0 AS paid,
    concat('creative-', toString(intDiv(g, 3) % 3)) AS creative,
    toUInt32(8 + h % {people:UInt64}) AS own,
    own % 8 AS partition,
    number AS offset
FROM numbers({rows:UInt64})
