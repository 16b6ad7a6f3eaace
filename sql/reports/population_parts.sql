-- One row per value of what people are cut by (see `person_values`): how many people.
SELECT value, count() AS people
FROM person_values(
    by = {by:String},
    names = {names:Array(String)},
    as_of = {as_of:Date},
    zone = {zone:String},
    known = {known:DateTime64(6, 'UTC')}
)
GROUP BY value
ORDER BY value
