-- One row per wallet to which many others soon passed on most of what each drew from red packets in
-- the month: first the wallet, then the others; coins are those passed on.
SELECT
    program,
    arrayConcat([collector], arraySort(groupArray(claimer))) AS accounts,
    sum(passed) AS coins,
    sum(drawn_events + passed_events) AS events,
    min(since) AS first_time,
    max(until) AS last_time,
    arraySort(groupArrayArray(arrayConcat(drew, gave))) AS found,
    arrayMap(each -> each.2, found) AS evidence,
    arrayMap(each -> each.3, found) AS sources
FROM
(
    SELECT
        draws.program AS program,
        given.payee AS collector,
        draws.claimer AS claimer,
        groupUniqArray(
            (draws.time, draws.event_id, draws.event_source, draws.packet, draws.amount)
        ) AS drew,
        groupUniqArray(
            (given.time, given.event_id, given.event_source, given.payer, given.amount)
        ) AS gave,
        arraySum(each -> each.5, drew) AS drawn,
        arraySum(each -> each.5, gave) AS passed,
        length(drew) AS drawn_events,
        length(gave) AS passed_events,
        min(draws.time) AS since,
        max(given.time) AS until
    FROM
    (
        SELECT program, packet, claimer, amount, event_id, event_source, time
        FROM packet_draws
        WHERE time >= {start:DateTime64(6, 'UTC')} AND time < {end:DateTime64(6, 'UTC')}
    ) AS draws
    INNER JOIN
    (
        SELECT program, payer, payee, amount, event_id, event_source, time
        FROM gifts
        WHERE time >= {start:DateTime64(6, 'UTC')}
    ) AS given ON draws.claimer = given.payer AND draws.program = given.program
    WHERE
        given.time >= draws.time
        AND given.time <= draws.time + toIntervalHour({drain_hours:UInt32})
    GROUP BY program, collector, claimer
    HAVING passed >= {drain_share:Float64} * drawn
)
GROUP BY program, collector
HAVING count() >= {drain_wallets:UInt32}
ORDER BY coins DESC, program, accounts
