"""Sets of features: definitions by file, composed into one query, as of a point in time."""
