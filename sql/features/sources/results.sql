-- One row per purchase, redemption or verification applied in {program} from {since} to {until}
-- (exclusive) that had arrived by {known}, of the people of a slice. One that had been reversed by then
-- is none. A name counts as the person that it was linked to. The feed stores each result exactly once,
-- so none is merged here.
SELECT
    if(l.owner = '', r.subject, l.owner) AS person,
    r.time AS time,
    multiIf(r.type = 'earn', 'purchase', r.type = 'redeem', 'redemption', 'verification') AS what,
    ifNull(r.spend, 0) AS spend, -- purchase: cents
    r.amount AS amount, -- coins
    r.carrier AS carrier, -- redemption
    r.mb AS mb, -- redemption
    r.activity AS tier, -- verification
    (r.time, r.source_partition, r.source_offset) AS place -- of two the later one
FROM ledger_results AS r
LEFT JOIN linked_people_as_of(
    at = {linked_at:DateTime64(6, 'UTC')}, known = {linked_known:DateTime64(6, 'UTC')}
) AS l ON l.other = r.subject
WHERE r.program = {program:String}
    AND r.outcome = 'applied'
    AND (r.type IN ('redeem', 'verify') OR (r.type = 'earn' AND r.activity = 'purchase'))
    AND r.time >= {since:DateTime64(6, 'UTC')}
    AND r.time < {until:DateTime64(6, 'UTC')}
    AND r.arrived <= {known:DateTime64(6, 'UTC')}
    AND (
        cityHash64(r.subject) BETWEEN {first:UInt64} AND {last:UInt64}
        OR r.subject IN
        (
            SELECT o.other
            FROM linked_people_as_of(
                at = {linked_at:DateTime64(6, 'UTC')}, known = {linked_known:DateTime64(6, 'UTC')}
            ) AS o
        )
    )
    AND cityHash64(person) BETWEEN {first:UInt64} AND {last:UInt64}
    AND (r.subject, r.event_source, r.event_id) NOT IN
    (
        SELECT u.subject, u.cause_source, u.cause
        FROM ledger_results AS u
        WHERE u.program = {program:String}
            AND u.outcome = 'applied'
            AND u.type IN ('reverse', 'redeem_fail', 'redeem_expire')
            AND u.time < {until:DateTime64(6, 'UTC')}
            AND u.arrived <= {known:DateTime64(6, 'UTC')}
    )
