-- One row per combination of campaigns, bit n of `mask` for the n-th: the people whom just these served
-- something, from which the union and what each adds follow. Of other engines.
SELECT mask, count(*) AS people
FROM
(
    SELECT
        number,
        bit_or(CAST(1 AS bigint) << (array_position(CAST({campaigns:Array(String)} AS text[]), campaign) - 1)) AS mask
    FROM exposures
    WHERE campaign = ANY(CAST({campaigns:Array(String)} AS text[])) AND NOT paid
    GROUP BY number
) AS seen
GROUP BY mask
