-- One row per person of a simulated city whom a drop has drawn into an arm: when, whether the drop
-- contacted them, and the coins that the ledger gave them, 0 if none. A grant that the shard passed on
-- to the reserve was applied when the leg `grant` arrived.
SELECT
    a.person AS person,
    a.arm AS arm,
    a.assigned_us AS assigned_us,
    c.person != '' AS contacted,
    g.program AS program,
    g.coins AS coins
FROM
(
    SELECT
        person,
        argMin(arm, (time, offset)) AS arm,
        toUnixTimestamp64Micro(min(time)) AS assigned_us
    FROM campaign_events
    WHERE campaign = {campaign:String} AND type = 'assignment' AND startsWith(person, 'city:')
    GROUP BY person
) AS a
LEFT JOIN
(
    SELECT DISTINCT person
    FROM campaign_events
    WHERE campaign = {campaign:String} AND type = 'contact'
) AS c ON c.person = a.person
LEFT JOIN
(
    SELECT subject AS person, any(program) AS program, max(amount) AS coins
    FROM ledger_results
    WHERE campaign = {campaign:String} AND outcome = 'applied'
        AND (type = 'grant' OR step = 'grant') AND step != 'ask'
    GROUP BY subject
) AS g ON g.person = a.person
ORDER BY person
