-- Reads the statements about links once, and by the ids that are linked the numbers they were given: half
-- the time, and every report on reach asks for it.
CREATE OR REPLACE VIEW linked_numbers AS
WITH
    (
        SELECT (groupArray(s.other), groupArray(s.owner))
        FROM
        (
            SELECT
                other,
                argMax(p.linked, (p.time, p.partition, p.offset)) AS is_linked,
                argMax(p.number, (p.time, p.partition, p.offset)) AS owner
            FROM person_links AS p
            GROUP BY other
            HAVING is_linked
        ) AS s
    ) AS links -- ids, and the number each counts as
SELECT n.number AS number, any(transform(n.person, links.1, links.2, toUInt32(0))) AS owner
FROM people_numbers AS n
WHERE n.person IN (SELECT arrayJoin(links.1))
GROUP BY number
