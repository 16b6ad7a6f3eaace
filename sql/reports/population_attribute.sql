-- One row per value of an attribute that was last said of people before a day began: how many people.
WITH
    (SELECT (groupArray(l.number), groupArray(l.owner)) FROM linked_numbers AS l) AS links,
    n -> if(
        empty(links.1),
        n,
        transform(n, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), n)
    ) AS as_person -- the number it counts as
SELECT value, count() AS people
FROM
(
    SELECT person, argMax(value, said) AS value
    FROM
    (
        SELECT
            as_person(a.number) AS person,
            argMax(a.value, (a.time, a.partition, a.offset)) AS value,
            max((a.time, a.partition, a.offset)) AS said
        FROM person_attributes AS a
        WHERE a.name = {attribute:String} AND toDate(a.time, {zone:String}) < {as_of:Date}
        GROUP BY person, a.source
        HAVING value != 'null'
    )
    GROUP BY person
)
GROUP BY value
ORDER BY value
