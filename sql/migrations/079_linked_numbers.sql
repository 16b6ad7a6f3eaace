-- One row per number that counts as somebody else's: the id `number` was given to is linked to the person
-- whose number is `owner`, by the latest statement about that id.
CREATE VIEW IF NOT EXISTS linked_numbers AS
SELECT n.number AS number, any(l.owner) AS owner
FROM people_numbers AS n
INNER JOIN
(
    SELECT
        other,
        argMax(p.linked, (p.time, p.partition, p.offset)) AS is_linked,
        argMax(p.number, (p.time, p.partition, p.offset)) AS owner
    FROM person_links AS p
    GROUP BY other
    HAVING is_linked
) AS l ON l.other = n.person
WHERE n.person IN (SELECT other FROM person_links)
GROUP BY number
