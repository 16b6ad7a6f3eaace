-- One row per table or view, by name: the statement that creates it, with the name of the database.
SELECT formatQuery(create_table_query) AS statement
FROM system.tables
WHERE database = currentDatabase()
  AND NOT startsWith(name, '.')
ORDER BY name
