-- One row: the people assigned to an arm of the campaign, and of them those of whom more than an id is
-- known.
SELECT
    uniqExact(person) AS people,
    uniqExactIf(person, person IN (SELECT person FROM known_people)) AS people_known
FROM person_events
WHERE campaign = {campaign:String} AND type = 'assignment'
