-- One row a program and operation: what became of the coins that a campaign gave, granted or as
-- rewards, by the end of a month, first in first out within each wallet; '' is all that was given and
-- not taken back. What was undone (a grant or gift reversed, a redemption given back) counts as if it
-- had never been.
WITH
    moves AS
    (
        SELECT account, program, version, operation, campaign, amount
        FROM
        (
            SELECT
                account, program, version, operation, campaign, amount,
                sum(amount) OVER (
                    PARTITION BY account, if(cause = '', event_id, cause)
                ) AS left_of_it
            FROM settlement_postings
            WHERE
                party = 'wallets'
                AND time < {end:DateTime64(6, 'UTC')}
                AND ({program:String} = '' OR program = {program:String})
                AND account IN (
                    SELECT account
                    FROM settlement_postings
                    WHERE
                        party = 'wallets'
                        AND operation IN ('grant', 'reward')
                        AND campaign = {campaign:String}
                )
        )
        WHERE left_of_it != 0
    ),
    granted AS
    (
        SELECT account, program, upto - amount AS since, upto
        FROM
        (
            SELECT
                account, program, operation, campaign, amount,
                sum(amount) OVER (PARTITION BY account ORDER BY version) AS upto
            FROM moves
            WHERE amount > 0
        )
        WHERE operation IN ('grant', 'reward') AND campaign = {campaign:String}
    ),
    spent AS
    (
        SELECT account, operation, upto - coins AS since, upto
        FROM
        (
            SELECT
                account, operation, -amount AS coins,
                sum(-amount) OVER (PARTITION BY account ORDER BY version) AS upto
            FROM moves
            WHERE amount < 0
        )
    )
SELECT program, operation, sum(coins) AS coins, uniqExact(account) AS wallets
FROM
(
    SELECT program, '' AS operation, upto - since AS coins, account FROM granted
    UNION ALL
    SELECT
        granted.program AS program,
        spent.operation AS operation,
        least(granted.upto, spent.upto) - greatest(granted.since, spent.since) AS coins,
        granted.account AS account
    FROM granted
    INNER JOIN spent ON granted.account = spent.account
    WHERE granted.since < spent.upto AND spent.since < granted.upto
)
GROUP BY program, operation
ORDER BY program, operation
