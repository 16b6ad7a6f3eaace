-- One row per campaign asked for, or of all if none is, and one, named '', for their union. Of the ids
-- that it contacted or assigned: those that count as somebody else whom they are linked to, and those that
-- have changed person since they were contacted or assigned, with the first time of such a change.
SELECT
    campaign,
    uniqExactIf(id, id != person) AS ids_linked,
    uniqExactIf(id, person != person_then) AS ids_relinked,
    minOrNullIf(changed, person != person_then) AS relinked_since
FROM
(
    SELECT
        e.campaign AS campaign,
        e.person AS id,
        s.statements[-1].4 AS person, -- by the latest statement
        arrayFilter(said -> said.1 <= e.time, s.statements) AS before,
        if(empty(before), e.person, before[-1].4) AS person_then,
        arrayFirst(said -> said.1 > e.time AND said.4 != person_then, s.statements).1 AS changed
    FROM campaign_events AS e
    INNER JOIN
    (
        SELECT
            other,
            arraySort(groupArray((time, partition, offset, if(linked, person, other)))) AS statements
        FROM person_links
        GROUP BY other
    ) AS s ON s.other = e.person
    WHERE (empty({campaigns:Array(String)}) OR e.campaign IN {campaigns:Array(String)})
        AND e.type = {type:String}
        AND e.person IN (SELECT other FROM person_links)
)
GROUP BY GROUPING SETS ((campaign), ())
ORDER BY campaign
