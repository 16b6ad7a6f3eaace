-- No row: empties a table, and what it remembers of inserts, so that the feed fills it again.
TRUNCATE TABLE {table:Identifier}
