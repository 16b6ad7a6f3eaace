-- No row: makes a block of exposures of 200 campaigns over 28 days, in the order of their time, all of one
-- partition. A campaign is shown in three channels, by two to six creatives that have one format each;
-- some people see far more than others, and of a tenth of the exposures it is not known how much was in view.
INSERT INTO staged_events
WITH
    number * {partitions:UInt64} + {partition:UInt64} AS n,
    sipHash64(n, 1) / 18446744073709551616. AS u,
    sipHash64(n, 2) / 18446744073709551616. AS v,
    sipHash64(n, 3) AS g,
    sipHash64(n, 4) AS h,
    toUInt32(
        if(
            u < {share:Float64},
            0,
            1 + floor(
                log(1 - (u - {share:Float64}) / (1 - {share:Float64}) * (1 - pow({step:Float64}, 199)))
                / log({step:Float64})
            )
        )
    ) AS c, -- 0 has the given share of all exposures, each other one `step` times as many as the one before
    intDiv(g, 6) % (2 + c % 5) AS k
SELECT
    {block:UInt64} AS block,
    lower(hex(sipHash128(n))) AS id,
    'exposure' AS type,
    toDateTime64('2026-03-01 00:00:00', 6, 'UTC')
        + toIntervalMicrosecond(toUInt64(n * (28 * 86400 - 3600) / {rows:UInt64} * 1000000) + h % 3600000000)
        AS time,
    concat('u:', toString(own)) AS person,
    'ads' AS source,
    toUInt32({partitions:UInt64} * (1 + floor({people:UInt64} / {partitions:UInt64} * v * v)) + {partition:UInt64})
        AS own, -- the person's number
    concat('campaign-', toString(least(199, c))) AS campaign,
    ['app', 'web', 'screen', 'tv', 'radio'][1 + (c + [0, 0, 0, 1, 1, 2][1 + g % 6]) % 5] AS channel,
    ['display', 'video', 'large_display'][1 + (c + k) % 3] AS format,
    if(h % 10 = 0, NULL, round(1 - pow((intDiv(h, 10) % 101) / 100, 2), 2)) AS pixels,
    if(h % 10 = 0, NULL, (intDiv(h, 1010) % 60) / 10) AS seconds,
    1 + c % 9 AS cost,
    intDiv(h, 61000) % 20 = 0 AS paid,
    concat('creative-', toString(c), '-', toString(k)) AS creative,
    {partition:UInt16} AS partition,
    number AS offset
FROM numbers({first:UInt64}, {count:UInt64})
