-- One row per part of a cut and combination of how often campaigns contacted people and showed them
-- something in a window of days: how many people. 10 stands for ten times or more; the columns in `sum`
-- count them all. The cut is by `channel`, `creative` or `format` of the event, by `attribute`, the value
-- that was last said of the person before a day began ('' where nothing was), or by nothing ('').
WITH
    (SELECT (groupArray(l.number), groupArray(l.owner)) FROM linked_numbers AS l) AS links,
    n -> if(
        empty(links.1),
        n,
        transform(n, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), n)
    ) AS as_person, -- the number it counts as
    type = 'exposure'
        AND ifNull(pixels, 0) >= if(format = 'large_display', 0.3, 0.5)
        AND ifNull(seconds, 0) >= if(format = 'video', 2, 1) AS is_viewable
SELECT
    if({by:String} = 'attribute', s.value, e.own) AS part,
    least(e.contacted, 10) AS contacted,
    least(e.served, 10) AS served,
    least(e.viewable, 10) AS viewable,
    least(e.served_paid, 10) AS served_paid,
    least(e.viewable_paid, 10) AS viewable_paid,
    count() AS people,
    sum(e.contacted) AS sum_contacted,
    sum(e.served) AS sum_served,
    sum(e.viewable) AS sum_viewable,
    sum(e.served_paid) AS sum_served_paid,
    sum(e.viewable_paid) AS sum_viewable_paid,
    sum(e.contacted_cents) AS contacted_cents,
    sum(e.served_cents) AS served_cents,
    sum(e.served_paid_cents) AS served_paid_cents
FROM
(
    SELECT
        as_person(number) AS person,
        multiIf(
            {by:String} = 'channel', channel,
            {by:String} = 'creative', creative,
            {by:String} = 'format', format,
            ''
        ) AS own,
        countIf(type = 'contact') AS contacted,
        countIf(type = 'exposure' AND NOT paid) AS served,
        countIf(is_viewable AND NOT paid) AS viewable,
        countIf(type = 'exposure' AND paid) AS served_paid,
        countIf(is_viewable AND paid) AS viewable_paid,
        sumIf(ifNull(cost, 0), type = 'contact') AS contacted_cents,
        sumIf(ifNull(cost, 0), type = 'exposure' AND NOT paid) AS served_cents,
        sumIf(ifNull(cost, 0), type = 'exposure' AND paid) AS served_paid_cents
    FROM campaign_events
    WHERE campaign IN {campaigns:Array(String)}
        AND type IN ('contact', 'exposure')
        AND number != 0
        AND toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
    GROUP BY person, own
) AS e
LEFT JOIN
(
    SELECT person, argMax(value, said) AS value
    FROM
    (
        SELECT
            as_person(a.number) AS person,
            argMax(a.value, (a.time, a.partition, a.offset)) AS value,
            max((a.time, a.partition, a.offset)) AS said
        FROM person_attributes AS a
        WHERE a.name = {attribute:String} AND toDate(a.time, {zone:String}) < {as_of:Date}
        GROUP BY person, a.source
        HAVING value != 'null'
    )
    GROUP BY person
) AS s ON s.person = e.person
GROUP BY ALL
ORDER BY ALL
