-- One row per combination of campaigns asked for, bit n of `mask` for the n-th campaign, from 0 on: the people
-- whom all of these reached in a window of days (all days if it is whole), and perhaps others.
WITH
    (
        SELECT arrayMap(
            name -> if(
                has(groupArray(campaign) AS found, name),
                (groupArray(people) AS bitmaps)[indexOf(found, name)],
                bitmapBuild(emptyArrayUInt32())
            ),
            {campaigns:Array(String)}
        )
        FROM reached_people(
            campaigns = {campaigns:Array(String)},
            basis = {basis:String},
            begin = {begin:Date},
            end = {end:Date},
            is_whole = {is_whole:Bool}
        )
    ) AS reached -- of each campaign the people, in the order asked for
SELECT
    arrayJoin({masks:Array(UInt32)}) AS mask,
    arrayReduce(
        'groupBitmapAnd', arrayFilter((own, n) -> bitTest(mask, n - 1), reached, arrayEnumerate(reached))
    ) AS people
