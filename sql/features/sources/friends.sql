-- One row per person of a slice and friend, somebody whom they gave coins or who gave them coins before
-- {until}, by what had arrived by {known}; and when the friend last redeemed, if ever. A name counts as
-- the person that it was linked to.
WITH
    (
        SELECT (groupArray(l.other), groupArray(l.owner))
        FROM linked_people_as_of(
            at = {linked_at:DateTime64(6, 'UTC')}, known = {linked_known:DateTime64(6, 'UTC')}
        ) AS l
    ) AS links,
    name -> if(
        empty(links.1),
        name,
        transform(name, arrayPushBack(links.1, ''), arrayPushBack(links.2, ''), name)
    ) AS as_person
SELECT
    f.person AS person,
    f.friend AS friend,
    f.last_gift AS last_gift,
    r.redeemed AS redeemed
FROM
(
    SELECT pair.1 AS person, pair.2 AS friend, max(time) AS last_gift
    FROM
    (
        SELECT
            arrayJoin([
                (as_person(g.subject), as_person(g.counterparty)),
                (as_person(g.counterparty), as_person(g.subject))
            ]) AS pair,
            g.time AS time
        FROM ledger_results AS g
        WHERE g.program = {program:String}
            AND g.outcome = 'applied'
            AND g.type = 'transfer'
            AND g.amount > 0
            AND g.time >= {since:DateTime64(6, 'UTC')}
            AND g.time < {until:DateTime64(6, 'UTC')}
            AND g.arrived <= {known:DateTime64(6, 'UTC')}
    )
    WHERE pair.1 != pair.2 AND cityHash64(pair.1) BETWEEN {first:UInt64} AND {last:UInt64}
    GROUP BY person, friend
) AS f
LEFT JOIN
(
    SELECT as_person(d.subject) AS person, toNullable(max(d.time)) AS redeemed
    FROM ledger_results AS d
    WHERE d.program = {program:String}
        AND d.outcome = 'applied'
        AND d.type = 'redeem'
        AND d.time < {until:DateTime64(6, 'UTC')}
        AND d.arrived <= {known:DateTime64(6, 'UTC')}
    GROUP BY person
) AS r ON r.person = f.friend
