-- One row per attribute that an event names of a person, as 049 has it, and when the event arrived.
CREATE OR REPLACE VIEW person_attributes AS
SELECT
    person,
    number,
    source,
    attribute.1 AS name,
    attribute.2 AS value, -- JSON: "unicom", 1988, ["gamer"], null
    time,
    partition,
    offset,
    arrived
FROM campaign_events FINAL
ARRAY JOIN CAST(attributes, 'Array(Tuple(String, String))') AS attribute
WHERE campaign = '' AND type = 'profile'
