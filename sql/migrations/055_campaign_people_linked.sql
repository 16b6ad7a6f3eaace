-- One row per person whom a campaign contacted or who converted for it, as 020 has it; an id that is
-- linked counts as its person.
CREATE OR REPLACE VIEW campaign_people AS
SELECT
    campaign,
    person,
    countIf(type = 'contact') AS contacts,
    minIf(time, type = 'contact') AS since, -- the first contact; 1970 when there is none
    groupUniqArrayIf(toDate(time), type = 'contact') AS contact_days, -- UTC
    maxIf(until, type = 'contact') AS latest_until, -- the last offer's end; NULL when none says
    countIf(type = 'contact' AND isNotNull(cost)) AS contacts_priced, -- those that gave a cost
    sumIf(cost, type = 'contact') AS contacts_cents, -- NULL when none gave one
    groupArrayIf((time, value), type = 'conversion') AS conversions_named, -- for this campaign
    arrayFilter(
        conversion -> contacts > 0 AND conversion.1 >= since, conversions_named
    ) AS conversions -- (time, cents or NULL) from the first contact on
FROM person_events
WHERE type IN ('contact', 'conversion')
GROUP BY campaign, person
