-- One row a circle of 2 to 4 wallets in which gifts of about the same size, each after the one before,
-- came back to the first wallet within a window that ended in the month; coins are those of its gifts.
WITH
    edges AS
    (
        SELECT program, payer, payee, amount, event_id, time
        FROM gifts
        WHERE
            amount >= {circle_coins:Int64}
            AND time >= {start:DateTime64(6, 'UTC')} - toIntervalDay({circle_days:UInt32})
            AND time < {end:DateTime64(6, 'UTC')}
    ),
    two AS
    (
        SELECT
            a.program AS program, [a.payer, b.payer] AS walk, b.payee AS at,
            [(a.time, a.event_id, a.amount), (b.time, b.event_id, b.amount)] AS path,
            a.time AS since, b.time AS until,
            least(a.amount, b.amount) AS least_amount, greatest(a.amount, b.amount) AS most_amount
        FROM edges AS a
        INNER JOIN edges AS b ON a.payee = b.payer AND a.program = b.program
        WHERE
            b.time >= a.time
            AND b.time <= a.time + toIntervalDay({circle_days:UInt32})
            AND least_amount >= {circle_share:Float64} * most_amount
    ),
    three AS
    (
        SELECT
            a.program AS program, arrayPushBack(a.walk, b.payer) AS walk, b.payee AS at,
            arrayPushBack(a.path, (b.time, b.event_id, b.amount)) AS path,
            a.since AS since, b.time AS until,
            least(a.least_amount, b.amount) AS least_amount,
            greatest(a.most_amount, b.amount) AS most_amount
        FROM two AS a
        INNER JOIN edges AS b ON a.at = b.payer AND a.program = b.program
        WHERE
            NOT has(a.walk, a.at)
            AND b.time >= a.until
            AND b.time <= a.since + toIntervalDay({circle_days:UInt32})
            AND least_amount >= {circle_share:Float64} * most_amount
    ),
    four AS
    (
        SELECT
            a.program AS program, arrayPushBack(a.walk, b.payer) AS walk, b.payee AS at,
            arrayPushBack(a.path, (b.time, b.event_id, b.amount)) AS path,
            a.since AS since, b.time AS until,
            least(a.least_amount, b.amount) AS least_amount,
            greatest(a.most_amount, b.amount) AS most_amount
        FROM three AS a
        INNER JOIN edges AS b ON a.at = b.payer AND a.program = b.program
        WHERE
            NOT has(a.walk, a.at)
            AND b.time >= a.until
            AND b.time <= a.since + toIntervalDay({circle_days:UInt32})
            AND least_amount >= {circle_share:Float64} * most_amount
    )
SELECT
    program,
    arrayRotateLeft(walk, indexOf(walk, arrayMin(walk)) - 1) AS accounts,
    arraySum(each -> each.3, gifts) AS coins,
    length(gifts) AS events,
    min(since) AS first_time,
    max(until) AS last_time,
    arraySort(groupUniqArrayArray(path)) AS gifts,
    arrayMap(each -> each.2, gifts) AS evidence
FROM
(
    SELECT program, walk, at, path, since, until FROM two
    UNION ALL
    SELECT program, walk, at, path, since, until FROM three
    UNION ALL
    SELECT program, walk, at, path, since, until FROM four
)
WHERE at = walk[1] AND until >= {start:DateTime64(6, 'UTC')}
GROUP BY program, accounts
ORDER BY coins DESC, program, accounts
