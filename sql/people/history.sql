-- One row per attribute that an event names of one of the ids, null when it is taken back, by time.
SELECT name, value, source, time, person AS id, arrived
FROM person_attributes
WHERE person IN {ids:Array(String)}
    AND time <= {at:DateTime64(6, 'UTC')} AND arrived <= {known:DateTime64(6, 'UTC')}
ORDER BY time, partition, offset, name
