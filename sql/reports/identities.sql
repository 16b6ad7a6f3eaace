-- One row per campaign asked for, or of all if none is, and one, named '', for their union. Of the people
-- whom it contacted or assigned: those known, and those who are only an id, without a wallet, a profile
-- or a link. Of their ids: those that count as somebody else whom they are linked to, and those that have
-- changed person since they were contacted or assigned, with the first time of such a change.
SELECT
    campaign,
    uniqExactIf(person, is_known) AS people_known,
    uniqExactIf(person, NOT is_known) AS devices_unlinked,
    uniqExactIf(id, id != person) AS ids_linked,
    uniqExactIf(id, person != person_then) AS ids_relinked,
    minOrNullIf(changed, person != person_then) AS relinked_since
FROM
(
    SELECT
        e.campaign AS campaign,
        e.person AS person,
        e.id AS id,
        e.person IN (SELECT person FROM known_people) AS is_known,
        arrayFilter(said -> said.1 <= e.time, s.statements) AS before,
        if(empty(before), e.id, before[-1].4) AS person_then,
        arrayFirst(said -> said.1 > e.time AND said.4 != person_then, s.statements).1 AS changed
    FROM person_events AS e
    LEFT JOIN
    (
        SELECT
            other,
            arraySort(groupArray((time, partition, offset, if(linked, person, other)))) AS statements
        FROM person_links
        GROUP BY other
    ) AS s ON s.other = e.id
    WHERE (empty({campaigns:Array(String)}) OR e.campaign IN {campaigns:Array(String)})
        AND e.type = {type:String}
)
GROUP BY GROUPING SETS ((campaign), ())
ORDER BY campaign
