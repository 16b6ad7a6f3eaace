-- One row per person of a slice whom {campaign} contacted before {told} and who had a wallet of {program}
-- before {at}, its start: the channel of the first contact, and whether they redeemed the offer from the
-- start on and before {told}. A name counts as the person that it was linked to by {told}.
SELECT
    contacts.person AS person,
    contacts.channel AS channel,
    toNullable(toUInt8(redeemed)) AS label
FROM
(
    SELECT
        if(l.owner = '', e.person, l.owner) AS person,
        argMinIf(e.channel, (e.time, e.channel), e.type = 'contact') AS channel,
        countIf(e.type = 'contact') > 0 AS contacted,
        countIf(e.type = 'conversion' AND e.time >= {at:DateTime64(6, 'UTC')}) > 0 AS redeemed
    FROM campaign_events AS e FINAL
    LEFT JOIN linked_people_as_of(
        at = {told:DateTime64(6, 'UTC')}, known = {known:DateTime64(6, 'UTC')}
    ) AS l ON l.other = e.person
    WHERE e.campaign = {campaign:String}
        AND e.type IN ('contact', 'conversion')
        AND e.time < {told:DateTime64(6, 'UTC')}
        AND cityHash64(person) BETWEEN {first:UInt64} AND {last:UInt64}
    GROUP BY person
    HAVING contacted
) AS contacts
WHERE person IN
(
    SELECT if(m.owner = '', r.subject, m.owner)
    FROM ledger_results AS r
    LEFT JOIN linked_people_as_of(
        at = {told:DateTime64(6, 'UTC')}, known = {known:DateTime64(6, 'UTC')}
    ) AS m ON m.other = r.subject
    WHERE r.program = {program:String} AND r.outcome = 'applied' AND r.type IN ('open', 'earn')
        AND r.time < {at:DateTime64(6, 'UTC')}
)
