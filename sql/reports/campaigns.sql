-- One row per campaign that an event or a grant names: when it ran, whom it reached and assigned.
SELECT
    known.name AS name,
    described.times > 0 AS is_described,
    described.advertiser AS advertiser, -- '' where no description says, as in the titles
    described.title_en AS title_en,
    described.title_zh AS title_zh,
    people.start AS start, -- NULL while nobody was contacted
    if(described.end IS NOT NULL, described.end, people.end) AS end, -- planned, or else of its offers
    people.reach AS reach,
    people.sent AS sent,
    people.conversions_reached AS conversions_reached,
    people.conversions_outside AS conversions_outside,
    people.value_cents AS value_cents,
    assignment.arms AS arms,
    assignment.assigned AS assigned
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
        minOrNullIf(since, contacts > 0) AS start,
        max(latest_until) AS end,
        countIf(contacts > 0) AS reach,
        sum(contacts) AS sent,
        sum(length(conversions)) AS conversions_reached,
        sum(length(conversions_named)) - conversions_reached AS conversions_outside,
        sumArray(conversions.2) AS value_cents
    FROM campaign_people
    GROUP BY campaign
) AS people ON known.name = people.campaign
LEFT JOIN
(
    SELECT campaign, groupUniqArray(arm) AS arms, uniqExact(person) AS assigned
    FROM person_events
    WHERE type = 'assignment'
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
ORDER BY start IS NULL, start, name
