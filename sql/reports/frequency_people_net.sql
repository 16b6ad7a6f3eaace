-- One row as reports/frequency_people has it, net of invalid traffic: asked where there is any.
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
    FROM net_days(campaigns = {campaigns:Array(String)}, begin = {begin:Date}, end = {end:Date})
    GROUP BY GROUPING SETS ((basis, paid, campaign), (basis, paid))
)
ORDER BY basis, paid, campaign
