-- One row per campaign as reached_people has it, net of invalid traffic.
CREATE VIEW IF NOT EXISTS net_reached_people AS
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
SELECT toString(campaign) AS campaign, as_persons(groupBitmapMergeState(n.people)) AS people
FROM net_days(campaigns = {campaigns:Array(String)}, begin = {begin:Date}, end = {end:Date}) AS n
WHERE basis = {basis:String} AND NOT paid
GROUP BY campaign
