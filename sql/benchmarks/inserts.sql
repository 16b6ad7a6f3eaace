-- One row: how many inserts the engine has done; none before the first.
SELECT value FROM system.events WHERE event = 'InsertQuery'
