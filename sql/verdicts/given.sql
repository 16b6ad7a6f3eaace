-- One row: how many verdicts about events of a day were ever given or taken back.
SELECT count() AS verdicts
FROM invalid_events
WHERE time >= {begin:DateTime64(6, 'UTC')} AND time < {end:DateTime64(6, 'UTC')}
