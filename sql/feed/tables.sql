-- One row a table of the database in use.
SELECT name FROM system.tables WHERE database = currentDatabase()
