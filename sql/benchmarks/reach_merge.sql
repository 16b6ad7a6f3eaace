-- No row: merges the parts of a table into one for each month.
OPTIMIZE TABLE {table:Identifier} FINAL
