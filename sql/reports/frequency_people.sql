-- One row per basis, by whether people were paid to look, and campaign: the people reached in a window of
-- days, each once, and of them those of whom more than an id is known. The campaign '' is their union.
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
    campaign,
    bitmapCardinality(found) AS reach,
    bitmapAndCardinality(found, known) AS reach_known
FROM
(
    SELECT basis, paid, campaign, as_persons(groupBitmapMergeState(people)) AS found
    FROM reach_by_day
    WHERE campaign IN {campaigns:Array(String)}
        AND day BETWEEN {begin:Date} AND {end:Date}
    GROUP BY GROUPING SETS ((basis, paid, campaign), (basis, paid))
)
ORDER BY basis, paid, campaign
