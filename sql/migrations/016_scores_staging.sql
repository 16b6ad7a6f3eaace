-- Rows of scores while they are written; a program's whole date then replaces the old one at once.
CREATE TABLE IF NOT EXISTS scores_staging AS scores
