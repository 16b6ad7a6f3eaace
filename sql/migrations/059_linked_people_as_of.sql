-- One row per id that counted as somebody else: `other` as the person `owner`, whose number is `number`,
-- by the latest statement of a time up to `at` that had arrived by `known`. Of statements of one time
-- the one of the higher partition applies, then of the higher offset.
CREATE VIEW IF NOT EXISTS linked_people_as_of AS
SELECT
    l.other AS other,
    argMax(if(l.linked, l.person, ''), (l.time, l.partition, l.offset)) AS owner,
    argMax(l.number, (l.time, l.partition, l.offset)) AS number
FROM person_links AS l
WHERE l.time <= {at:DateTime64(6, 'UTC')} AND l.arrived <= {known:DateTime64(6, 'UTC')}
GROUP BY other
HAVING owner != ''
