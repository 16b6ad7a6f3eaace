-- One row per id that is written most like the one asked for, the nearest first.
SELECT id
FROM
(
    SELECT DISTINCT person AS id FROM campaign_events WHERE number != 0
    UNION DISTINCT
    SELECT other AS id FROM campaign_events WHERE campaign = '' AND type = 'link'
)
WHERE editDistanceUTF8(id, {id:String}) <= {edits:UInt8}
ORDER BY editDistanceUTF8(id, {id:String}), id
LIMIT 3
