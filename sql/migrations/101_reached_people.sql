-- One row per campaign: the people whom it reached on one basis in a window of days (all days if it is
-- whole), as a bitmap of the numbers they count as.
CREATE VIEW IF NOT EXISTS reached_people AS
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
SELECT toString(campaign) AS campaign, as_persons(groupBitmapMergeState(r.people)) AS people
FROM
(
    SELECT campaign, people
    FROM reach_campaigns
    WHERE campaign IN {campaigns:Array(String)}
        AND basis = {basis:String}
        AND NOT paid
        AND {is_whole:Bool}
    UNION ALL
    SELECT campaign, people
    FROM reach_days
    WHERE campaign IN {campaigns:Array(String)}
        AND basis = {basis:String}
        AND NOT paid
        AND day BETWEEN {begin:Date} AND {end:Date}
        AND NOT {is_whole:Bool}
) AS r
GROUP BY campaign
