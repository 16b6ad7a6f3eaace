-- One row per contact, exposure or click of a day of an id that does nothing but draw from red packets and
-- pass the coins on, one of many to the same wallet, in the window_days up to the day's end.
-- version: 1
-- since: 2026-01-01
-- parameters: window_days = 30, draws_min = 3, ids_min = 5, passed_min = 0.8
-- reason: Ids that only draw from red packets and pass on at least 80 % of it, five or more to one wallet, are one person's.
WITH {end:DateTime64(6, 'UTC')} - toIntervalDay({window_days:UInt32}) AS since
SELECT t.*
FROM traffic AS t
WHERE
    t.time >= {begin:DateTime64(6, 'UTC')}
    AND t.time < {end:DateTime64(6, 'UTC')}
    AND t.person IN
    (
        SELECT arrayJoin(groupUniqArray(drew.claimer))
        FROM
        (
            SELECT program, claimer, sum(amount) AS drawn
            FROM packet_draws
            WHERE time >= since AND time < {end:DateTime64(6, 'UTC')}
            GROUP BY program, claimer
            HAVING count() >= {draws_min:UInt32}
        ) AS drew
        INNER JOIN
        (
            SELECT program, payer, payee, sum(amount) AS passed
            FROM gifts
            WHERE time >= since AND time < {end:DateTime64(6, 'UTC')}
            GROUP BY program, payer, payee
        ) AS gave ON drew.program = gave.program AND drew.claimer = gave.payer
        WHERE
            gave.passed >= {passed_min:Float64} * drew.drawn
            AND drew.claimer NOT IN
            (
                SELECT subject
                FROM ledger_results
                WHERE
                    outcome = 'applied'
                    AND type NOT IN ('open', 'verify', 'transfer', 'grant', 'expire', 'leg')
                    AND time >= since
                    AND time < {end:DateTime64(6, 'UTC')}
            )
        GROUP BY drew.program, gave.payee
        HAVING count() >= {ids_min:UInt32}
    )
