-- One row a part of a table: whether what is stored of it is what was written, by its checksums, and what is wrong if not.
CHECK TABLE {table:Identifier}
SETTINGS check_query_single_value_result = 0
