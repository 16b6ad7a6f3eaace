-- One row as reports/frequency_events_people has it, net of invalid traffic: asked where there is any, and where
-- only what had arrived by `known` counts, judgements included.
SELECT
    v.value AS part,
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
FROM net_person_frequency(
    campaigns = {campaigns:Array(String)},
    begin = {begin:Date},
    end = {end:Date},
    is_whole = {is_whole:Bool},
    by = '',
    zone = {zone:String},
    known = {known:DateTime64(6, 'UTC')},
    seconds = {seconds:Float64}
) AS e
FULL JOIN person_values(
    by = {by:String},
    names = {names:Array(String)},
    as_of = {as_of:Date},
    zone = {zone:String},
    known = {known:DateTime64(6, 'UTC')}
) AS v ON v.person = e.person
GROUP BY ALL
ORDER BY ALL
