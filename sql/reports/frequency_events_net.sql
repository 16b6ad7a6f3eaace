-- One row as reports/frequency_events has it, net of invalid traffic: asked where there is any, and where
-- only what had arrived by `known` counts, judgements included.
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
    type = 'exposure'
        AND ifNull(pixels, 0) >= if(format = 'large_display', 0.3, 0.5)
        AND ifNull(seconds, 0) >= if(format = 'video', 2, 1) AS is_viewable,
    toInt64(round(1000 * least(ifNull(seconds, 0), {seconds:Float64}))) AS in_view_ms
SELECT
    if({by:String} IN ('channel', 'creative', 'format', 'hour', ''), e.own, v.value) AS part,
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
    sum(e.served_paid_cents) AS served_paid_cents,
    sum(e.contacted_priced) AS contacted_priced,
    sum(e.served_priced) AS served_priced,
    sum(e.served_paid_priced) AS served_paid_priced,
    sum(e.viewable_ms) AS viewable_ms,
    sum(e.viewable_paid_ms) AS viewable_paid_ms
FROM
(
    SELECT
        as_person(number) AS person,
        multiIf(
            {by:String} = 'channel', channel,
            {by:String} = 'creative', creative,
            {by:String} = 'format', format,
            {by:String} = 'hour', leftPad(toString(toHour(time, {zone:String})), 2, '0'),
            ''
        ) AS own,
        sumIf(times, type = 'contact') AS contacted,
        sumIf(times, type = 'exposure' AND NOT paid) AS served,
        sumIf(times, is_viewable AND NOT paid) AS viewable,
        sumIf(times, type = 'exposure' AND paid) AS served_paid,
        sumIf(times, is_viewable AND paid) AS viewable_paid,
        sumIf(times * ifNull(cost, 0), type = 'contact') AS contacted_cents,
        sumIf(times * ifNull(cost, 0), type = 'exposure' AND NOT paid) AS served_cents,
        sumIf(times * ifNull(cost, 0), type = 'exposure' AND paid) AS served_paid_cents,
        sumIf(times, type = 'contact' AND isNotNull(cost)) AS contacted_priced,
        sumIf(times, type = 'exposure' AND NOT paid AND isNotNull(cost)) AS served_priced,
        sumIf(times, type = 'exposure' AND paid AND isNotNull(cost)) AS served_paid_priced,
        sumIf(times * in_view_ms, is_viewable AND NOT paid) AS viewable_ms,
        sumIf(times * in_view_ms, is_viewable AND paid) AS viewable_paid_ms
    FROM net_events(
        campaigns = {campaigns:Array(String)},
        known = {known:DateTime64(6, 'UTC')},
        net = true
    )
    WHERE toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
    GROUP BY person, own
) AS e
LEFT JOIN person_values(
    by = {by:String},
    names = {names:Array(String)},
    as_of = {as_of:Date},
    zone = {zone:String},
    known = {known:DateTime64(6, 'UTC')}
) AS v ON v.person = e.person
GROUP BY ALL
ORDER BY ALL
