-- One row as reports/duplication has it, net of invalid traffic: asked where there is any.
SELECT mask, people, all_combinations, all_people
FROM
(
    SELECT
        mask,
        count() AS people,
        count() OVER () AS all_combinations,
        sum(count()) OVER () AS all_people
    FROM
    (
        SELECT person, groupBitOr(bitShiftLeft(toUInt32(1), at - 1)) AS mask
        FROM
        (
            SELECT
                indexOf({campaigns:Array(String)}, campaign) AS at,
                arrayJoin(bitmapToArray(people)) AS person
            FROM net_reached_people(
                campaigns = {campaigns:Array(String)}, basis = {basis:String}, begin = {begin:Date}, end = {end:Date}
            )
        )
        GROUP BY person
    )
    GROUP BY mask
)
ORDER BY people DESC, mask
LIMIT {most:UInt32}
