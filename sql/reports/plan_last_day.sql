-- One row: the latest day on which anybody was reached by more than invalid traffic, 1970-01-01 if nobody
-- was.
SELECT max(day) AS day
FROM
(
    SELECT s.day AS day
    FROM net_sums(campaigns = {campaigns:Array(String)}, begin = {begin:Date}, end = {end:Date}) AS s
    WHERE s.kind = if({basis:String} = 'contacted', 'contact', 'exposure') AND NOT s.paid
    GROUP BY day
    HAVING sum(if({basis:String} = 'viewable', s.viewable, s.events)) > 0
)
