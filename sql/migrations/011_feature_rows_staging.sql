-- Rows of feature_rows while they are built; a whole partition then replaces the old one at once.
CREATE TABLE IF NOT EXISTS feature_rows_staging AS feature_rows
