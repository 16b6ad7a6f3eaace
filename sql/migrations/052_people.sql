-- One row per id that has been seen: the number it is counted by, and since when.
CREATE VIEW IF NOT EXISTS people AS
SELECT e.person AS person, any(e.number) AS number, min(e.time) AS since
FROM campaign_events AS e
WHERE e.number != 0
GROUP BY person
