-- One row per person of a slice and friend, somebody whom they gave coins or who gave them coins before
-- {until}, by what had arrived by {known}; and when the friend last redeemed, if ever. A name counts as
-- the person that it was linked to.
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
        SELECT arrayJoin([(payer, payee), (payee, payer)]) AS pair, time
        FROM
        (
            SELECT
                if(l.owner = '', g.subject, l.owner) AS payer,
                if(m.owner = '', g.counterparty, m.owner) AS payee,
                g.time AS time
            FROM ledger_results AS g
            LEFT JOIN linked_people_as_of(
                at = {linked_at:DateTime64(6, 'UTC')}, known = {linked_known:DateTime64(6, 'UTC')}
            ) AS l ON l.other = g.subject
            LEFT JOIN linked_people_as_of(
                at = {linked_at:DateTime64(6, 'UTC')}, known = {linked_known:DateTime64(6, 'UTC')}
            ) AS m ON m.other = g.counterparty
            WHERE g.program = {program:String}
                AND g.outcome = 'applied'
                AND g.type = 'transfer'
                AND g.amount > 0
                AND g.time >= {since:DateTime64(6, 'UTC')}
                AND g.time < {until:DateTime64(6, 'UTC')}
                AND g.arrived <= {known:DateTime64(6, 'UTC')}
                AND (
                    cityHash64(g.subject) BETWEEN {first:UInt64} AND {last:UInt64}
                    OR cityHash64(g.counterparty) BETWEEN {first:UInt64} AND {last:UInt64}
                    OR l.owner != ''
                    OR m.owner != ''
                )
        )
    )
    WHERE pair.1 != pair.2 AND cityHash64(pair.1) BETWEEN {first:UInt64} AND {last:UInt64}
    GROUP BY person, friend
) AS f
LEFT JOIN
(
    SELECT if(n.owner = '', d.subject, n.owner) AS person, toNullable(max(d.time)) AS redeemed
    FROM ledger_results AS d
    LEFT JOIN linked_people_as_of(
        at = {linked_at:DateTime64(6, 'UTC')}, known = {linked_known:DateTime64(6, 'UTC')}
    ) AS n ON n.other = d.subject
    WHERE d.program = {program:String}
        AND d.outcome = 'applied'
        AND d.type = 'redeem'
        AND d.time < {until:DateTime64(6, 'UTC')}
        AND d.arrived <= {known:DateTime64(6, 'UTC')}
    GROUP BY person
) AS r ON r.person = f.friend
