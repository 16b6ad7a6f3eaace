-- One row per campaign held back and combination of how often it reached people of a frozen audience, and
-- how often others did in the {days} days before it: how many people. The latest {most} campaigns are held
-- back, up to a day; of a large audience every {every}th person is looked at. What was
-- judged invalid is left out where figures are `net`.
WITH
    (SELECT (groupArray(l.number), groupArray(l.owner)) FROM linked_numbers AS l) AS links,
    n -> if(
        empty(links.1),
        n,
        transform(n, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), n)
    ) AS as_person, -- the number it counts as
    members AS
    (
        SELECT as_person(m.number) AS person
        FROM people_numbers AS m
        WHERE m.person IN
        (
            SELECT a.person FROM audience_members AS a
            WHERE a.program = {program:String}
                AND a.audience = {audience:String}
                AND a.fingerprint = {fingerprint:String}
        )
    ),
    events AS
    (
        SELECT
            as_person(number) AS person,
            campaign,
            toDate(time, {zone:String}) AS day,
            count() AS events
        FROM campaign_events AS e
        WHERE type = if({basis:String} = 'contacted', 'contact', 'exposure')
            AND number != 0
            AND NOT paid
            AND (
                {basis:String} != 'viewable'
                OR ifNull(pixels, 0) >= if(format = 'large_display', 0.3, 0.5)
                AND ifNull(seconds, 0) >= if(format = 'video', 2, 1)
            )
            AND toDate(time, {zone:String}) <= {end:Date}
            AND as_person(number) IN members
            AND as_person(number) % {every:UInt32} = 0
            AND (
                NOT {net:Bool}
                OR (e.campaign, e.type, e.person, e.source, e.id) NOT IN
                (
                    SELECT campaign, kind, person, source, id
                    FROM invalid_events
                    WHERE kind != 'click'
                    GROUP BY campaign, kind, person, source, id
                    HAVING sum(toInt64(counted)) != 0
                )
            )
        GROUP BY person, campaign, day
    ),
    held_back AS
    (
        SELECT campaign, min(day) AS first
        FROM events
        GROUP BY campaign
        ORDER BY first DESC, campaign
        LIMIT {most:UInt32}
    )
SELECT campaign, others, own, count() AS people
FROM
(
    SELECT
        h.campaign AS campaign,
        e.person AS person,
        sumIf(e.events, e.campaign != h.campaign AND e.day BETWEEN h.first - {days:UInt32} AND h.first - 1)
            AS others,
        sumIf(e.events, e.campaign = h.campaign) AS own
    FROM events AS e
    CROSS JOIN held_back AS h
    GROUP BY campaign, person
    HAVING others + own > 0
)
GROUP BY campaign, others, own
ORDER BY campaign, others, own
