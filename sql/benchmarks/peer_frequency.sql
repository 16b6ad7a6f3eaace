-- One row per channel, or one for all, and how often campaigns showed somebody something: how many people.
-- Of other engines.
SELECT part, least(served, 10) AS served, least(viewable, 10) AS viewable, count(*) AS people
FROM
(
    SELECT
        CASE WHEN CAST({by:String} AS text) = 'channel' THEN channel ELSE '' END AS part,
        number,
        count(*) AS served,
        sum(CASE WHEN viewable THEN 1 ELSE 0 END) AS viewable
    FROM exposures
    WHERE campaign = {campaign:String} AND NOT paid AND day BETWEEN CAST({begin:Date} AS date) AND CAST({end:Date} AS date)
    GROUP BY 1, 2
) AS seen
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
