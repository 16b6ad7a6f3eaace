-- One row per table of the current database.
SELECT name FROM system.tables WHERE database = currentDatabase()
