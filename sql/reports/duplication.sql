-- One row per combination of campaigns that reached somebody in a window of days (all days if it is whole),
-- those with most people first and at most `most` of them: the people whom just these reached. Bit n of `mask`
-- stands for the n-th campaign asked for, from 0 on; the columns in `all` are of all combinations.
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
            FROM reached_people(
                campaigns = {campaigns:Array(String)},
                basis = {basis:String},
                begin = {begin:Date},
                end = {end:Date},
                is_whole = {is_whole:Bool}
            )
        )
        GROUP BY person
    )
    GROUP BY mask
)
ORDER BY people DESC, mask
LIMIT {most:UInt32}
