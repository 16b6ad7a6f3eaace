-- One row per basis, by whether people were paid to look, and day: the numbers of the people whom any of
-- the campaigns reached that day, and on no day of the window before it.
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
SELECT basis, paid, first_day AS day, groupArray(person) AS people
FROM
(
    SELECT basis, paid, person, min(day) AS first_day
    FROM
    (
        SELECT
            basis,
            paid,
            day,
            arrayJoin(bitmapToArray(as_persons(groupBitmapMergeState(people)))) AS person
        FROM reach_by_day
        WHERE campaign IN {campaigns:Array(String)}
            AND day BETWEEN {begin:Date} AND {end:Date}
        GROUP BY basis, paid, day
    )
    GROUP BY basis, paid, person
)
GROUP BY basis, paid, day
ORDER BY basis, paid, day
