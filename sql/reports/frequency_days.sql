-- One row per basis, by whether people were paid to look, and day: the people reached by any of the
-- campaigns that day, and from the window's first day up to it; and of the latter those of whom more than
-- an id is known.
WITH
    (SELECT (groupArray(l.number), groupArray(l.owner)) FROM linked_numbers AS l) AS links,
    bitmapBuild(links.1) AS linked,
    arrayPushBack(links.1, 0) AS others,
    arrayPushBack(links.2, 0) AS owners,
    people -> if(
        bitmapHasAny(people, linked),
        bitmapOr(
            bitmapAndnot(people, linked),
            bitmapBuild(
                arrayMap(
                    n -> transform(n, others, owners, toUInt32(0)), bitmapToArray(bitmapAnd(people, linked))
                )
            )
        ),
        people
    ) AS as_persons, -- whose numbers they count as
    (SELECT groupBitmapMergeState(b.people) FROM people_bitmaps AS b WHERE b.kind = 'known') AS known
SELECT
    basis,
    paid,
    day,
    bitmapCardinality(found) AS reach,
    bitmapCardinality(so_far) AS cumulative,
    bitmapAndCardinality(so_far, known) AS cumulative_known
FROM
(
    SELECT
        basis,
        paid,
        day,
        as_persons(groupBitmapMergeState(people)) AS found,
        groupBitmapMergeState(found) OVER (PARTITION BY basis, paid ORDER BY day) AS so_far
    FROM reach_by_day
    WHERE campaign IN {campaigns:Array(String)}
        AND day BETWEEN {begin:Date} AND {end:Date}
    GROUP BY basis, paid, day
)
ORDER BY basis, paid, day
