-- One row per program: every coin of the campaigns' budgets by a time, exactly. The one definition
-- of what they granted, what came back, and the net they gave. Coins between reserve and shards are
-- in flight, and still the advertiser's.
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
    granted - returned + in_packets AS net, -- given and not come back: what they cost
    sumIf(
        amount,
        kind = 'budget'
        AND has({campaigns:Array(String)}, substring(account, length('budget:') + 1))
    ) AS reserve,
    sumIf(amount, kind = 'budget') - reserve AS shards,
    sumIf(amount, kind = 'clearing') AS in_flight,
    sum(amount) AS unspent
FROM settlement_postings
WHERE
    has({campaigns:Array(String)}, substring(party, length('advertiser:') + 1))
    AND startsWith(party, 'advertiser:')
    AND time < {end:DateTime64(6, 'UTC')}
    AND ({program:String} = '' OR program = {program:String})
GROUP BY program
ORDER BY program
