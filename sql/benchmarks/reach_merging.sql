-- One row: how many merges are running.
SELECT count() AS merges FROM system.merges
