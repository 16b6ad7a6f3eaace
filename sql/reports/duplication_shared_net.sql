-- One row as reports/duplication_shared has it, net of invalid traffic: asked where there is any.
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
        FROM net_reached_people(
            campaigns = {campaigns:Array(String)}, basis = {basis:String}, begin = {begin:Date}, end = {end:Date}
        )
    ) AS reached -- of each campaign the people, in the order asked for
SELECT
    arrayJoin({masks:Array(UInt32)}) AS mask,
    arrayReduce(
        'groupBitmapAnd', arrayFilter((own, n) -> bitTest(mask, n - 1), reached, arrayEnumerate(reached))
    ) AS people
