-- One row per basis, by whether people were paid to look: the people reached in a window of days, each
-- once, and contacts or exposures, invalid traffic included.
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
    basis,
    paid,
    bitmapCardinality(as_persons(groupBitmapMergeState(people))) AS reach,
    any(s.counted) AS impressions
FROM reach_by_day
INNER JOIN
(
    SELECT basis, paid, sum(if(basis = 'viewable', r.viewable, r.events)) AS counted
    FROM reach_sums AS r
    ARRAY JOIN if(kind = 'contact', ['contacted'], ['served', 'viewable']) AS basis
    WHERE campaign IN {campaigns:Array(String)} AND day BETWEEN {begin:Date} AND {end:Date}
    GROUP BY basis, paid
) AS s USING (basis, paid)
WHERE campaign IN {campaigns:Array(String)} AND day BETWEEN {begin:Date} AND {end:Date}
GROUP BY basis, paid
ORDER BY basis, paid
