-- One row per combination of campaigns that reached somebody in a window of days: the people whom just
-- these reached. Bit n of `mask` stands for the n-th campaign asked for, from 0 on.
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
        FROM reach_days
        WHERE campaign IN {campaigns:Array(String)}
            AND basis = {basis:String}
            AND NOT paid
            AND day BETWEEN {begin:Date} AND {end:Date}
        GROUP BY campaign
    )
    GROUP BY person
)
GROUP BY mask
ORDER BY people DESC, mask
