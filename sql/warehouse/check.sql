-- One row per part of a table: whether what is stored matches what was written, by its checksums,
-- and if not, what is wrong.
CHECK TABLE {table:Identifier}
SETTINGS check_query_single_value_result = 0
