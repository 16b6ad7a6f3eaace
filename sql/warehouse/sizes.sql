-- One row per table of the warehouse: the disk space its parts take.
SELECT
    table,
    sum(bytes_on_disk) AS bytes
FROM system.parts
WHERE database = currentDatabase() AND active
GROUP BY table
ORDER BY table
