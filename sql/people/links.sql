-- One row per statement about the id, or about one that was ever said to be linked to it, in the order in
-- which they apply.
SELECT other, kind, person, linked, source, time
FROM person_links
WHERE
    (
        other = {id:String}
        OR other IN (SELECT other FROM person_links WHERE person = {id:String})
    )
    AND time <= {at:DateTime64(6, 'UTC')} AND arrived <= {known:DateTime64(6, 'UTC')}
ORDER BY other, time, partition, offset
