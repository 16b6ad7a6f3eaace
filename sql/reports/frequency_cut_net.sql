-- One row as reports/frequency_cut has it, net of invalid traffic: asked where there is any.
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
    multiIf({by:String} = 'channel', channel, {by:String} = 'creative', creative, format) AS part,
    bitmapCardinality(as_persons(groupBitmapMergeState(people))) AS reach
FROM net_days(campaigns = {campaigns:Array(String)}, begin = {begin:Date}, end = {end:Date})
GROUP BY basis, paid, part
ORDER BY basis, paid, part
