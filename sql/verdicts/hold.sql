-- One row per verdict that holds about an event of a day.
SELECT * EXCEPT judged
FROM invalid_verdicts
WHERE time >= {begin:DateTime64(6, 'UTC')} AND time < {end:DateTime64(6, 'UTC')}
