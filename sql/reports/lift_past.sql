-- One row per arm of the campaign and value of an attribute as of each person's assignment ('' where
-- it is not known, or none was asked for): sums over people of what they did since their assignment
-- in the campaign (now) and in the days before it, in any campaign (past). Nobody of two arms counts.
SELECT
    p.arm AS arm,
    p.stratum AS stratum,
    count() AS people,
    sum(p.visited) AS visits,
    sum(p.converted) AS conversions,
    sum(p.past_visited) AS past_visits,
    sum(p.past_converted) AS past_conversions,
    sum(p.visited * p.past_visited) AS visits_both,
    sum(p.converted * p.past_converted) AS conversions_both,
    sum(p.value) AS value,
    sum(p.purchases) AS purchases,
    sum(p.past_value) AS past_value,
    sum(p.past_purchases) AS past_purchases,
    sum(p.value * p.value) AS value_value,
    sum(p.purchases * p.purchases) AS purchases_purchases,
    sum(p.past_value * p.past_value) AS past_value_past_value,
    sum(p.past_purchases * p.past_purchases) AS past_purchases_past_purchases,
    sum(p.value * p.purchases) AS value_purchases,
    sum(p.value * p.past_value) AS value_past_value,
    sum(p.value * p.past_purchases) AS value_past_purchases,
    sum(p.purchases * p.past_value) AS purchases_past_value,
    sum(p.purchases * p.past_purchases) AS purchases_past_purchases,
    sum(p.past_value * p.past_purchases) AS past_value_past_purchases
FROM
(
    SELECT
        of.arm_low AS arm,
        said.value AS stratum,
        of.visited AS visited,
        of.past_visited AS past_visited,
        toUInt8(notEmpty(of.bought)) AS converted,
        toUInt8(notEmpty(of.bought_before)) AS past_converted,
        toInt128(arraySum(one -> ifNull(one.2, 0), of.bought)) AS value,
        toInt64(arrayCount(one -> isNotNull(one.2), of.bought)) AS purchases,
        toInt128(arraySum(one -> ifNull(one.2, 0), of.bought_before)) AS past_value,
        toInt64(arrayCount(one -> isNotNull(one.2), of.bought_before)) AS past_purchases
    FROM
    (
        SELECT
            person,
            minIf(time, type = 'assignment') AS since,
            since - toIntervalDay({days:UInt16}) AS before,
            minIf(arm, type = 'assignment') AS arm_low,
            maxIf(arm, type = 'assignment') AS arm_high,
            groupArrayIf((time, campaign = {campaign:String}), type = 'visit') AS seen,
            groupArrayIf((time, value, campaign = {campaign:String}), type = 'conversion') AS got,
            toUInt8(arrayExists(one -> one.1 >= since AND one.2, seen)) AS visited,
            toUInt8(arrayExists(one -> one.1 < since AND one.1 >= before, seen)) AS past_visited,
            arrayFilter(one -> one.1 >= since AND one.3, got) AS bought,
            arrayFilter(one -> one.1 < since AND one.1 >= before, got) AS bought_before
        FROM person_events
        WHERE
            (
                type IN ('visit', 'conversion')
                OR (type = 'assignment' AND campaign = {campaign:String})
            )
            AND person IN
            (
                SELECT person FROM person_events
                WHERE campaign = {campaign:String} AND type = 'assignment'
            )
        GROUP BY person
        HAVING countIf(type = 'assignment') > 0 AND arm_low = arm_high
    ) AS of
    LEFT JOIN
    (
        SELECT person, argMax(latest, said) AS value
        FROM
        (
            SELECT
                assigned.person AS person,
                a.source AS source,
                argMax(a.value, (a.time, a.partition, a.offset)) AS latest,
                max((a.time, a.partition, a.offset)) AS said
            FROM person_attributes AS a
            LEFT JOIN linked_people AS l ON l.other = a.person
            INNER JOIN
            (
                SELECT person, min(time) AS since FROM person_events
                WHERE campaign = {campaign:String} AND type = 'assignment'
                GROUP BY person
            ) AS assigned ON assigned.person = if(l.owner = '', a.person, l.owner)
            WHERE a.name = {attribute:String} AND a.time <= assigned.since
            GROUP BY person, source
            HAVING latest != 'null'
        )
        GROUP BY person
    ) AS said ON said.person = of.person
) AS p
GROUP BY arm, stratum
ORDER BY arm, stratum
