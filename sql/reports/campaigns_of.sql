-- One row per campaign of an advertiser, by the latest description of each. A campaign that no
-- description gives to an advertiser is its own.
SELECT known.name AS campaign
FROM
(
    SELECT DISTINCT campaign AS name FROM campaign_events WHERE campaign != ''
    UNION DISTINCT
    SELECT DISTINCT campaign AS name FROM postings WHERE campaign != ''
) AS known
LEFT JOIN
(
    SELECT campaign, argMax(advertiser, (time, offset)) AS advertiser
    FROM campaign_descriptions
    GROUP BY campaign
) AS described ON known.name = described.campaign
WHERE if(described.advertiser = '', known.name, described.advertiser) = {advertiser:String}
ORDER BY campaign
