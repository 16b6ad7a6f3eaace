-- One row a part of a table that is kept beside it and read by nobody.
SELECT name AS part
FROM system.detached_parts
WHERE database = currentDatabase() AND table = {table:String}
ORDER BY part
