-- One row as reports/frequency_people_whole has it, net of invalid traffic: asked where there is any.
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
    (
        SELECT groupBitmapState(number)
        FROM invalid_events
        WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
            AND kind != 'click'
    ) AS suspects, -- of whom events were judged: taken out, and put back if one of theirs counts
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
    FROM
    (
        SELECT
            basis,
            paid,
            campaign,
            if(bitmapCardinality(suspects) = 0, c.people, bitmapAndnot(c.people, suspects)) AS people
        FROM reach_campaigns AS c
        WHERE empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)}
        UNION ALL
        SELECT own.1 AS basis, own.2 AS paid, campaign, groupBitmapState(number) AS people
        FROM
        (
            SELECT
                campaign,
                number,
                arrayFilter(
                    of -> of.3 > 0,
                    [
                        ('contacted', false, sum(r.contacted)),
                        ('served', false, sum(r.served)),
                        ('viewable', false, sum(r.viewable)),
                        ('served', true, sum(r.served_paid)),
                        ('viewable', true, sum(r.viewable_paid))
                    ]
                ) AS counted
            FROM net_counts(campaigns = {campaigns:Array(String)}) AS r
            WHERE number IN
            (
                SELECT number
                FROM invalid_events
                WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
                    AND kind != 'click'
            )
            GROUP BY campaign, number
        )
        ARRAY JOIN counted AS own
        GROUP BY basis, paid, campaign
    )
    GROUP BY GROUPING SETS ((basis, paid, campaign), (basis, paid))
)
ORDER BY basis, paid, campaign
