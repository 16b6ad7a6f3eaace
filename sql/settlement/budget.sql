-- One row a program: each coin of a campaign's budget by the end of a month, exactly. Coins between
-- reserve and shards are in flight, and still the advertiser's.
SELECT
    program,
    sumIf(amount, operation = 'fund') AS funded,
    -sumIf(amount, operation = 'defund') AS defunded,
    -sumIf(amount, operation IN ('grant', 'reward')) AS granted,
    sumIf(amount, operation = 'reverse') AS returned, -- grants taken back
    -sumIf(amount, operation IN ('packet_send', 'packet_expire')) AS in_packets, -- less come back
    sumIf(
        amount,
        operation NOT IN (
            'fund', 'defund', 'grant', 'reward', 'reverse', 'packet_send', 'packet_expire'
        )
    ) AS other, -- a lease that went to suspense, a draw that was sent back; 0 otherwise
    sumIf(amount, kind = 'budget' AND account = concat('budget:', {campaign:String})) AS reserve,
    sumIf(amount, kind = 'budget' AND account != concat('budget:', {campaign:String})) AS shards,
    sumIf(amount, kind = 'clearing') AS in_flight,
    sum(amount) AS unspent
FROM settlement_postings
WHERE
    party = concat('advertiser:', {campaign:String})
    AND time < {end:DateTime64(6, 'UTC')}
    AND ({program:String} = '' OR program = {program:String})
GROUP BY program
ORDER BY program
