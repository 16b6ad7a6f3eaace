-- One row as reports/frequency_invalid has it, by what had been judged by `known`.
SELECT
    basis,
    paid,
    rule,
    uniqExact((campaign, kind, person, source, id)) AS events,
    uniqExact(number) AS people
FROM
(
    SELECT
        rule,
        campaign,
        kind,
        person,
        source,
        id,
        i.number AS number,
        any(i.paid) AS paid,
        multiIf(
            kind = 'contact', ['contacted'], any(i.viewable), ['served', 'viewable'], ['served']
        ) AS bases
    FROM invalid_events AS i
    WHERE campaign IN {campaigns:Array(String)}
        AND kind != 'click'
        AND toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
        AND judged <= {known:DateTime64(6, 'UTC')}
    GROUP BY rule, version, campaign, kind, number, person, source, id, time
    HAVING sum(i.sign) > 0
)
ARRAY JOIN bases AS basis
GROUP BY GROUPING SETS ((basis, paid, rule), (basis, paid))
ORDER BY basis, paid, rule
