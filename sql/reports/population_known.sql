-- One row: the people whom any event that had arrived by `known` names, each once, and of them those of
-- whom more than an id was known.
WITH
    (
        SELECT (groupArray(l.number), groupArray(l.owner))
        FROM linked_numbers_known(known = {known:DateTime64(6, 'UTC')}) AS l
    ) AS links,
    n -> if(
        empty(links.1),
        n,
        transform(n, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), n)
    ) AS as_person -- the number it counts as
SELECT
    uniqExact(person) AS population,
    uniqExactIf(
        person,
        person IN
        (
            SELECT k.number
            FROM campaign_events AS k
            WHERE k.campaign = ''
                AND k.type IN ('opened', 'profile', 'link')
                AND k.arrived <= {known:DateTime64(6, 'UTC')}
        )
    ) AS population_known
FROM
(
    SELECT as_person(e.number) AS person
    FROM campaign_events AS e
    WHERE e.number != 0 AND e.arrived <= {known:DateTime64(6, 'UTC')}
)
