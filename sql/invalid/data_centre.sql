-- One row per exposure or click of a day that came from a network of a data centre.
-- version: 1
-- since: 2026-01-01
-- list: data_centres
-- reason: Advertisements are looked at from homes, offices and phones; what comes from a data centre's network is a machine.
SELECT *
FROM traffic
WHERE
    kind IN ('exposure', 'click')
    AND time >= {begin:DateTime64(6, 'UTC')}
    AND time < {end:DateTime64(6, 'UTC')}
    AND network IN
    (
        SELECT network
        FROM traffic
        WHERE
            kind IN ('exposure', 'click')
            AND time >= {begin:DateTime64(6, 'UTC')}
            AND time < {end:DateTime64(6, 'UTC')}
            AND network != ''
        GROUP BY network
        HAVING arrayExists(
            own -> isIPAddressInRange(splitByChar('/', assumeNotNull(toString(network)))[1], own),
            {data_centres:Array(String)}
        )
    )
