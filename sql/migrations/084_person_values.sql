-- One row per person of whom anything is known that people are cut `by`: the value of an `attribute` that
-- was last said before the day `as_of` began; the `audience`s among `names` that they are a member of; the
-- `decile` of their score in the latest run up to then of the program among `names`, of which 1 is the
-- tenth that is likeliest to redeem; or the `arm` that the campaign among `names` assigned them to. Several
-- arms or audiences are joined by ' + '. Only what had arrived by `known` counts.
CREATE VIEW IF NOT EXISTS person_values AS
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
        arrayStringConcat(arraySort(groupUniqArray(u.value)), ' + ')
    ) AS value
FROM
(
    SELECT
        as_person(t.number) AS person,
        argMax(t.value, t.said) AS value,
        max(t.said) AS said
    FROM
    (
        SELECT a.number AS number, a.source AS source, a.value AS value, (a.time, a.partition, a.offset) AS said
        FROM person_attributes AS a
        WHERE {by:String} = 'attribute'
            AND a.name IN {names:Array(String)}
            AND toDate(a.time, {zone:String}) < {as_of:Date}
            AND a.arrived <= {known:DateTime64(6, 'UTC')}
        UNION ALL
        SELECT n.number, m.audience, m.audience, (toDateTime64(0, 6, 'UTC'), toUInt16(0), toUInt64(0))
        FROM audience_members AS m
        INNER JOIN people_numbers AS n ON n.person = m.person
        WHERE {by:String} = 'audience'
            AND m.audience IN {names:Array(String)}
            AND m.fingerprint IN
            (
                SELECT f.fingerprint FROM audiences AS f WHERE f.frozen_at <= {known:DateTime64(6, 'UTC')}
            )
        UNION ALL
        SELECT
            n.number,
            '',
            toString(d.decile),
            (toDateTime64(0, 6, 'UTC'), toUInt16(10 - d.decile), toUInt64(0)) -- the likeliest of a person
        FROM
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
        ) AS d
        INNER JOIN people_numbers AS n ON n.person = d.person
        UNION ALL
        SELECT c.number, c.arm, c.arm, (toDateTime64(0, 6, 'UTC'), toUInt16(0), toUInt64(0))
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
