-- One row per part that was set aside as broken, by the engine at its start or by the feed, unless
-- another part holds the same rows: until the table is rebuilt they are missing.
SELECT
    aside.table AS table,
    aside.name AS part
FROM system.detached_parts AS aside
LEFT JOIN system.parts AS held
    ON
        held.database = aside.database
        AND held.table = aside.table
        AND held.partition_id = aside.partition_id
        AND held.active
        AND held.min_block_number <= aside.min_block_number
        AND held.max_block_number >= aside.max_block_number
WHERE
    aside.database = currentDatabase()
    AND (aside.reason IN ('', 'broken') OR startsWith(aside.reason, 'broken-on-start'))
    AND held.name = ''
ORDER BY table, part
