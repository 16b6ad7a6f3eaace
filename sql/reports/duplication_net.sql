-- One row as reports/duplication has it, net of invalid traffic: asked where there is any.
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
SELECT mask, count() AS people
FROM
(
    SELECT person, groupBitOr(toUInt32(bitShiftLeft(1, at - 1))) AS mask
    FROM
    (
        SELECT
            indexOf({campaigns:Array(String)}, campaign) AS at,
            arrayJoin(bitmapToArray(as_persons(groupBitmapMergeState(people)))) AS person
        FROM net_days(campaigns = {campaigns:Array(String)}, begin = {begin:Date}, end = {end:Date})
        WHERE basis = {basis:String} AND NOT paid
        GROUP BY campaign
    )
    GROUP BY person
)
GROUP BY mask
ORDER BY people DESC, mask
