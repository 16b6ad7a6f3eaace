-- One row per basis, by whether people were paid to look, and campaign ('' for their union), and one per
-- day: the people reached in a window of days, of the latter those up to that day too, and of both those of
-- whom more than an id is known. Only what had arrived by `known` counts, less, where figures are `net`,
-- what had been judged invalid by then.
WITH
    (
        SELECT (groupArray(l.number), groupArray(l.owner))
        FROM linked_numbers_known(known = {known:DateTime64(6, 'UTC')}) AS l
    ) AS links,
    n -> if(
        empty(links.1),
        n,
        transform(n, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), n)
    ) AS as_person, -- the number it counts as
    (
        SELECT groupBitmapState(k.number)
        FROM campaign_events AS k
        WHERE k.campaign = ''
            AND k.type IN ('opened', 'profile', 'link')
            AND k.arrived <= {known:DateTime64(6, 'UTC')}
    ) AS known_people
SELECT
    basis,
    paid,
    is_of_a_day,
    campaign,
    day,
    bitmapCardinality(found) AS reach,
    bitmapAndCardinality(found, known_people) AS reach_known,
    bitmapCardinality(so_far) AS cumulative,
    bitmapAndCardinality(so_far, known_people) AS cumulative_known
FROM
(
    SELECT
        basis,
        paid,
        grouping(day) = 0 AS is_of_a_day,
        campaign,
        day,
        groupBitmapState(person) AS found,
        groupBitmapMergeState(found) OVER (
            PARTITION BY basis, paid, is_of_a_day, campaign ORDER BY day
        ) AS so_far
    FROM
    (
        SELECT campaign, basis, paid, day, person
        FROM
        (
            SELECT
                e.campaign AS campaign,
                e.paid AS paid,
                toDate(e.time, {zone:String}) AS day,
                as_person(e.number) AS person,
                e.times AS times,
                type = 'exposure'
                    AND ifNull(pixels, 0) >= if(format = 'large_display', 0.3, 0.5)
                    AND ifNull(seconds, 0) >= if(format = 'video', 2, 1) AS is_viewable,
                multiIf(
                    type = 'contact', ['contacted'], is_viewable, ['served', 'viewable'], ['served']
                ) AS bases
            FROM net_events(
                campaigns = {campaigns:Array(String)},
                known = {known:DateTime64(6, 'UTC')},
                net = {net:Bool}
            ) AS e
            WHERE toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
        )
        ARRAY JOIN bases AS basis
        GROUP BY campaign, basis, paid, day, person
        HAVING sum(times) > 0
    )
    GROUP BY GROUPING SETS ((basis, paid, campaign), (basis, paid), (basis, paid, day))
)
ORDER BY basis, paid, is_of_a_day, campaign, day
