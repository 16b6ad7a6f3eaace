-- One row per wallet that drew from many red packets of few senders in the month: first the wallet,
-- then the senders.
SELECT
    program,
    arrayConcat([claimer], arraySort(groupUniqArray(sender))) AS accounts,
    sum(amount) AS coins,
    count() AS events,
    min(time) AS first_time,
    max(time) AS last_time,
    arraySort(groupArray((time, event_id, event_source))) AS draws,
    arrayMap(each -> each.2, draws) AS evidence,
    arrayMap(each -> each.3, draws) AS sources
FROM packet_draws
WHERE
    sender != claimer
    AND time >= {start:DateTime64(6, 'UTC')}
    AND time < {end:DateTime64(6, 'UTC')}
GROUP BY program, claimer
HAVING events >= {farm_claims:UInt32} AND uniqExact(sender) <= {farm_senders:UInt32}
ORDER BY coins DESC, program, accounts
