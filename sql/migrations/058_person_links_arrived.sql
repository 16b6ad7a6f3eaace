-- One row per statement that an id is a person's, or no longer, as 050 has it, and when it arrived.
CREATE OR REPLACE VIEW person_links AS
SELECT
    other,
    kind,
    person,
    number,
    assumeNotNull(linked) AS linked,
    source,
    time,
    partition,
    offset,
    arrived
FROM campaign_events FINAL
WHERE campaign = '' AND type = 'link'
