-- One row per kind of event, by whether people were paid to look, and per day, and per campaign (the other
-- is then empty): events in a window of days, measurable and viewable ones, what they cost. Only what had
-- arrived by `known` counts, less, where figures are `net`, what had been judged invalid by then.
SELECT
    kind,
    paid,
    grouping(day) = 0 AS is_of_a_day,
    day,
    campaign,
    sum(times) AS events,
    sumIf(times, is_measurable) AS measurable,
    sumIf(times, is_viewable) AS viewable,
    sum(times * ifNull(cost, 0)) AS cents,
    sumIf(times, isNotNull(cost)) AS priced
FROM
(
    SELECT
        e.campaign AS campaign,
        e.type AS kind,
        e.paid AS paid,
        toDate(e.time, {zone:String}) AS day,
        e.cost AS cost,
        e.times AS times,
        type = 'exposure' AND isNotNull(pixels) AND isNotNull(seconds) AS is_measurable,
        is_measurable
            AND ifNull(pixels, 0) >= if(format = 'large_display', 0.3, 0.5)
            AND ifNull(seconds, 0) >= if(format = 'video', 2, 1) AS is_viewable
    FROM net_events(
        campaigns = {campaigns:Array(String)},
        known = {known:DateTime64(6, 'UTC')},
        net = {net:Bool}
    ) AS e
    WHERE toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
)
GROUP BY GROUPING SETS ((kind, paid, day), (kind, paid, campaign))
HAVING events != 0 -- all of them may be invalid
ORDER BY kind, paid, day, campaign
