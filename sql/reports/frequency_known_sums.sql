-- One row per kind of event, by whether people were paid to look, and per day, and per campaign (the other
-- is then empty): events in a window of days, measurable and viewable ones, what they cost. Only what had
-- arrived by `known` counts.
SELECT
    kind,
    paid,
    grouping(day) = 0 AS is_of_a_day,
    day,
    campaign,
    count() AS events,
    countIf(is_measurable) AS measurable,
    countIf(is_viewable) AS viewable,
    sum(ifNull(cost, 0)) AS cents,
    countIf(isNotNull(cost)) AS priced
FROM
(
    SELECT
        e.campaign AS campaign,
        e.type AS kind,
        e.paid AS paid,
        toDate(e.time, {zone:String}) AS day,
        e.cost AS cost,
        type = 'exposure' AND isNotNull(pixels) AND isNotNull(seconds) AS is_measurable,
        is_measurable
            AND ifNull(pixels, 0) >= if(format = 'large_display', 0.3, 0.5)
            AND ifNull(seconds, 0) >= if(format = 'video', 2, 1) AS is_viewable
    FROM campaign_events AS e
    WHERE e.campaign IN {campaigns:Array(String)}
        AND type IN ('contact', 'exposure')
        AND number != 0
        AND toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
        AND arrived <= {known:DateTime64(6, 'UTC')}
)
GROUP BY GROUPING SETS ((kind, paid, day), (kind, paid, campaign))
ORDER BY kind, paid, day, campaign
