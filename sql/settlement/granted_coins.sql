-- One row a program and operation: what became of the coins that a campaign granted, by the end of a
-- month, first in first out within each wallet; '' is all that was granted and not taken back. What
-- was undone (a grant or gift reversed, a redemption given back) counts as if it had never been.
SELECT program, piece.1 AS operation, sum(piece.2) AS coins, uniqExact(account) AS wallets
FROM
(
    SELECT
        program,
        account,
        arraySort(groupArray((version, amount, toString(operation), granted))) AS moves,
        arrayFilter(move -> move.2 > 0, moves) AS ins,
        arrayFilter(move -> move.2 < 0, moves) AS outs,
        -- where each begins and ends among all coins that came in, and among all that went out
        arrayMap((move, upto) -> (upto - move.2, upto, move.4), ins, arrayCumSum(ins.2)) AS came,
        arrayMap((move, sum) -> (-sum + move.2, -sum, move.3), outs, arrayCumSum(outs.2)) AS went,
        arrayFilter(coins -> coins.3, came) AS grants
    FROM
    (
        SELECT
            account,
            program,
            version,
            operation,
            amount,
            operation IN ('grant', 'reward') AND campaign = {campaign:String} AS granted,
            sum(amount) OVER (PARTITION BY account, if(cause = '', event_id, cause)) AS left_of_it
        FROM settlement_postings
        WHERE
            kind = 'wallet'
            AND time < {end:DateTime64(6, 'UTC')}
            AND ({program:String} = '' OR program = {program:String})
            AND account IN (
                SELECT account
                FROM settlement_postings
                WHERE
                    kind = 'wallet'
                    AND operation IN ('grant', 'reward')
                    AND campaign = {campaign:String}
            )
    )
    WHERE left_of_it != 0
    GROUP BY program, account
)
ARRAY JOIN arrayConcat(
    arrayMap(own -> ('', own.2 - own.1), grants),
    arrayFlatten(
        arrayMap(
            own -> arrayMap(
                paid -> (paid.3, least(own.2, paid.2) - greatest(own.1, paid.1)),
                arrayFilter(paid -> paid.1 < own.2 AND own.1 < paid.2, went)
            ),
            grants
        )
    )
) AS piece
GROUP BY program, operation
ORDER BY program, operation
