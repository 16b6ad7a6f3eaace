-- One row: the people of a frozen audience, each once.
WITH
    (SELECT (groupArray(l.number), groupArray(l.owner)) FROM linked_numbers AS l) AS links
SELECT
    uniqExact(if(n.number = 0, m.person, toString(
        if(
            empty(links.1),
            n.number,
            transform(n.number, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), n.number)
        )
    ))) AS people
FROM
(
    SELECT person FROM audience_members FINAL
    WHERE program = {program:String}
        AND audience = {audience:String}
        AND fingerprint = {fingerprint:String}
) AS m
LEFT JOIN (SELECT person, any(p.number) AS number FROM people_numbers AS p GROUP BY person) AS n
    ON n.person = m.person
