-- One row per basis, by whether people were paid to look, and value of what people are cut by (see
-- `person_values`): the people of it who were reached in a window of days.
WITH
    (SELECT (groupArray(l.number), groupArray(l.owner)) FROM linked_numbers AS l) AS links,
    bitmapBuild(links.1) AS linked,
    arrayPushBack(links.1, 0) AS others,
    arrayPushBack(links.2, 0) AS owners,
    people -> bitmapOr(
        bitmapAndnot(people, linked),
        bitmapBuild(
            arrayMap(
                n -> transform(n, others, owners, toUInt32(0)), bitmapToArray(bitmapAnd(people, linked))
            )
        )
    ) AS as_persons -- whose numbers they count as
SELECT
    r.basis AS basis,
    r.paid AS paid,
    v.value AS part,
    bitmapAndCardinality(r.found, v.members) AS reach
FROM
(
    SELECT basis, paid, as_persons(groupBitmapMergeState(people)) AS found
    FROM reach_by_day
    WHERE campaign IN {campaigns:Array(String)}
        AND day BETWEEN {begin:Date} AND {end:Date}
    GROUP BY basis, paid
) AS r
CROSS JOIN
(
    SELECT value, groupBitmapState(person) AS members
    FROM person_values(
        by = {by:String},
        names = {names:Array(String)},
        as_of = {as_of:Date},
        zone = {zone:String},
        known = {known:DateTime64(6, 'UTC')}
    )
    GROUP BY value
) AS v
ORDER BY basis, paid, part
