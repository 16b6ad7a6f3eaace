-- One row per payer and payee between whom gifts, each below a limit, together reached it within a
-- window that ended in the month: the window in which most coins moved, and its gifts.
WITH
    small AS
    (
        SELECT program, payer, payee, amount, event_id, event_source, time
        FROM gifts
        WHERE
            amount < {gift_limit:Int64}
            AND time >= {start:DateTime64(6, 'UTC')} - toIntervalHour({split_hours:UInt32})
            AND time < {end:DateTime64(6, 'UTC')}
    ),
    windows AS
    (
        SELECT
            program, payer, payee, time AS ended,
            sum(amount) OVER before AS total,
            count() OVER before AS gifts,
            min(time) OVER before AS began
        FROM small
        WINDOW before AS (
            PARTITION BY program, payer, payee
            ORDER BY toUnixTimestamp(time)
            RANGE BETWEEN {split_seconds:UInt32} PRECEDING AND CURRENT ROW
        )
    ),
    most AS
    (
        SELECT
            program, payer, payee,
            argMax(began, (total, ended)) AS since,
            argMax(ended, (total, ended)) AS until
        FROM windows
        WHERE
            ended >= {start:DateTime64(6, 'UTC')}
            AND gifts >= {split_gifts:UInt32}
            AND total >= {gift_limit:Int64}
        GROUP BY program, payer, payee
    )
SELECT
    program,
    [payer, payee] AS accounts,
    sum(amount) AS coins,
    count() AS events,
    min(time) AS first_time,
    max(time) AS last_time,
    arraySort(groupArray((time, event_id, event_source))) AS found,
    arrayMap(each -> each.2, found) AS evidence,
    arrayMap(each -> each.3, found) AS sources
FROM
(
    SELECT
        small.program AS program, small.payer AS payer, small.payee AS payee,
        small.amount AS amount, small.time AS time, small.event_id AS event_id,
        small.event_source AS event_source
    FROM small
    INNER JOIN most
        ON small.program = most.program AND small.payer = most.payer AND small.payee = most.payee
    WHERE small.time >= most.since AND small.time <= most.until
)
GROUP BY program, payer, payee
ORDER BY coins DESC, program, payer, payee
