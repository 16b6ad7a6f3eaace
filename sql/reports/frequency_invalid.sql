-- One row per basis, by whether people were paid to look, and rule: contacts or exposures in a window of
-- days that break it, and how many people's. The rule '' is for any: what breaks several counts once.
WITH ifNull(nullIf((SELECT argMax(zone, since) FROM reach_zone), ''), 'UTC') AS zone
SELECT
    basis,
    paid,
    rule,
    uniqExact((campaign, kind, person, source, id)) AS events,
    uniqExact(number) AS people
FROM
(
    SELECT
        *,
        multiIf(kind = 'contact', ['contacted'], viewable, ['served', 'viewable'], ['served']) AS bases
    FROM invalid_verdicts
    WHERE campaign IN {campaigns:Array(String)}
        AND kind != 'click'
        AND toDate(time, zone) BETWEEN {begin:Date} AND {end:Date}
)
ARRAY JOIN bases AS basis
GROUP BY GROUPING SETS ((basis, paid, rule), (basis, paid))
ORDER BY basis, paid, rule
