-- One row per person and part of a cut by `channel`, `creative`, `format` or `hour` of the event (otherwise
-- there is one part, ''): how often campaigns contacted them and showed them something in a window of days
-- (all days if it is whole), what that cost, and the time in view, of an exposure at most `seconds`.
CREATE VIEW IF NOT EXISTS person_frequency AS
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
    countIf(is_contact) AS contacted,
    countIf(is_served AND NOT paid) AS served,
    countIf(is_viewable AND NOT paid) AS viewable,
    countIf(is_served AND paid) AS served_paid,
    countIf(is_viewable AND paid) AS viewable_paid,
    sumIf(cents, is_contact) AS contacted_cents,
    sumIf(cents, is_served AND NOT paid) AS served_cents,
    sumIf(cents, is_served AND paid) AS served_paid_cents,
    countIf(is_contact AND is_priced) AS contacted_priced,
    countIf(is_served AND NOT paid AND is_priced) AS served_priced,
    countIf(is_served AND paid AND is_priced) AS served_paid_priced,
    sumIf(in_view_ms, is_viewable AND NOT paid) AS viewable_ms,
    sumIf(in_view_ms, is_viewable AND paid) AS viewable_paid_ms
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
        ifNull(cost, 0) AS cents,
        isNotNull(cost) AS is_priced,
        if(
            {seconds:Float64} = 0,
            0,
            toInt64(round(1000 * least(ifNull(seconds, 0), {seconds:Float64})))
        ) AS in_view_ms
    FROM campaign_events
    WHERE campaign IN {campaigns:Array(String)}
        AND type IN ('contact', 'exposure')
        AND number != 0
        AND ({is_whole:Bool} OR toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date})
)
GROUP BY person, own
