-- One row per campaign asked for, and one, named '', for their union: the people contacted, each
-- once; what was sent, what it cost, and what those people did from their first contact on.
SELECT
    campaign,
    uniqExactIf(person, contacts > 0) AS reach,
    sum(contacts) AS sent,
    sum(contacts_priced) AS sent_priced,
    sum(contacts_cents) AS sent_cents,
    minOrNullIf(since, contacts > 0) AS start,
    max(latest_until) AS end,
    sum(length(conversions)) AS conversions_reached,
    uniqExactIf(person, notEmpty(conversions)) AS converted,
    sumArray(conversions.2) AS value_cents, -- NULL when no conversion gave a value
    sum(length(conversions_named)) - conversions_reached AS conversions_outside
FROM campaign_people
WHERE campaign IN {campaigns:Array(String)}
GROUP BY GROUPING SETS ((campaign), ())
ORDER BY campaign
