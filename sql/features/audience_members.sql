-- One row a member of the frozen audience {audience}, by rank.
SELECT
    person,
    score,
    rank
FROM audience_members FINAL
WHERE audience = {audience:String} AND fingerprint = {fingerprint:String}
ORDER BY rank
