-- One row per number that counted as somebody else's by the statements that had arrived by `known`, as 079
-- has it.
CREATE VIEW IF NOT EXISTS linked_numbers_known AS
SELECT n.number AS number, any(l.owner) AS owner
FROM people_numbers AS n
INNER JOIN
(
    SELECT
        other,
        argMax(p.linked, (p.time, p.partition, p.offset)) AS is_linked,
        argMax(p.number, (p.time, p.partition, p.offset)) AS owner
    FROM person_links AS p
    WHERE p.arrived <= {known:DateTime64(6, 'UTC')}
    GROUP BY other
    HAVING is_linked
) AS l ON l.other = n.person
WHERE n.person IN (SELECT other FROM person_links)
GROUP BY number
