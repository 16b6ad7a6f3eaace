-- One row per program, network and price of what a carrier delivered in a month: to whose users,
-- how much data, for how many coins, net of what was taken back. A price of 0 means that neither
-- the price nor the amount of data is known.
SELECT
    program,
    network,
    price,
    uniqExact((source_partition, source_offset)) AS events,
    sum(mb) AS mb,
    sum(amount) AS coins
FROM deliveries
WHERE
    party = {party:String}
    AND time >= {start:DateTime64(6, 'UTC')}
    AND time < {end:DateTime64(6, 'UTC')}
    AND ({program:String} = '' OR program = {program:String})
GROUP BY program, network, price
ORDER BY program, concat('carrier:', network) != {party:String}, network, price
