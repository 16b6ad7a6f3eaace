-- No row: drops a table.
DROP TABLE {table:Identifier} SYNC
