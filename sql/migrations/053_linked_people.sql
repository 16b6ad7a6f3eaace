-- One row per id that counts as somebody else: `other` as the person `owner`, by the latest statement.
CREATE VIEW IF NOT EXISTS linked_people AS
SELECT other, argMax(if(linked, person, ''), (time, partition, offset)) AS owner
FROM person_links
GROUP BY other
HAVING owner != ''
