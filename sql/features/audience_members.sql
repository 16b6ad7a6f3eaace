-- One row a member of the frozen audience {name}, by rank.
SELECT
    person,
    score,
    rank
FROM audience_members FINAL
WHERE audience = {name:String} AND fingerprint = {fingerprint:String}
ORDER BY rank
