-- One row as reports/frequency_events has it, net of invalid traffic: asked where there is any.
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
        sumIf(times, type = 'contact') AS contacted,
        sumIf(times, type = 'exposure' AND NOT paid) AS served,
        sumIf(times, is_viewable AND NOT paid) AS viewable,
        sumIf(times, type = 'exposure' AND paid) AS served_paid,
        sumIf(times, is_viewable AND paid) AS viewable_paid,
        sumIf(times * ifNull(cost, 0), type = 'contact') AS contacted_cents,
        sumIf(times * ifNull(cost, 0), type = 'exposure' AND NOT paid) AS served_cents,
        sumIf(times * ifNull(cost, 0), type = 'exposure' AND paid) AS served_paid_cents
    FROM
    (
        SELECT number, type, channel, creative, format, pixels, seconds, paid, cost, toInt64(1) AS times
        FROM campaign_events
        WHERE campaign IN {campaigns:Array(String)}
            AND type IN ('contact', 'exposure')
            AND number != 0
            AND toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
        UNION ALL
        SELECT
            number,
            kind AS type,
            channel,
            creative,
            format,
            if(viewable, 1, NULL) AS pixels,
            if(viewable, 86400, NULL) AS seconds,
            paid,
            cents AS cost,
            -toInt64(counted) AS times -- what was judged is taken away
        FROM invalid_events
        WHERE campaign IN {campaigns:Array(String)}
            AND kind != 'click'
            AND counted != 0
            AND toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
    )
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
