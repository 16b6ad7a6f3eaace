-- One row per campaign that an event or a grant names: whose it is, the budget announced for it, what
-- its advertiser pays for a coin and the windows of attribution, by its latest description. A campaign
-- that no description gives to an advertiser is its own.
SELECT
    known.name AS campaign,
    if(described.advertiser = '', known.name, described.advertiser) AS advertiser,
    described.budget AS announced, -- coins; NULL where it is not known
    described.coin_microcents AS coin_microcents, -- millionths of a cent; NULL likewise
    if(described.campaign = '', 7, described.click_window_days) AS click_days,
    if(described.campaign = '', 1, described.view_window_days) AS view_days
FROM
(
    SELECT DISTINCT campaign AS name FROM campaign_events WHERE campaign != ''
    UNION DISTINCT
    SELECT DISTINCT campaign AS name FROM postings WHERE campaign != ''
) AS known
LEFT JOIN
(
    SELECT
        campaign,
        advertiser,
        budget,
        coin_microcents,
        click_window_days,
        view_window_days
    FROM campaign_descriptions
    ORDER BY time DESC, offset DESC
    LIMIT 1 BY campaign
) AS described ON known.name = described.campaign
ORDER BY campaign
