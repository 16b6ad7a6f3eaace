-- One row as reports/frequency_people_cut has it, net of invalid traffic: asked where there is any.
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
    FROM net_days(campaigns = {campaigns:Array(String)}, begin = {begin:Date}, end = {end:Date})
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
