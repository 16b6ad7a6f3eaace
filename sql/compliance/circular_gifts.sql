-- One row per circle of 2 to 4 wallets in which successive gifts of about the same size came back
-- to the first wallet within a window that ended in the month; coins are those of its gifts.
WITH RECURSIVE
    edges AS
    (
        SELECT program, payer, payee, amount, event_id, event_source, time
        FROM gifts
        WHERE
            amount >= {circle_coins:Int64}
            AND time >= {start:DateTime64(6, 'UTC')} - toIntervalDay({circle_days:UInt32})
            AND time < {end:DateTime64(6, 'UTC')}
    ),
    steps AS -- gifts, by each period of `circle_days` in which a walk that may include them began
    (
        SELECT
            *,
            arrayJoin([0, 1]) AS later,
            intDiv(toUnixTimestamp(time), 86400 * greatest({circle_days:UInt32}, 1)) - later AS began
        FROM edges
    ),
    walks AS
    (
        SELECT
            program, [payer] AS walk, payee AS at,
            [(time, event_id, event_source, payer, amount)] AS path,
            time AS since, time AS until, amount AS least_amount, amount AS most_amount,
            intDiv(toUnixTimestamp(time), 86400 * greatest({circle_days:UInt32}, 1)) AS began
        FROM edges
        UNION ALL
        SELECT
            a.program, arrayPushBack(a.walk, b.payer), b.payee,
            arrayPushBack(a.path, (b.time, b.event_id, b.event_source, b.payer, b.amount)),
            a.since, b.time, least(a.least_amount, b.amount), greatest(a.most_amount, b.amount),
            a.began
        FROM walks AS a
        INNER JOIN steps AS b ON a.at = b.payer AND a.program = b.program AND a.began = b.began
        WHERE
            length(a.walk) < 4
            AND NOT has(a.walk, a.at)
            AND b.time >= a.until
            AND b.time <= a.since + toIntervalDay({circle_days:UInt32})
            AND least(a.least_amount, b.amount)
            >= {circle_share:Float64} * greatest(a.most_amount, b.amount)
    )
SELECT
    program,
    arrayRotateLeft(walk, indexOf(walk, arrayMin(walk)) - 1) AS accounts,
    arraySum(each -> each.5, gifts) AS coins,
    length(gifts) AS events,
    min(since) AS first_time,
    max(until) AS last_time,
    arraySort(groupUniqArrayArray(path)) AS gifts,
    arrayMap(each -> each.2, gifts) AS evidence,
    arrayMap(each -> each.3, gifts) AS sources
FROM walks
WHERE at = walk[1] AND until >= {start:DateTime64(6, 'UTC')}
GROUP BY program, accounts
ORDER BY coins DESC, program, accounts
