-- One row per part of a table that is detached and that nothing reads.
SELECT name AS part
FROM system.detached_parts
WHERE database = currentDatabase() AND table = {table:String}
ORDER BY part
