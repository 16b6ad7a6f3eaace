-- One row per change of a wallet of {program} from {since} to {until} (exclusive) that had arrived by
-- {known}, of the people of a slice: what changed it (of a leg its step), and by how many coins. A name
-- counts as the person that it was linked to. The feed stores each posting exactly once, so none is
-- merged here.
SELECT
    if(l.owner = '', p.account, l.owner) AS person,
    p.time AS time,
    p.amount AS amount, -- coins; below zero where they left
    if(p.type = 'leg', p.step, p.type) AS operation,
    p.activity AS activity,
    p.campaign AS campaign,
    if(p.subject = p.account, p.counterparty, p.subject) AS other -- whom it came from or went to
FROM postings AS p
LEFT JOIN linked_people_as_of(
    at = {linked_at:DateTime64(6, 'UTC')}, known = {linked_known:DateTime64(6, 'UTC')}
) AS l ON l.other = p.account
WHERE p.kind = 'wallet'
    AND p.program = {program:String}
    AND p.time >= {since:DateTime64(6, 'UTC')}
    AND p.time < {until:DateTime64(6, 'UTC')}
    AND p.arrived <= {known:DateTime64(6, 'UTC')}
    AND (
        cityHash64(p.account) BETWEEN {first:UInt64} AND {last:UInt64}
        OR p.account IN
        (
            SELECT o.other
            FROM linked_people_as_of(
                at = {linked_at:DateTime64(6, 'UTC')}, known = {linked_known:DateTime64(6, 'UTC')}
            ) AS o
        )
    )
    AND cityHash64(person) BETWEEN {first:UInt64} AND {last:UInt64}
