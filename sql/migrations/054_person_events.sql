-- One row per campaign event, as campaign_events has it, under the person whom its id is linked to: `id`
-- is the id that the event itself names. Linking an id or withdrawing a link changes what this says of
-- the past.
CREATE VIEW IF NOT EXISTS person_events AS
SELECT
    e.campaign AS campaign,
    e.type AS type,
    e.time AS time,
    if(l.owner = '', e.person, l.owner) AS person,
    e.person AS id,
    e.source AS source,
    e.arm AS arm,
    e.probability AS probability,
    e.channel AS channel,
    e.until AS until,
    e.value AS value,
    e.cost AS cost
FROM campaign_events AS e FINAL
LEFT JOIN linked_people AS l ON l.other = e.person
