-- One row a table of the warehouse: what its parts take on the disk.
SELECT
    table,
    sum(bytes_on_disk) AS bytes
FROM system.parts
WHERE database = currentDatabase() AND active
GROUP BY table
ORDER BY table
