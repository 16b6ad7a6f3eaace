-- One row per pattern of how often people of a frozen audience were reached in a window of days: how many
-- people. A pattern has the numbers of each stretch of {cap_days} days in which there were any, the largest
-- first. What was judged invalid is left out where figures are `net`.
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
    )
SELECT seen, count() AS people
FROM
(
    SELECT person, arrayReverseSort(groupArray(events)) AS seen
    FROM
    (
        SELECT
            as_person(number) AS person,
            intDiv(dateDiff('day', {begin:Date}, toDate(time, {zone:String})), {cap_days:UInt32}) AS stretch,
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
            AND toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
            AND as_person(number) IN members
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
        GROUP BY person, stretch
    )
    GROUP BY person
)
GROUP BY seen
ORDER BY seen
