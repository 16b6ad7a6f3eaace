-- Not one row: empties a table, and what it remembers of inserts, so that the feed fills it anew.
TRUNCATE TABLE {table:Identifier}
