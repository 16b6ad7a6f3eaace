-- One row per person, as 084 has it: when something was said is one number (its time, then partition and
-- offset), whose greatest is found in a fifth of the time, and ids are looked up among those asked about.
CREATE OR REPLACE VIEW person_values AS
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
    if(
        {by:String} = 'attribute',
        argMax(u.value, u.said),
        arrayStringConcat(arraySort(groupUniqArrayIf(u.value, {by:String} != 'attribute')), ' + ')
    ) AS value
FROM
(
    SELECT
        as_person(t.number) AS person,
        argMax(t.value, t.said) AS value,
        max(t.said) AS said
    FROM
    (
        SELECT
            a.number AS number,
            a.source AS source,
            a.value AS value,
            toInt128(toUnixTimestamp64Micro(a.time)) * toInt128('18446744073709551616')
            + toInt128(bitOr(bitShiftLeft(toUInt64(a.partition), 48), a.offset)) AS said
        FROM person_attributes AS a
        WHERE {by:String} = 'attribute'
            AND a.name IN {names:Array(String)}
            AND toDate(a.time, {zone:String}) < {as_of:Date}
            AND a.arrived <= {known:DateTime64(6, 'UTC')}
        UNION ALL
        SELECT n.number, m.audience, m.audience, toInt128(0)
        FROM people_numbers AS n
        INNER JOIN
        (
            SELECT person, audience
            FROM audience_members
            WHERE {by:String} = 'audience'
                AND audience IN {names:Array(String)}
                AND fingerprint IN
                (
                    SELECT f.fingerprint FROM audiences AS f WHERE f.frozen_at <= {known:DateTime64(6, 'UTC')}
                )
        ) AS m ON m.person = n.person
        UNION ALL
        SELECT n.number, '', toString(d.decile), toInt128(10 - d.decile) -- the likeliest of a person
        FROM people_numbers AS n
        INNER JOIN
        (
            SELECT
                s.person AS person,
                toUInt8(
                    ceil(10 * row_number() OVER (ORDER BY s.score DESC, s.person) / count() OVER ())
                ) AS decile
            FROM scores AS s
            WHERE {by:String} = 'decile'
                AND s.program IN {names:Array(String)}
                AND s.as_of =
                (
                    SELECT max(r.as_of)
                    FROM scores AS r
                    WHERE r.program IN {names:Array(String)}
                        AND r.as_of <= {as_of:Date}
                        AND r.as_of <= toDate32({known:DateTime64(6, 'UTC')})
                )
        ) AS d ON d.person = n.person
        UNION ALL
        SELECT c.number, c.arm, c.arm, toInt128(0)
        FROM campaign_events AS c
        WHERE {by:String} = 'arm'
            AND c.campaign IN {names:Array(String)}
            AND c.type = 'assignment'
            AND c.number != 0
            AND c.arrived <= {known:DateTime64(6, 'UTC')}
    ) AS t
    GROUP BY person, t.source
    HAVING {by:String} != 'attribute' OR value != 'null'
) AS u
GROUP BY person
