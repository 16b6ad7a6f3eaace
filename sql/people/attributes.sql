-- One row per person, attribute and source: what stood at a time (`at`), as far as it had arrived by
-- another (`known`), of the people asked for, or of all if none is. `latest` is true for the row of the
-- latest source.
SELECT person, number, name, source, value, time, id, latest
FROM person_attributes_as_of(
    at = {at:DateTime64(6, 'UTC')}, known = {known:DateTime64(6, 'UTC')}
)
WHERE empty({people:Array(String)}) OR person IN {people:Array(String)}
ORDER BY person, name, source
