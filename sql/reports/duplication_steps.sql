-- One row: of campaigns, in the order asked for, the people whom each reached in a window of days (all days
-- if it is whole), whom it and each before it reached, whom only it, and how many those up to it reached
-- together; the last again in the order `best`, where the campaign that adds most comes next.
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
    ) AS reached, -- of each campaign the people, in the order asked for
    arrayEnumerate(reached) AS places,
    bitmapBuild(emptyArrayUInt32()) AS nobody,
    arrayFold(
        (done, own) -> (
            bitmapOr(done.1, own), -- anybody so far
            bitmapOr(done.2, bitmapAnd(done.1, own)), -- by two or more
            arrayPushBack(done.3, bitmapOrCardinality(done.1, own))
        ),
        reached,
        (nobody, nobody, emptyArrayUInt64())
    ) AS stated,
    arrayFold(
        (done, place) -> (
            bitmapOr(
                done.1,
                reached[
                    indexOf(
                        arrayMap(
                            (own, n) -> if(has(done.2, n), -1, toInt64(bitmapAndnotCardinality(own, done.1))),
                            reached,
                            places
                        ) AS adds,
                        arrayMax(adds)
                    ) AS next
                ]
            ),
            arrayPushBack(done.2, toUInt32(next)),
            arrayPushBack(done.3, bitmapOrCardinality(done.1, reached[next]))
        ),
        places,
        (nobody, emptyArrayUInt32(), emptyArrayUInt64())
    ) AS greedy
SELECT
    arrayMap(own -> bitmapCardinality(own), reached) AS reach,
    arrayMap(
        (own, n) -> arrayMap(other -> bitmapAndCardinality(own, other), arraySlice(reached, 1, n - 1)),
        reached,
        places
    ) AS both, -- of each those before it
    arrayMap(own -> bitmapAndnotCardinality(own, stated.2), reached) AS only,
    stated.3 AS cumulative,
    greedy.2 AS best,
    greedy.3 AS best_cumulative
