-- One row: the channel that contacted most people of {program} before {as_of}; the next campaign is
-- unknown and assumed to use this one.
SELECT channel
FROM campaign_events FINAL
WHERE type = 'contact' AND time < toDateTime64({as_of:Date}, 6, 'UTC')
    AND person IN (SELECT subject FROM ledger_results WHERE program = {program:String} AND outcome = 'applied')
GROUP BY channel
ORDER BY uniqExact(person, campaign) DESC, channel
LIMIT 1
