-- One row per set of parts (as in reports/attribution_credits) of a journey: how many journeys with these and
-- no others ended with a conversion in a window of days, with what value, and how many with none. A
-- journey is a conversion with the touches that qualify for it, or all touches of a person by an advertiser
-- in the window that qualify for no conversion. The empty set are conversions without a touch.
SELECT
    parts,
    sum(s.conversions) AS conversions,
    sum(s.cents) AS cents,
    sum(s.without) AS without
FROM
(
    SELECT
        arraySort(
            arrayDistinct(
                arrayMap(
                    touch -> multiIf(
                        {by:String} = 'channel', touch.4,
                        {by:String} = 'campaign', touch.3,
                        {by:String} = 'creative', touch.5,
                        toString(touch.2)
                    ),
                    touches
                )
            )
        ) AS parts,
        count() AS conversions,
        sum(ifNull(value, 0)) AS cents,
        0 AS without
    FROM conversion_touches(
        campaigns = {campaigns:Array(String)},
        advertisers = {advertisers:Array(UInt16)},
        click_us = {click_us:Array(Int64)},
        view_us = {view_us:Array(Int64)},
        views = {views:String}
    )
    WHERE toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
    GROUP BY parts
    UNION ALL
    SELECT parts, 0, 0, count()
    FROM
    (
        SELECT
            arraySort(
                groupUniqArray(
                    toString(
                        multiIf(
                            {by:String} = 'channel', t.channel,
                            {by:String} = 'campaign', t.campaign,
                            {by:String} = 'creative', t.creative,
                            t.type
                        )
                    )
                )
            ) AS parts
        FROM campaign_touches(
            campaigns = {campaigns:Array(String)},
            advertisers = {advertisers:Array(UInt16)},
            click_us = {click_us:Array(Int64)},
            view_us = {view_us:Array(Int64)},
            views = {views:String}
        ) AS t
        LEFT JOIN
        (
            SELECT person, advertiser, groupArray(time) AS times
            FROM conversion_touches(
                campaigns = {campaigns:Array(String)},
                advertisers = {advertisers:Array(UInt16)},
                click_us = {click_us:Array(Int64)},
                view_us = {view_us:Array(Int64)},
                views = {views:String}
            )
            GROUP BY person, advertiser
        ) AS c ON c.person = t.person AND c.advertiser = t.advertiser
        WHERE toDate(t.time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
            AND NOT arrayExists(at -> t.time <= at AND at <= t.until, c.times)
        GROUP BY t.person, t.advertiser
    )
    GROUP BY parts
) AS s
GROUP BY parts
ORDER BY parts
