-- One row per member of {program}'s frozen audience {audience}, by rank.
SELECT
    person,
    score,
    rank
FROM audience_members FINAL
WHERE program = {program:String}
    AND audience = {audience:String}
    AND fingerprint = {fingerprint:String}
ORDER BY rank
