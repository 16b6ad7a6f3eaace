-- One row per campaign, as 101 has it; a window of days is read from reach_by_day.
CREATE OR REPLACE VIEW reached_people AS
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
    FROM reach_by_day
    WHERE campaign IN {campaigns:Array(String)}
        AND basis = {basis:String}
        AND NOT paid
        AND day BETWEEN {begin:Date} AND {end:Date}
        AND NOT {is_whole:Bool}
) AS r
GROUP BY campaign
