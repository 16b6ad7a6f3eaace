-- One row per statement that an id is a person's, or no longer: `other` counts as `person` from `time` on
-- while `linked` holds. The latest statement about an id applies, whoever's it says it is.
CREATE VIEW IF NOT EXISTS person_links AS
SELECT other, kind, person, number, assumeNotNull(linked) AS linked, source, time, partition, offset
FROM campaign_events FINAL
WHERE campaign = '' AND type = 'link'
