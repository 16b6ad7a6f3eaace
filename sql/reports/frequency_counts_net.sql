-- One row as reports/frequency_counts has it, net of invalid traffic: asked where there is any.
WITH
    (SELECT (groupArray(l.number), groupArray(l.owner)) FROM linked_numbers AS l) AS links
SELECT
    least(c.contacted, 10) AS contacted,
    least(c.served, 10) AS served,
    least(c.viewable, 10) AS viewable,
    least(c.served_paid, 10) AS served_paid,
    least(c.viewable_paid, 10) AS viewable_paid,
    count() AS people,
    sum(c.contacted) AS sum_contacted,
    sum(c.served) AS sum_served,
    sum(c.viewable) AS sum_viewable,
    sum(c.served_paid) AS sum_served_paid,
    sum(c.viewable_paid) AS sum_viewable_paid
FROM
(
    SELECT
        if(
            empty(links.1),
            number,
            transform(number, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), number)
        ) AS person,
        sum(r.contacted) AS contacted,
        sum(r.served) AS served,
        sum(r.viewable) AS viewable,
        sum(r.served_paid) AS served_paid,
        sum(r.viewable_paid) AS viewable_paid
    FROM net_counts(campaigns = {campaigns:Array(String)}) AS r
    GROUP BY person
) AS c
GROUP BY ALL
ORDER BY ALL
