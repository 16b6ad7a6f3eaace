-- One row per attribute that an event names of a person: its value from `time` on, by its source. As of
-- a time, the latest row of a source and attribute applies; value 'null' takes it back.
CREATE VIEW IF NOT EXISTS person_attributes AS
SELECT
    person,
    number,
    source,
    attribute.1 AS name,
    attribute.2 AS value, -- JSON: "unicom", 1988, ["gamer"], null
    time,
    partition,
    offset
FROM campaign_events FINAL
ARRAY JOIN CAST(attributes, 'Array(Tuple(String, String))') AS attribute
WHERE campaign = '' AND type = 'profile'
