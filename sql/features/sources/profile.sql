-- One row per person of a slice and attribute: the value, as JSON, that was last given of it before
-- {until}, by what had arrived by {known}.
SELECT a.person AS person, a.name AS name, a.value AS value, a.time AS time
FROM person_attributes_as_of(
    at = {linked_at:DateTime64(6, 'UTC')}, known = {linked_known:DateTime64(6, 'UTC')}
) AS a
WHERE a.latest
    AND a.time >= {since:DateTime64(6, 'UTC')}
    AND a.time < {until:DateTime64(6, 'UTC')}
    AND cityHash64(a.person) BETWEEN {first:UInt64} AND {last:UInt64}
