-- One row per campaign that an event or a grant names: what was said of it, and whom it assigned.
SELECT
    known.name AS name,
    described.times > 0 AS is_described,
    described.advertiser AS advertiser, -- '' where no description says, as in the titles
    described.title_en AS title_en,
    described.title_zh AS title_zh,
    described.end AS end, -- planned; NULL where no description says
    assignment.arms AS arms,
    assignment.assigned AS assigned
FROM
(
    SELECT DISTINCT campaign AS name
    FROM campaign_events
    WHERE campaign != ''
        AND (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
    UNION DISTINCT
    SELECT DISTINCT campaign AS name
    FROM postings
    WHERE campaign != ''
        AND (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
) AS known
LEFT JOIN
(
    SELECT campaign, groupUniqArray(arm) AS arms, uniqExact(person) AS assigned
    FROM person_events
    WHERE type = 'assignment'
        AND (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
    GROUP BY campaign
) AS assignment ON known.name = assignment.campaign
LEFT JOIN
(
    SELECT
        campaign,
        count() AS times,
        argMax(d.advertiser, (d.time, d.offset)) AS advertiser,
        argMax(d.title_en, (d.time, d.offset)) AS title_en,
        argMax(d.title_zh, (d.time, d.offset)) AS title_zh,
        argMax(tuple(d.end), (d.time, d.offset)).1 AS end
    FROM campaign_descriptions AS d
    GROUP BY campaign
) AS described ON known.name = described.campaign
ORDER BY name
