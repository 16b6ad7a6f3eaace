-- One row: whether anybody was assigned to an arm of the campaign.
SELECT count() > 0 AS is_randomised
FROM
(
    SELECT 1
    FROM campaign_events
    WHERE campaign = {campaign:String} AND type = 'assignment'
    LIMIT 1
)
