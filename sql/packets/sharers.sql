-- One row per person who passed red packets on, by how many they brought, most first: how many drew
-- through their shares, and how many coins. First level only; '' stands for any program, packet or
-- campaign.
SELECT
    sharer,
    count() AS claims,
    uniqExact(counterparty) AS people,
    sum(amount) AS coins
FROM ledger_results FINAL
WHERE
    type = 'packet_claim'
    AND outcome = 'applied'
    AND sharer != ''
    AND ({program:String} = '' OR program = {program:String})
    AND ({packet:String} = '' OR subject = {packet:String})
    AND ({campaign:String} = '' OR campaign = {campaign:String})
    AND time >= {since:DateTime64(6, 'UTC')}
    AND time < {until:DateTime64(6, 'UTC')}
GROUP BY sharer
ORDER BY claims DESC, coins DESC, sharer
LIMIT {limit:UInt32}
