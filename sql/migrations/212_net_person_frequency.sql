-- One row as person_frequency has it, net of invalid traffic, of what had arrived by `known`.
CREATE VIEW IF NOT EXISTS net_person_frequency AS
WITH
    (
        SELECT (groupArray(l.number), groupArray(l.owner))
        FROM linked_numbers_known(known = {known:DateTime64(6, 'UTC')}) AS l
    ) AS links,
    n -> if(
        empty(links.1),
        n,
        transform(n, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), n)
    ) AS as_person -- the number it counts as
SELECT
    person,
    own,
    sumIf(times, is_contact) AS contacted,
    sumIf(times, is_served AND NOT paid) AS served,
    sumIf(times, is_viewable AND NOT paid) AS viewable,
    sumIf(times, is_served AND paid) AS served_paid,
    sumIf(times, is_viewable AND paid) AS viewable_paid,
    sumIf(times * cents, is_contact) AS contacted_cents,
    sumIf(times * cents, is_served AND NOT paid) AS served_cents,
    sumIf(times * cents, is_served AND paid) AS served_paid_cents,
    sumIf(times, is_contact AND is_priced) AS contacted_priced,
    sumIf(times, is_served AND NOT paid AND is_priced) AS served_priced,
    sumIf(times, is_served AND paid AND is_priced) AS served_paid_priced,
    sumIf(times * in_view_ms, is_viewable AND NOT paid) AS viewable_ms,
    sumIf(times * in_view_ms, is_viewable AND paid) AS viewable_paid_ms
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
        type = 'contact' AS is_contact,
        type = 'exposure' AS is_served,
        is_served
            AND ifNull(pixels, 0) >= if(format = 'large_display', 0.3, 0.5)
            AND ifNull(seconds, 0) >= if(format = 'video', 2, 1) AS is_viewable,
        paid,
        times,
        ifNull(cost, 0) AS cents,
        isNotNull(cost) AS is_priced,
        if(
            {seconds:Float64} = 0,
            0,
            toInt64(round(1000 * least(ifNull(seconds, 0), {seconds:Float64})))
        ) AS in_view_ms
    FROM net_events(
        campaigns = {campaigns:Array(String)},
        known = {known:DateTime64(6, 'UTC')},
        net = true
    )
    WHERE {is_whole:Bool} OR toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
)
GROUP BY person, own
