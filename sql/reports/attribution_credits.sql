-- One row per part of a cut (`channel`, `campaign`, `creative` or the kind of `touch`): what it is credited
-- with of the conversions in a window of days, by each model that reads the order of touches. Conversions
-- are in billionths of one, values in billionths of a cent, so that sums are exact: what does not divide
-- is the last touch's.
SELECT
    part,
    sum(credit.1) AS last,
    sum(credit.2) AS first,
    sum(credit.3) AS position,
    sum(credit.4) AS decay,
    sum(toInt128(credit.1) * cents) AS last_cents,
    sum(toInt128(credit.2) * cents) AS first_cents,
    sum(toInt128(credit.3) * cents) AS position_cents,
    sum(toInt128(credit.4) * cents) AS decay_cents
FROM
(
    SELECT
        ifNull(value, 0) AS cents,
        length(touches) AS n,
        arrayExists(touch -> touch.2 = 'click', touches) AS clicked,
        arrayMap(touch -> toUInt8(touch.2 = 'click' OR NOT clicked), touches) AS may_be_credited,
        length(touches) + 1 - indexOf(arrayReverse(may_be_credited), 1) AS last_at,
        indexOf(may_be_credited, 1) AS first_at,
        arrayMap(
            at -> toInt64(
                multiIf(
                    n = 1, 1000000000,
                    n = 2, 500000000,
                    at IN (1, n), 400000000,
                    intDivOrZero(200000000, n - 2)
                )
            ),
            arrayEnumerate(touches)
        ) AS by_position, -- the first and the last 40 %, the others 20 % together
        arrayMap(
            touch -> exp2(
                -dateDiff('microsecond', touch.1, touches[n].1) / {half_life_us:Int64}
            ),
            touches
        ) AS weights, -- half as much for each half-life before the last touch
        arrayMap(
            weight -> toInt64(floor(1000000000 * weight / arraySum(weights))), weights
        ) AS by_decay,
        arrayMap(
            (touch, at, position, decay) -> (
                multiIf(
                    {by:String} = 'channel', touch.4,
                    {by:String} = 'campaign', touch.3,
                    {by:String} = 'creative', touch.5,
                    toString(touch.2)
                ),
                toInt64(if(at = last_at, 1000000000, 0)),
                toInt64(if(at = first_at, 1000000000, 0)),
                position + if(at = n, 1000000000 - arraySum(by_position), 0),
                decay + if(at = n, 1000000000 - arraySum(by_decay), 0)
            ),
            touches,
            arrayEnumerate(touches),
            by_position,
            by_decay
        ) AS credited
    FROM conversion_touches(
        campaigns = {campaigns:Array(String)},
        advertisers = {advertisers:Array(UInt16)},
        click_us = {click_us:Array(Int64)},
        view_us = {view_us:Array(Int64)},
        views = {views:String}
    )
    WHERE notEmpty(touches)
        AND toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
)
ARRAY JOIN
    credited.1 AS part,
    arrayZip(credited.2, credited.3, credited.4, credited.5) AS credit
GROUP BY part
ORDER BY part
