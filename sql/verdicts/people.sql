-- One row per person with events that break a rule: which campaigns' and how many, most first. '' stands
-- for any campaign.
SELECT
    person,
    any(number) AS number,
    arraySort(groupUniqArray(campaign)) AS campaigns,
    countIf(kind = 'contact') AS contacts,
    countIf(kind = 'exposure') AS exposures,
    countIf(kind = 'click') AS clicks,
    min(time) AS first_time,
    max(time) AS last_time
FROM invalid_verdicts
WHERE rule = {rule:String} AND ({campaign:String} = '' OR campaign = {campaign:String})
GROUP BY person
ORDER BY count() DESC, person
LIMIT {limit:UInt32}
